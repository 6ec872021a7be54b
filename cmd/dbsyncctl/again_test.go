// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

func TestAgainGoesOnAfterAFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	calls := 0
	err := again(ctx, &out, time.Millisecond, false, func(_ context.Context, w io.Writer) error {
		switch calls++; calls {
		case 1:
			return errors.New("connection refused")
		case 2:
			fmt.Fprintln(w, "something fires")
			return &exitError{code: exitEmpty}
		}
		cancel()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	screens := strings.Split(out.String(), emptyScreen)[1:]
	if len(screens) != 2 || !strings.Contains(screens[0], "connection refused") || !strings.Contains(screens[1], "something fires") || strings.Contains(screens[1], "exit code") {
		t.Errorf("%q", screens)
	}
}
