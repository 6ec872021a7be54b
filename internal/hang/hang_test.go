// SPDX-License-Identifier: Apache-2.0

package hang

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnswerErrorAndPanicComeBack(t *testing.T) {
	var g Guard
	if v, err := Do(t.Context(), &g, func() (int, error) { return 3, nil }); v != 3 || err != nil {
		t.Errorf("got %d, %v", v, err)
	}
	broken := errors.New("broken")
	if _, err := Do(t.Context(), &g, func() (int, error) { return 0, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	_, err := Do(t.Context(), &g, func() (int, error) { panic("out of bounds") })
	if err == nil || !strings.Contains(err.Error(), "out of bounds") {
		t.Errorf("got %v", err)
	}
}

func TestHungCallIsLeftOnceAndForgottenWhenItReturns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Guard
		release := make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		hung := func() (int, error) { <-release; return 1, nil }
		if _, err := Do(ctx, &g, hung); !errors.Is(err, ErrLeft) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if _, err := Do(t.Context(), &g, hung); !errors.Is(err, ErrBusy) {
			t.Errorf("got %v", err)
		}
		close(release)
		synctest.Wait()
		if v, err := Do(t.Context(), &g, hung); v != 1 || err != nil {
			t.Errorf("got %d, %v", v, err)
		}
	})
}
