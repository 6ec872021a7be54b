// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"context"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/go-sql-driver/mysql"
)

// TLSMode says how the server is verified before a password is sent.
type TLSMode string

// The modes. What is sent to a server that has not been verified can be read by
// whoever answers at its address, so unverified TLS is for loopback and unix
// sockets only, unless it is asked for by the name Insecure.
const (
	TLSAuto       TLSMode = "auto"        // loopback and sockets as they come, everything else verify-full
	TLSDisabled   TLSMode = "disabled"    // no TLS
	TLSVerifyCA   TLSMode = "verify-ca"   // the certificate's chain
	TLSVerifyFull TLSMode = "verify-full" // the chain and the host name
	TLSInsecure   TLSMode = "insecure"    // TLS with whoever answers
)

// TLS says how to encrypt and verify. The files are read at each login, so that
// replaced ones are found.
type TLS struct {
	Mode     TLSMode // "" means TLSAuto
	CAFile   string  // PEM; "" means the system's authorities
	CertFile string  // PEM of the client's certificate, with KeyFile
	KeyFile  string
	// ServerPublicKeyFile is the PEM of the server's RSA key (MySQL's
	// public_key.pem). With it a caching_sha2_password login needs no TLS: only
	// that server can read the password.
	ServerPublicKeyFile string
}

var errUnverified = errors.New("the server is not verified")

// pin registers the server's public key with the driver, which finds keys by
// name only; the name is the key's own hash.
func (t TLS) pin(cfg *mysql.Config) error {
	if t.ServerPublicKeyFile == "" {
		return nil
	}
	data, err := os.ReadFile(t.ServerPublicKeyFile)
	if err != nil {
		return fmt.Errorf("server public key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return fmt.Errorf("server public key %s: no PEM block", t.ServerPublicKeyFile)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return fmt.Errorf("server public key %s: %w", t.ServerPublicKeyFile, err)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return fmt.Errorf("server public key %s: want an RSA key", t.ServerPublicKeyFile)
	}
	sum := sha256.Sum256(block.Bytes)
	cfg.ServerPubKey = "dbsync-" + hex.EncodeToString(sum[:])
	mysql.RegisterServerPubKey(cfg.ServerPubKey, key)
	return nil
}

// apply decides on TLS for one login.
func (t TLS) apply(ctx context.Context, cfg *mysql.Config) error {
	local := cfg.Net == "unix"
	host := ""
	if !local {
		host, _, _ = net.SplitHostPort(cfg.Addr)
		local = isLoopback(ctx, host)
		// The decision to trust must hold for the address that is dialled.
		attemptOf(ctx).loopbackOnly = local && !t.verifies() && t.Mode != TLSInsecure
	}
	switch mode := t.mode(cfg.Net, local); mode {
	case TLSDisabled:
		if !local && t.ServerPublicKeyFile == "" {
			return fmt.Errorf("%w: without TLS the password can be taken on the way; set tls.mode to verify-full, or pin tls.server_public_key", errUnverified)
		}
		// A server that asks for another plugin would get a hash it can use: the
		// pinned key protects caching_sha2_password only.
		cfg.AllowNativePasswords = local
		return nil
	default:
		conf, err := t.config(mode, host)
		if err != nil {
			return &configError{err}
		}
		cfg.TLS = conf
		cfg.AllowFallbackToPlaintext = local && mode == TLSInsecure && t.Mode != TLSInsecure
		return nil
	}
}

func (t TLS) verifies() bool { return t.Mode == TLSVerifyCA || t.Mode == TLSVerifyFull }

// mode resolves TLSAuto for an address.
func (t TLS) mode(network string, local bool) TLSMode {
	switch {
	case t.Mode != "" && t.Mode != TLSAuto:
		return t.Mode
	case network == "unix":
		return TLSDisabled
	case local:
		return TLSInsecure // if the server offers it: nobody listens on loopback
	case t.ServerPublicKeyFile != "":
		return TLSDisabled
	}
	return TLSVerifyFull
}

func (t TLS) config(mode TLSMode, host string) (*tls.Config, error) {
	conf := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if t.CAFile != "" {
		data, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("tls.ca_file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("tls.ca_file %s: no certificate in it", t.CAFile)
		}
	}
	if t.CertFile != "" || t.KeyFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("tls.cert_file and tls.key_file: %w", err)
		}
		conf.Certificates = []tls.Certificate{pair}
	}
	switch mode {
	case TLSInsecure:
		conf.InsecureSkipVerify = true
	case TLSVerifyCA:
		// crypto/tls checks the name with the chain or nothing at all.
		conf.InsecureSkipVerify = true
		conf.VerifyConnection = verifyChain(conf.RootCAs)
	}
	return conf, nil
}

func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(state tls.ConnectionState) error {
		intermediates := x509.NewCertPool()
		for _, cert := range state.PeerCertificates[1:] {
			intermediates.AddCert(cert)
		}
		_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates})
		return err
	}
}

// isLoopback reports whether every address of the host is this one's loopback.
func isLoopback(ctx context.Context, host string) bool {
	addrs, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil || len(addrs) == 0 {
		return false
	}
	for _, a := range addrs {
		if !a.IP.IsLoopback() {
			return false
		}
	}
	return true
}
