// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const account, accountPassword = "prometheus", "scrape me"

// certificate writes a self-signed one for 127.0.0.1.
func certificate(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		BasicConstraintsValid: true, IsCA: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))),
		file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})))
}

// webConfig is a file for --web.config.file with TLS and one account.
func webConfig(t *testing.T, extra string) string {
	t.Helper()
	cert, key := certificate(t)
	hash, err := bcrypt.GenerateFromPassword([]byte(accountPassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "web.yml", fmt.Sprintf(
		"tls_server_config: {cert_file: %q, key_file: %q%s}\nbasic_auth_users: {%s: %q}\n", cert, key, strings.ReplaceAll(extra, "CERT", cert), account, hash))
}

func TestTLSAndAccounts(t *testing.T) {
	d := serveScheme(t, "https", nil, "--config.file="+hostOnly(t), "--web.config.file="+webConfig(t, ""))
	for _, path := range []string{"/", "/metrics", "/probe", "/config", "/-/healthy", "/api/v1/runs"} {
		if code, body := d.do(t, http.MethodGet, path); code != 401 {
			t.Errorf("GET %s without the account: status %d: %.200s", path, code, body)
		}
	}
	d.user, d.pass = account, "wrong"
	if code, _ := d.do(t, http.MethodGet, "/metrics"); code != 401 {
		t.Errorf("with a wrong password: status %d", code)
	}
	d.pass = accountPassword
	d.get(t, "/metrics")
	plain := *d
	plain.url = "http://" + d.address
	if code, _ := plain.do(t, http.MethodGet, "/metrics"); code != 400 {
		t.Errorf("plain HTTP: status %d", code)
	}
}

func TestHealthcheck(t *testing.T) {
	for name, web := range map[string]string{
		"plain": "", "TLS and accounts": webConfig(t, ""),
		"client certificates": webConfig(t, `, client_auth_type: RequireAndVerifyClientCert, client_ca_file: "CERT"`),
	} {
		t.Run(name, func(t *testing.T) {
			flags := []string{"--config.file=" + hostOnly(t)}
			var d *daemon
			switch {
			case web == "":
				d = startDaemon(t, nil, flags...)
			case strings.Contains(name, "client"):
				// Nobody gets in without a certificate, so its port is all that can be waited for.
				d = startListening(t, append(flags, "--web.config.file="+web)...)
			default:
				d = serveScheme(t, "https", nil, append(flags, "--web.config.file="+web)...)
			}
			if code, out, errOut := once(t, nil, "--healthcheck", "--web.listen-address="+d.address); code != 0 {
				t.Errorf("exit code %d: %s%s", code, out, errOut)
			}
			if err := d.Stop(); err != nil {
				t.Fatal(err)
			}
			code, _, errOut := once(t, nil, "--healthcheck", "--web.listen-address="+d.address)
			if code != 1 || !strings.Contains(errOut, "no healthy exporter at "+d.address) {
				t.Errorf("after its end: exit code %d: %s", code, errOut)
			}
		})
	}
}

func TestHealthcheckNeedsAPort(t *testing.T) {
	if code, _, errOut := once(t, nil, "--healthcheck", "--web.listen-address=vsock://:19104"); code != 1 || !strings.Contains(errOut, "host:port") {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}
