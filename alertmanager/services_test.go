// SPDX-License-Identifier: Apache-2.0

//go:build unix

package alertmanager_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/easy-erp/dbsync/internal/alertlab"
	"github.com/easy-erp/dbsync/internal/inbox"
	"github.com/easy-erp/dbsync/internal/render"
	"github.com/easy-erp/dbsync/internal/sandbox"
	"github.com/easy-erp/dbsync/internal/testenv"
)

// message is what a service accepted.
type message struct{ receiver, text string }

// services stands in for all of them. Each path checks what the service behind
// it checks, and answers as it does.
type services struct {
	mu       sync.Mutex
	accepted []message
	refused  []string
}

func (s *services) accept(receiver, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = append(s.accepted, message{receiver, text})
}

func (s *services) told(receiver, word string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.accepted, func(m message) bool { return m.receiver == receiver && strings.Contains(m.text, word) }) {
		return nil
	}
	var names []string
	for _, m := range s.accepted {
		names = append(names, m.receiver)
	}
	return fmt.Errorf("accepted of %q, none with %q; refused: %q", names, word, s.refused)
}

// handle serves a path; check returns the text of the message, and answer is
// what the service says.
func (s *services) handle(mux *http.ServeMux, pattern, receiver, answer string, check func(r *http.Request, body []byte) (string, error)) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			var text string
			if text, err = check(r, body); err == nil {
				if text != "" {
					s.accept(receiver, text)
				}
				if strings.HasPrefix(answer, "{") {
					w.Header().Set("Content-Type", "application/json")
				}
				_, _ = io.WriteString(w, answer)
				return
			}
		}
		s.mu.Lock()
		s.refused = append(s.refused, fmt.Sprintf("%s: %v: %s", receiver, err, body))
		s.mu.Unlock()
		http.Error(w, err.Error(), http.StatusBadRequest)
	})
}

func must(ok bool, what string) error {
	if ok {
		return nil
	}
	return errors.New(what)
}

// decode reads JSON of exactly these types: a number where a text belongs fails.
func decode[T any](body []byte) (v T, err error) { return v, json.Unmarshal(body, &v) }

