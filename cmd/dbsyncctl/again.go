// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// emptyScreen is what empties a terminal and begins at its top (ECMA-48: CUP, ED).
const emptyScreen = "\x1b[H\x1b[2J"

// again shows something every so often until Ctrl-C. What cannot be shown is said
// in its place, and tried again.
func again(ctx context.Context, w io.Writer, every time.Duration, lines bool, show func(context.Context, io.Writer) error) error {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		var screen bytes.Buffer
		if !lines {
			fmt.Fprintf(&screen, "%severy %s, %s\n\n", emptyScreen, every, time.Now().Format(time.TimeOnly))
		}
		err := show(ctx, &screen)
		if code := (*exitError)(nil); err != nil && !errors.As(err, &code) {
			fmt.Fprintln(&screen, err)
		}
		if ctx.Err() != nil {
			return nil
		}
		if _, err := w.Write(screen.Bytes()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
