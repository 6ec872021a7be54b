// SPDX-License-Identifier: Apache-2.0

package inbox_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/smtp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/easy-erp/dbsync/internal/inbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func openHook(t *testing.T) *inbox.Hook {
	t.Helper()
	hook, err := inbox.OpenHook("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hook.Close() })
	return hook
}

func post(t *testing.T, url, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(soon(t), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func TestHookKeepsWebhooksAndSlackMessages(t *testing.T) {
	hook := openHook(t)
	post(t, hook.URL()+"/slack", `{"channel":"#ops","attachments":[{"title":"[FIRING] disk","color":"danger"}]}`)
	post(t, hook.URL()+"/oncall", `{"receiver":"webhook_oncall","status":"firing","alerts":[{"labels":{"rule_id":"disk_space_low"}}]}`)

	slack, err := hook.All()[0].Slack()
	if err != nil || slack.Channel != "#ops" || slack.Attachments[0].Title != "[FIRING] disk" {
		t.Errorf("Slack() = %+v, %v", slack, err)
	}
	webhook, err := hook.All()[1].Webhook()
	if err != nil || webhook.Status != "firing" || webhook.Alerts[0].Labels["rule_id"] != "disk_space_low" {
		t.Errorf("Webhook() = %+v, %v", webhook, err)
	}
	if hook.Clear(); len(hook.All()) != 0 {
		t.Error("Clear kept something")
	}
}

func TestHookAnswersAsTold(t *testing.T) {
	hook := openHook(t)
	hook.Answer(http.StatusServiceUnavailable)
	if status := post(t, hook.URL(), "{}"); status != http.StatusServiceUnavailable {
		t.Errorf("answered %d", status)
	}
	if kept := hook.All(); len(kept) != 1 || kept[0].Status != http.StatusServiceUnavailable {
		t.Errorf("kept %v", kept)
	}
}

func TestWaitSeesWhatIsKeptAndWhatComes(t *testing.T) {
	hook := openHook(t)
	second := func(p inbox.Post) bool { return p.Path == "/second" }
	found := make(chan error, 1)
	ctx := soon(t)
	go func() {
		_, err := hook.Wait(ctx, second)
		found <- err
	}()
	post(t, hook.URL()+"/first", "")
	post(t, hook.URL()+"/second", "")
	if err := <-found; err != nil {
		t.Error(err)
	}
	if _, err := hook.Wait(ctx, second); err != nil {
		t.Errorf("kept: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := hook.Wait(ended, func(inbox.Post) bool { return false }); !errors.Is(err, context.Canceled) {
		t.Errorf("no match: %v", err)
	}
}

// The form is Alertmanager's: a multipart message in quoted-printable with an encoded subject.
const alertMail = "From: alertmanager@example.org\r\n" +
	"To: admin@example.org\r\n" +
	"Subject: =?UTF-8?q?[FIRING:1]_=E8=BF=81=E7=A7=BB?=\r\n" +
	"Content-Type: multipart/alternative; boundary=b1\r\n\r\n" +
	"--b1\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"revision 7 =3D dirty\r\n" +
	"--b1\r\nContent-Type: text/html; charset=UTF-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
	"<b>dirty</b>\r\n" +
	"--b1--\r\n"

func TestMailboxDecodesMail(t *testing.T) {
	mailbox, err := inbox.OpenMailbox("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := mailbox.Close(); err != nil {
			t.Error(err)
		}
	})
	to := []string{"admin@example.org", "dba@example.org"}
	if err := smtp.SendMail(mailbox.Addr(), nil, "alertmanager@example.org", to, []byte(alertMail)); err != nil {
		t.Fatal(err)
	}
	got, err := mailbox.Wait(soon(t), func(m inbox.Mail) bool { return strings.Contains(m.Subject, "FIRING") })
	if err != nil {
		t.Fatal(err)
	}
	if got.Subject != "[FIRING:1] 迁移" || len(got.To) != 2 || got.At.IsZero() {
		t.Errorf("got %+v", got)
	}
	for _, want := range []string{"revision 7 = dirty", "<b>dirty</b>"} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("body %q lacks %q", got.Body, want)
		}
	}
}

func TestMailboxRefusesWhatIsNoMail(t *testing.T) {
	mailbox, err := inbox.OpenMailbox("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = mailbox.Close() })
	err = smtp.SendMail(mailbox.Addr(), nil, "a@example.org", []string{"b@example.org"}, []byte("no header at all"))
	if err == nil || len(mailbox.All()) != 0 {
		t.Errorf("accepted: %v, %v", err, mailbox.All())
	}
}