func (s *services) mux() *http.ServeMux {
	mux := http.NewServeMux()
	s.handle(mux, "POST /slack", "slack", "ok", func(_ *http.Request, body []byte) (string, error) {
		m, err := decode[inbox.Slack](body)
		if err != nil || len(m.Attachments) != 1 {
			return "", errors.Join(err, errors.New("no attachment"))
		}
		a := m.Attachments[0]
		return a.Title + a.Text, errors.Join(must(m.Channel == "#database-ops", "channel"), must(a.Fallback != "", "fallback"),
			must(slices.Contains([]string{"good", "warning", "danger"}, a.Color), "color"))
	})
	s.handle(mux, "POST /webhook", "webhook", "{}", func(r *http.Request, body []byte) (string, error) {
		m, err := decode[inbox.Webhook](body)
		return strings.ToUpper(m.Status) + m.CommonLabels["alertname"], errors.Join(err, must(r.Header.Get("Authorization") == "Bearer the-token", "token"))
	})
	s.handle(mux, "POST /goalert", "goalert", "{}", func(r *http.Request, body []byte) (string, error) {
		m, err := decode[inbox.Webhook](body)
		summary := m.CommonAnnotations["summary"] // what GoAlert tells alerts apart by
		return strings.ToUpper(m.Status) + summary, errors.Join(err, must(r.URL.Query().Get("token") == "secret", "token"), must(summary != "", "summary"))
	})
	s.handle(mux, "POST /sns/", "sns", "<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>",
		func(r *http.Request, body []byte) (string, error) {
			form, err := parseForm(r, body)
			return form("Message"), errors.Join(err, must(form("Action") == "Publish", "action"), must(form("PhoneNumber") == "+15555550100", "number"),
				must(len(form("Message")) < 160, "too long"), must(strings.Contains(r.Header.Get("Authorization"), "/us-east-1/sns/aws4_request"), "signature"))
		})
	s.handle(mux, "GET /wecom/gettoken", "wecom", `{"errcode":0,"errmsg":"ok","access_token":"t","expires_in":7200}`,
		func(r *http.Request, _ []byte) (string, error) {
			q := r.URL.Query()
			return "", must(q.Get("corpid") == "corp" && q.Get("corpsecret") == "secret", "credentials")
		})
	s.handle(mux, "POST /wecom/message/send", "wecom", `{"errcode":0,"errmsg":"ok"}`, func(r *http.Request, body []byte) (string, error) {
		m, err := decode[struct {
			Text    struct{ Content string }
			ToUser  string
			AgentID string
			MsgType string
		}](body)
		return m.Text.Content, errors.Join(err, must(r.URL.Query().Get("access_token") == "t", "token"), must(m.MsgType == "text", "type"),
			must(m.ToUser == "li.si" && m.AgentID == "1000002", "addressee"), must(len(m.Text.Content) <= 2048, "too long"))
	})
	s.handle(mux, "POST /dingtalk", "dingtalk", `{"errcode":0,"errmsg":"ok"}`, func(_ *http.Request, body []byte) (string, error) {
		m, err := decode[struct {
			MsgType string
			Text    struct{ Content string }
			At      struct{ IsAtAll bool }
		}](body)
		return m.Text.Content, errors.Join(err, must(m.MsgType == "text", "type"), must(strings.Contains(m.Text.Content, "dbsync"), "keyword"),
			must(m.At.IsAtAll, "mention"))
	})
	s.handle(mux, "POST /feishu", "feishu", `{"code":0,"msg":"success"}`, func(_ *http.Request, body []byte) (string, error) {
		m, err := decode[struct {
			MsgType string `json:"msg_type"`
			Content struct{ Text string }
		}](body)
		return m.Content.Text, errors.Join(err, must(m.MsgType == "text", "type"))
	})
	s.handle(mux, "POST /bottoken/sendMessage", "telegram", `{"ok":true,"result":{"message_id":1,"date":1,"chat":{"id":-100,"type":"group"}}}`,
		func(_ *http.Request, body []byte) (string, error) {
			m, err := decode[struct {
				ChatID    string `json:"chat_id"`
				Text      string `json:"text"`
				ParseMode string `json:"parse_mode"`
			}](body)
			return m.Text, errors.Join(err, must(m.ChatID == "-100", "chat"), must(m.ParseMode == "HTML", "mode"),
				must(utf8.RuneCountInString(m.Text) <= 4096, "too long"), must(!strings.Contains(m.Text, "<script>"), "markup"))
		})
	s.handle(mux, "POST /pagerduty", "pagerduty", `{"status":"success"}`, func(_ *http.Request, body []byte) (string, error) {
		m, err := decode[struct {
			RoutingKey string `json:"routing_key"`
			Action     string `json:"event_action"`
			Payload    struct{ Summary, Source, Severity string }
		}](body)
		return strings.NewReplacer("trigger", "CRITICAL", "resolve", "RESOLVED").Replace(m.Action) + m.Payload.Summary, errors.Join(err,
			must(m.RoutingKey == "key", "key"), must(m.Action == "resolve" || m.Payload.Summary != "" && m.Payload.Source != "", "payload"),
			must(slices.Contains([]string{"critical", "error", "warning", "info"}, m.Payload.Severity), "severity "+m.Payload.Severity))
	})
	s.handle(mux, "POST /teams", "teams", "1", func(_ *http.Request, body []byte) (string, error) {
		m, err := decode[struct {
			Type        string
			Attachments []struct {
				ContentType string
				Content     struct{ Body []struct{ Type, Text string } }
			}
		}](body)
		if err != nil || len(m.Attachments) != 1 || len(m.Attachments[0].Content.Body) < 2 {
			return "", errors.Join(err, errors.New("no card"))
		}
		return m.Attachments[0].Content.Body[0].Text + m.Attachments[0].Content.Body[1].Text,
			must(m.Attachments[0].ContentType == "application/vnd.microsoft.card.adaptive", "type")
	})
	s.handle(mux, "POST /discord", "discord", "", func(_ *http.Request, body []byte) (string, error) {
		m, err := decode[struct {
			Embeds []struct{ Title, Description string }
		}](body)
		if err != nil || len(m.Embeds) != 1 {
			return "", errors.Join(err, errors.New("no embed"))
		}
		e := m.Embeds[0]
		return e.Title + e.Description, errors.Join(must(utf8.RuneCountInString(e.Title) <= 256, "title"), must(utf8.RuneCountInString(e.Description) <= 2048, "description"))
	})
	s.handle(mux, "POST /sms", "sms_gateway", "{}", func(r *http.Request, body []byte) (string, error) {
		m, err := decode[struct {
			PhoneNumbers           []string
			SignName, TemplateCode string
			TemplateParam          struct{ State, Alert, Instance, Time string }
		}](body)
		p := m.TemplateParam
		return p.State + p.Alert, errors.Join(err, must(r.Header.Get("Authorization") == "Bearer the-token", "token"),
			must(slices.Equal(m.PhoneNumbers, []string{"tel:13800000000"}) && m.SignName != "" && m.TemplateCode != "", "fields"), must(p.Instance != "" && p.Time != "", "parameters"))
	})
	s.handle(mux, "POST /1/messages.json", "pushover", `{"status":1}`, func(r *http.Request, body []byte) (string, error) {
		form, err := parseForm(r, body)
		return form("title") + form("message"), errors.Join(err, must(form("user") == "user" && form("token") == "token", "keys"),
			must(utf8.RuneCountInString(form("title")) <= 250 && utf8.RuneCountInString(form("message")) <= 1024, "too long"),
			must(form("priority") == "0" || form("priority") == "2" && form("retry") != "" && form("expire") != "", "priority "+form("priority")))
	})
	return mux
}

