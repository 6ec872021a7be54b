// SPDX-License-Identifier: Apache-2.0

//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
)

const profileSeconds = 5

// profile writes profiles of our exporter under a steady load of scrapes, where
// they are wanted.
func (b *bench) profile(ctx context.Context, name string, c contestant) error {
	if b.profiles == "" {
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	written := make(chan error, 1)
	go func() {
		written <- b.write(ctx, c, name+"-cpu.pprof", fmt.Sprintf("profile?seconds=%d", profileSeconds))
	}()
	for {
		select {
		case err := <-written:
			if err != nil {
				return err
			}
			return b.write(ctx, c, name+"-allocs.pprof", "allocs")
		default:
			if _, _, err := c.scrape(ctx); err != nil {
				return err
			}
		}
	}
}

func (b *bench) write(ctx context.Context, c contestant, file, profile string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.asked[0].service.URL()+"/debug/pprof/"+profile, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.profiles, file), content, 0o600)
}
