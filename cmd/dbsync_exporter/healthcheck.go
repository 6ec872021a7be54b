// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
)

const healthTimeout = 4 * time.Second

// healthcheck asks the exporter at its own listen address whether it is healthy.
// A refusal to talk to strangers (accounts or client certificates in
// --web.config.file) comes from a living exporter, so it counts as healthy.
func healthcheck(flags *web.FlagConfig) error {
	address, err := ownAddress(*flags.WebListenAddresses)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), healthTimeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // it is this very program, and nothing secret is sent
	}}
	code, err := ask(ctx, client, "http://"+address)
	if err == nil && code == http.StatusBadRequest { // plain HTTP to a TLS port
		code, err = ask(ctx, client, "https://"+address)
	}
	var refused *net.OpError
	switch {
	case errors.As(err, &refused) && refused.Op == "remote error": // a TLS alert
		return nil
	case err != nil:
		return fmt.Errorf("no healthy exporter at %s: %w", address, err)
	case code != http.StatusOK && code != http.StatusUnauthorized:
		return fmt.Errorf("the exporter at %s answers with status %d", address, code)
	}
	return nil
}

func ask(ctx context.Context, client *http.Client, base string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/-/healthy", nil)
	if err != nil {
		return 0, err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// ownAddress returns where to reach this machine at the first address that is
// listened on; one that names no host is listened on everywhere.
func ownAddress(listened []string) (string, error) {
	host, port, err := net.SplitHostPort(listened[0])
	if err != nil {
		return "", fmt.Errorf("--web.listen-address: only host:port can be checked: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "localhost"
	}
	return net.JoinHostPort(host, port), nil
}
