// SPDX-License-Identifier: Apache-2.0

package mysqld_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/collector"
	"github.com/easy-erp/dbsync/internal/mysqld"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// TestTLSModes uses the certificates that MySQL makes for itself: they have a
// chain and no host name.
func TestTLSModes(t *testing.T) {
	server := testenv.SharedMySQL(t)
	account := server.Grant(t, "tls", "GRANT PROCESS ON *.* TO {user}")
	strict := server.Grant(t, "tls_only", "ALTER USER {user} REQUIRE SSL")
	ca := filepath.Join(server.DataDir(), "ca.pem")
	key := filepath.Join(server.DataDir(), "public_key.pem")
	for name, c := range map[string]struct {
		account testenv.Account
		tls     mysqld.TLS
		want    collector.ConnectReason // "" for a login
		cipher  bool
	}{
		"auto on loopback":       {account, mysqld.TLS{}, "", true},
		"auto, account with TLS": {strict, mysqld.TLS{}, "", true},
		"disabled":               {account, mysqld.TLS{Mode: mysqld.TLSDisabled}, "", false},
		"disabled, account TLS":  {strict, mysqld.TLS{Mode: mysqld.TLSDisabled}, collector.AccessDenied, false},
		"pinned key":             {account, mysqld.TLS{Mode: mysqld.TLSDisabled, ServerPublicKeyFile: key}, "", false},
		"verify-ca":              {account, mysqld.TLS{Mode: mysqld.TLSVerifyCA, CAFile: ca}, "", true},
		"verify-ca, other CA":    {account, mysqld.TLS{Mode: mysqld.TLSVerifyCA}, collector.TLSFailed, false},
		"verify-full, no name":   {account, mysqld.TLS{Mode: mysqld.TLSVerifyFull, CAFile: ca}, collector.TLSFailed, false},
		"missing CA":             {account, mysqld.TLS{Mode: mysqld.TLSVerifyFull, CAFile: ca + ".gone"}, collector.Misconfigured, false},
		"insecure":               {account, mysqld.TLS{Mode: mysqld.TLSInsecure}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, server, c.account, func(o *mysqld.Options) { o.TLS = c.tls })
			var variable, cipher string
			err := s.Query(deadline(t, 10*time.Second), func(r collector.Row) error {
				return r.Scan(&variable, &cipher)
			}, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
			var refused *collector.ConnectError
			switch {
			case c.want == "" && err != nil:
				t.Errorf("login: %v", err)
			case c.want == "" && (cipher != "") != c.cipher:
				t.Errorf("cipher %q, want one: %v", cipher, c.cipher)
			case c.want != "" && (!errors.As(err, &refused) || refused.Reason != c.want):
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

// TestServerWithoutTLS uses MariaDB 10.11, which has no certificate by default.
func TestServerWithoutTLS(t *testing.T) {
	server := testenv.SharedMariaDB(t, testenv.WithFlags("--skip-ssl"))
	account := server.Grant(t, "no_tls", "GRANT PROCESS ON *.* TO {user}")
	if err := open(t, server, account).Ping(deadline(t, 10*time.Second)); err != nil {
		t.Errorf("auto on loopback takes it as it comes: %v", err)
	}
	s := open(t, server, account, func(o *mysqld.Options) { o.TLS.Mode = mysqld.TLSInsecure })
	_, err := s.Facts(deadline(t, 10*time.Second))
	var refused *collector.ConnectError
	if !errors.As(err, &refused) || refused.Reason != collector.TLSFailed || !refused.Reachable {
		t.Errorf("TLS asked for and not there: %v", err)
	}
}

// TestRemoteServerMustBeVerified dials nothing: the refusal comes before.
func TestRemoteServerMustBeVerified(t *testing.T) {
	s, err := mysqld.New(mysqld.Options{Address: "192.0.2.1:3306", User: "u", TLS: mysqld.TLS{Mode: mysqld.TLSDisabled}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Facts(deadline(t, 10*time.Second))
	var refused *collector.ConnectError
	if !errors.As(err, &refused) || refused.Reason != collector.UnverifiedServer || !strings.Contains(err.Error(), "verify-full") {
		t.Errorf("plain login on a remote server: %v, want unverified_server with the remedy", err)
	}
}

// TestReplacedCertificate: when the server gets a certificate of another
// authority, that shows though sessions would go on, and it is accepted when our
// file of authorities is replaced too.
func TestReplacedCertificate(t *testing.T) {
	server := testenv.MySQL(t)
	account := server.Grant(t, "replaced", grants...)
	ours := filepath.Join(t.TempDir(), "ca.pem")
	copyFile(t, ours, filepath.Join(server.DataDir(), "ca.pem"))
	s := open(t, server, account, young, func(o *mysqld.Options) { o.TLS = mysqld.TLS{Mode: mysqld.TLSVerifyCA, CAFile: ours} })
	renewed(t, s, since(t, s))

	replaceCertificate(t, server.DataDir())
	server.Exec(t, "ALTER INSTANCE RELOAD TLS")
	testenv.Eventually(t, 10*time.Second, "the other authority is refused", func() error {
		err := s.Ping(deadline(t, 10*time.Second))
		var refused *collector.ConnectError
		if !errors.As(err, &refused) || refused.Reason != collector.TLSFailed || !refused.Reachable {
			return fmt.Errorf("ping: %w", err)
		}
		return nil
	})
	copyFile(t, ours, filepath.Join(server.DataDir(), "ca.pem"))
	if err := s.Ping(deadline(t, 10*time.Second)); err != nil {
		t.Errorf("after our file was replaced: %v", err)
	}
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	content, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// replaceCertificate writes a new authority and a certificate of it, where MySQL
// looks for them.
func replaceCertificate(t *testing.T, dir string) {
	t.Helper()
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "another authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"},
		NotBefore: authority.NotBefore, NotAfter: authority.NotAfter, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	authorityKey, key := newKey(t), newKey(t)
	signed := func(c *x509.Certificate, k *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, c, authority, k.Public(), authorityKey)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"ca.pem":          {Type: "CERTIFICATE", Bytes: signed(authority, authorityKey)},
		"server-cert.pem": {Type: "CERTIFICATE", Bytes: signed(certificate, key)},
		"server-key.pem":  {Type: "PRIVATE KEY", Bytes: private},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil { // it keeps its owner
			t.Fatal(err)
		}
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