// parseForm reads what a client gives in the body or, as old ones do, in the address.
func parseForm(r *http.Request, body []byte) (func(string) string, error) {
	form, err := url.ParseQuery(string(body))
	return func(name string) string {
		if form.Has(name) {
			return form.Get(name)
		}
		return r.URL.Query().Get(name)
	}, err
}

// Each channel's message arrives and is what the service behind it takes, for
// labels of every kind, and so does the word that it is over.
func TestEveryChannelSpeaksItsService(t *testing.T) {
	eachEdition(t, func(t *testing.T, edition sandbox.Edition) {
		s := &services{}
		plain := httptest.NewServer(s.mux())
		t.Cleanup(plain.Close)
		certificate, ca := certify(t, "api.pushover.net")
		secure := httptest.NewUnstartedServer(s.mux())
		secure.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		secure.StartTLS()
		t.Cleanup(secure.Close)
		proxy := tunnel(t, secure.Listener.Addr().String())
		login := inbox.Login{Certificate: certificate, Username: "dbsync", Password: "mail-password"}
		mailbox, err := inbox.OpenSecureMailbox("127.0.0.1:0", login)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = mailbox.Close() })

		receivers := map[string]render.Receiver{
			"email":       {Email: &render.Email{To: []string{"dba@erp.test", "li@erp.test"}}},
			"slack":       {Slack: &render.Slack{URL: plain.URL + "/slack", Channel: "#database-ops"}},
			"webhook":     {Webhook: &render.Webhook{URL: plain.URL + "/webhook", Token: "the-token"}},
			"goalert":     {GoAlert: &render.GoAlert{URL: plain.URL + "/goalert?token=secret"}},
			"sns":         {SNS: &render.SNS{PhoneNumber: "+15555550100", Region: "us-east-1", AccessKey: "AK", SecretKey: "SK", APIURL: plain.URL + "/sns/"}},
			"pushover":    {Pushover: &render.Pushover{UserKey: "user", Token: "token"}},
			"wecom":       {WeCom: &render.WeCom{CorpID: "corp", AgentID: "1000002", Secret: "secret", ToUser: "li.si", APIURL: plain.URL + "/wecom/"}},
			"telegram":    {Telegram: &render.Telegram{BotToken: "token", ChatID: -100, APIURL: plain.URL}},
			"pagerduty":   {PagerDuty: &render.PagerDuty{RoutingKey: "key", URL: plain.URL + "/pagerduty"}},
			"discord":     {Discord: &render.Discord{URL: plain.URL + "/discord"}},
			"teams":       {Teams: &render.Teams{URL: plain.URL + "/teams"}},
			"dingtalk":    {DingTalk: &render.DingTalk{URL: plain.URL + "/dingtalk", MentionAll: true}},
			"feishu":      {Feishu: &render.Feishu{URL: plain.URL + "/feishu"}},
			"sms_gateway": {SMSGateway: &render.SMSGateway{URL: plain.URL + "/sms", Token: "the-token", PhoneNumbers: []string{"13800000000"}, SignName: "易企", TemplateCode: "SMS_0"}},
		}
		if edition == testenv.Old {
			for _, name := range []string{"teams", "dingtalk", "feishu", "sms_gateway"} {
				delete(receivers, name) // refused by render
			}
		}
		config := alertlab.Write(t, render.Alertmanager{
			Version: alertlab.Versions(edition), Scale: alertlab.Scale, Receivers: receivers,
			SMTP: render.SMTP{Smarthost: mailbox.Addr(), From: "dbsync@erp.test", Username: login.Username, Password: login.Password, CAFile: ca},
		})
		throughProxy(t, config, proxy, ca)
		am := testenv.Alertmanager(t, edition, config)

		var alerts []alertlab.Alert
		for name := range receivers {
			alerts = append(alerts, alertlab.Alert{
				StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour),
				Labels: alertlab.Labels("alertname", "MySQLDown", "instance", `<script>"a: {{ b }}" 数据`, "severity", "critical",
					"rule_id", "mysql_down", "component", "mysql", "channel_test", name),
				Annotations: alertlab.Labels("summary", "The database server does not answer.", "summary_zh", "数据库服务器没有响应。",
					"description", "key: value\n- <at user_id=\"all\"></at> & {{ .ExternalURL }}", "description_zh", "键: 值",
					"runbook_url", "https://example.com/runbook", "dashboard_url", "https://example.com/d/x?a=b"),
			})
		}
		alertlab.Post(t, am, alerts...)
		delivered := func(words ...string) {
			testenv.Eventually(t, 30*time.Second, fmt.Sprintf("every service was told one of %q", words), func() error {
				var errs []error
				for name := range receivers {
					told := func(word string) bool {
						if name == "email" {
							return mailed(mailbox, word)
						}
						return s.told(name, word) == nil
					}
					if !slices.ContainsFunc(words, told) {
						errs = append(errs, fmt.Errorf("%s: %w", name, s.told(name, words[0])))
					}
				}
				return errors.Join(errs...)
			})
		}
		delivered("The database server does not answer.", "数据库服务器没有响应", "MySQLDown")
		for i := range alerts {
			alerts[i].EndsAt = time.Now()
		}
		alertlab.Post(t, am, alerts...)
		delivered("RESOLVED")
		s.mu.Lock()
		defer s.mu.Unlock()
		if len(s.refused) > 0 {
			t.Errorf("refused: %q", s.refused)
		}
	})
}

