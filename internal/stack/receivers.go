// SPDX-License-Identifier: Apache-2.0

//go:build unix

package stack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/easy-erp/dbsync/internal/inbox"
)

// The paths under which one HTTP receiver stands in for several channels.
const (
	pathSlackDev = "/slack/dev"
	pathSlackOps = "/slack/ops"
	pathOncall   = "/oncall"
	pathSMS      = "/sms"
	pathWatchdog = "/watchdog"
)

// Delivery is a notification that arrived.
type Delivery struct {
	At       time.Time
	Channel  string // mail, slack, webhook, sms
	To       string // who was told
	State    string // CRITICAL, WARNING or RESOLVED
	Alert    string // the alert's name
	Where    string // what it is about, as far as the channel says
	Delay    time.Duration
	HasDelay bool // whether Delay, the time since the onset or the end, is known
}

// Over tells whether it says that an alert has ended.
func (d Delivery) Over() bool { return d.State == resolved }

// String is the delivery in a line.
func (d Delivery) String() string {
	text := fmt.Sprintf("[%s] %s %s", d.State, d.Alert, d.Where)
	if d.HasDelay {
		since := "after it broke"
		if d.Over() {
			since = "after it was healed"
		}
		text += fmt.Sprintf("  (%.1f s %s)", d.Delay.Seconds(), since)
	}
	return fmt.Sprintf("%s: %s", d.To, text)
}

const resolved = "RESOLVED"

// receivers stand in for mail server, Slack, webhooks and SMS gateway.
type receivers struct {
	mailbox *inbox.Mailbox
	hook    *inbox.Hook

	mu        sync.Mutex
	delivered []Delivery
	heartbeat time.Time
	seenMail  time.Time
	seenPost  time.Time
}

func (s *Stack) openReceivers() error {
	mailbox, err := inbox.OpenMailbox("127.0.0.1:0")
	if err != nil {
		return err
	}
	s.atEnd(mailbox.Close)
	hook, err := inbox.OpenHook("127.0.0.1:0")
	if err != nil {
		return err
	}
	s.atEnd(hook.Close)
	s.inbox = &receivers{mailbox: mailbox, hook: hook}
	return nil
}

// Mailbox is where mails arrive.
func (s *Stack) Mailbox() *inbox.Mailbox { return s.inbox.mailbox }

// Hook is where Slack messages, webhooks and text messages arrive.
func (s *Stack) Hook() *inbox.Hook { return s.inbox.hook }

// watch returns what tells each delivery, soon after it arrived.
func (r *receivers) watch(onset *onsets, say func(source, format string, args ...any)) func(context.Context) {
	const interval = 200 * time.Millisecond
	return func(ctx context.Context) {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			for _, d := range r.arrived(onset) {
				say(d.Channel, "%s", d)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}
}

// arrived returns what came since the last call.
func (r *receivers) arrived(onset *onsets) []Delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	var fresh []Delivery
	for _, mail := range r.mailbox.All() {
		if mail.At.After(r.seenMail) {
			r.seenMail = mail.At
			fresh = append(fresh, readMail(mail))
		}
	}
	for _, post := range r.hook.All() {
		if !post.At.After(r.seenPost) {
			continue
		}
		r.seenPost = post.At
		if post.Path == pathWatchdog {
			r.heartbeat = post.At
			continue
		}
		fresh = append(fresh, readPost(post))
	}
	for i := range fresh {
		fresh[i].Delay, fresh[i].HasDelay = onset.delay(fresh[i])
	}
	r.keep(fresh)
	return fresh
}

// keep remembers the newest deliveries for the screen.
func (r *receivers) keep(fresh []Delivery) {
	const enough = 100
	r.delivered = append(r.delivered, fresh...)
	if more := len(r.delivered) - enough; more > 0 {
		r.delivered = append(r.delivered[:0:0], r.delivered[more:]...)
	}
}

func (r *receivers) state() (delivered []Delivery, heartbeat time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Delivery(nil), r.delivered...), r.heartbeat
}

func readMail(mail inbox.Mail) Delivery {
	d := readTitle(mail.Subject)
	d.At, d.Channel, d.To = mail.At, "mail", strings.Join(mail.To, ", ")
	return d
}

// readPost tells by the path what was posted. What cannot be read is shown as it is.
func readPost(post inbox.Post) Delivery {
	read := readWebhook
	if strings.HasPrefix(post.Path, "/slack/") {
		read = readSlack
	}
	d, err := read(post)
	if err != nil {
		d = Delivery{Channel: "webhook", To: post.Path, State: "UNREADABLE", Where: err.Error()}
	}
	d.At = post.At
	return d
}

func readSlack(post inbox.Post) (Delivery, error) {
	message, err := post.Slack()
	if err != nil {
		return Delivery{}, err
	}
	if len(message.Attachments) == 0 {
		return Delivery{}, errors.New("no attachment")
	}
	d := readTitle(message.Attachments[0].Fallback)
	d.Channel, d.To = "slack", message.Channel
	return d, nil
}

func readWebhook(post inbox.Post) (Delivery, error) {
	message, err := post.Webhook()
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{
		Channel: "webhook", To: message.Receiver, Alert: message.CommonLabels["alertname"],
		Where: message.CommonLabels["instance"], State: strings.ToUpper(message.CommonLabels["severity"]),
	}
	if message.Status == "resolved" {
		d.State = resolved
	}
	if post.Path == pathSMS {
		d.Channel = "sms"
	}
	return d, nil
}

// readTitle takes apart what the template dbsync.subject writes: "[STATE] AlertName where".
func readTitle(title string) Delivery {
	state, rest, ok := strings.Cut(strings.TrimPrefix(title, "["), "] ")
	if !ok {
		return Delivery{State: "UNREADABLE", Where: title}
	}
	alert, where, _ := strings.Cut(rest, " ")
	return Delivery{State: state, Alert: alert, Where: where}
}
