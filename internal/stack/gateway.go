// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/easy-erp/dbsync/internal/erp"
	"github.com/easy-erp/dbsync/internal/proc"
)

// gateway is the company's HTTP interface.
type gateway struct{ url, accessLog string }

// startGateway serves the company's HTTP interface, with an access log for the exporter to read. Its shops begin to ask
// when all is up.
func (s *Stack) startGateway() (err error) {
	if s.company == nil {
		return nil
	}
	dir, err := s.folder.below("logs", 0o755)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "gateway.json")
	log, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	s.atEnd(log.Close)
	listener, err := net.Listen("tcp", proc.Loopback(0))
	if err != nil {
		return err
	}
	server := &http.Server{Handler: (&erp.Gateway{DB: s.company.db, Log: log}).Handler(), ReadHeaderTimeout: time.Second}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	s.atEnd(func() error {
		err := server.Close()
		if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
			err = errors.Join(err, served)
		}
		return err
	})
	s.company.gateway = gateway{url: "http://" + listener.Addr().String(), accessLog: path}
	return nil
}

func (s *Stack) visitGateway(ctx context.Context) { erp.Visit(ctx, s.company.gateway.url) }