// mailed tells whether both people got a mail whose subject or text has the word.
func mailed(mailbox *inbox.Mailbox, word string) bool {
	var to []string
	for _, m := range mailbox.All() {
		if (strings.Contains(m.Subject, word) || strings.Contains(m.Body, word)) && !strings.Contains(m.Subject, "\n") {
			to = append(to, m.To...)
		}
	}
	return slices.Contains(to, "dba@erp.test") && slices.Contains(to, "li@erp.test")
}

// throughProxy sends what goes to Pushover, whose address Alertmanager knows by
// heart, through a proxy that leads it here.
func throughProxy(t *testing.T, config, proxy, ca string) {
	t.Helper()
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	const block = "    pushover_configs:\n      - "
	changed := strings.Replace(string(text), block, fmt.Sprintf("%shttp_config: {proxy_url: %q, tls_config: {ca_file: %q}}\n        ", block, proxy, ca), 1)
	if changed == string(text) {
		t.Fatal("no receiver for Pushover")
	}
	if err := os.WriteFile(config, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
}

// tunnel is a proxy that leads every connection to one address.
func tunnel(t *testing.T, to string) string {
	t.Helper()
	var open sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			http.Error(w, "CONNECT only", http.StatusMethodNotAllowed)
			return
		}
		far, err := net.Dial("tcp", to)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			far.Close()
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
			open.Go(func() {
				_, _ = io.Copy(way[0], way[1])
				way[0].Close()
				way[1].Close()
			})
		}
	}))
	t.Cleanup(func() {
		server.Close()
		open.Wait() // Alertmanager and the service have ended by now
	})
	return server.URL
}

// certify makes a certificate that is its own authority, and its file.
func certify(t *testing.T, name string) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name, "localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}
