// SPDX-License-Identifier: Apache-2.0

//go:build unix

package testenv

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/inbox"
)

// Mails is a mail server of one test.
type Mails struct{ *inbox.Mailbox }

// Posts is an HTTP receiver of one test.
type Posts struct{ *inbox.Hook }

// Mailbox starts a mail server on a free port for this test.
func Mailbox(t testing.TB) Mails {
	t.Helper()
	mailbox, err := inbox.OpenMailbox("127.0.0.1:0")
	closeWith(t, mailbox, err)
	return Mails{mailbox}
}

// Hook starts an HTTP receiver on a free port for this test. Slack and webhook receivers share it by their paths.
func Hook(t testing.TB) Posts {
	t.Helper()
	hook, err := inbox.OpenHook("127.0.0.1:0")
	closeWith(t, hook, err)
	return Posts{hook}
}

// WaitFor returns the first mail that matches, already here or still to come. When the time is over it fails the test
// and lists what came.
func (m Mails) WaitFor(t testing.TB, within time.Duration, what string, match func(inbox.Mail) bool) inbox.Mail {
	t.Helper()
	return waitFor(t, m.Mailbox, within, what, match)
}

// WaitFor returns the first post that matches, already here or still to come. When the time is over it fails the test
// and lists what came.
func (p Posts) WaitFor(t testing.TB, within time.Duration, what string, match func(inbox.Post) bool) inbox.Post {
	t.Helper()
	return waitFor(t, p.Hook, within, what, match)
}

func closeWith(t testing.TB, receiver io.Closer, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := receiver.Close(); err != nil {
			t.Error(err)
		}
	})
}

// receiver is what mails and posts are awaited from.
type receiver[M fmt.Stringer] interface {
	All() []M
	Wait(context.Context, func(M) bool) (M, error)
}

func waitFor[M fmt.Stringer](t testing.TB, from receiver[M], within time.Duration, what string, match func(M) bool) M {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	message, err := from.Wait(ctx, match)
	if err != nil {
		var came []string
		for _, m := range from.All() {
			came = append(came, m.String())
		}
		t.Fatalf("not within %v: %s; %d came:\n%s", within, what, len(came), strings.Join(came, "\n"))
	}
	return message
}
