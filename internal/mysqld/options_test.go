// SPDX-License-Identifier: Apache-2.0

package mysqld

import (
	"context"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func TestBadOptionsAreNamed(t *testing.T) {
	for want, o := range map[string]Options{
		"host:port": {Address: "localhost"},
		"socket":    {Address: "unix://"},
		"comma":     {Address: "localhost:3306", Program: "a,b:c"},
	} {
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q in it", o, err, want)
		}
	}
}

func TestRemoteTLSDefault(t *testing.T) {
	for address, want := range map[string]TLSMode{
		"192.0.2.1:3306": TLSVerifyFull,
		"127.0.0.1:3306": TLSInsecure,
		"[::1]:3306":     TLSInsecure,
	} {
		cfg := mysql.NewConfig()
		cfg.Net, cfg.Addr = "tcp", address
		if err := (TLS{}).apply(context.Background(), cfg); err != nil {
			t.Fatal(err)
		}
		if cfg.TLS == nil || cfg.TLS.InsecureSkipVerify != (want == TLSInsecure) {
			t.Errorf("%s: TLS %+v, want %s", address, cfg.TLS, want)
		}
		if cfg.AllowFallbackToPlaintext != (want == TLSInsecure) {
			t.Errorf("%s: falls back to plain text: %v", address, cfg.AllowFallbackToPlaintext)
		}
	}
}
