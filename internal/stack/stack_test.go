// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack_test

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/easy-erp/dbsync/internal/stack"
	"github.com/easy-erp/dbsync/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// start runs a stack with its events in the test's log.
func start(t *testing.T, options stack.Options) *stack.Stack {
	t.Helper()
	_, err := stack.FindPrograms(options.Programs, options.Server == nil)
	testenv.Require(t, options.Programs.Prometheus, err)
	options.FreePorts = true
	options.Observe = func(e stack.Event) { t.Logf("%s %s: %s", e.At.Format(time.TimeOnly), e.Source, e.Text) }
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	s, err := stack.Start(ctx, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestFaultsAreToldAndHealed(t *testing.T) {
	s := start(t, stack.Options{})
	for _, name := range []string{"migration", "backup"} {
		if err := s.Break(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	deadline := 2 * time.Minute
	testenv.Eventually(t, deadline, "told by mail, Slack and webhook", delivered(s, "CRITICAL", "MigrationFailure", "mail", "slack", "webhook"))
	testenv.Eventually(t, deadline, "told of the backup", delivered(s, "WARNING", "BackupFailure", "slack"))
	if err := s.Heal(t.Context()); err != nil {
		t.Fatal(err)
	}
	testenv.Eventually(t, deadline, "told that it is over", delivered(s, "RESOLVED", "MigrationFailure", "mail", "slack", "webhook"))
	testenv.Eventually(t, deadline, "told that it is over", delivered(s, "RESOLVED", "BackupFailure", "slack"))
	dir, address := s.Dir(), strings.TrimPrefix(s.ExporterURL(), "http://")
	if err := s.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", dir, err)
	}
	if conn, err := net.Dial("tcp", address); err == nil {
		t.Errorf("%s still answers", address)
		_ = conn.Close()
	}
}

// delivered tells whether a notice arrived on all the channels.
func delivered(s *stack.Stack, state, alert string, channels ...string) func() error {
	return func() error {
		missing := map[string]bool{}
		for _, channel := range channels {
			missing[channel] = true
		}
		all := s.State(context.Background()).Delivered
		for _, d := range all {
			if d.State == state && d.Alert == alert {
				delete(missing, d.Channel)
			}
		}
		if len(missing) > 0 {
			return &missingError{missing, all}
		}
		return nil
	}
}

type missingError struct {
	channels map[string]bool
	came     []stack.Delivery
}

func (e *missingError) Error() string {
	var text strings.Builder
	for channel := range e.channels {
		text.WriteString("nothing by " + channel + "; ")
	}
	for _, d := range e.came {
		text.WriteString("\n" + d.Channel + " " + d.String())
	}
	return text.String()
}
