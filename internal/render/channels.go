// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"strings"
)

// Receiver is a person, a team or a system: every channel that it names is
// told, at the same moment.
type Receiver struct {
	// Disabled keeps the values and tells it nothing, as if it had none.
	Disabled   bool        `yaml:"disabled"`
	Email      *Email      `yaml:"email"`
	Slack      *Slack      `yaml:"slack"`
	Webhook    *Webhook    `yaml:"webhook"`
	SNS        *SNS        `yaml:"sns"`
	Pushover   *Pushover   `yaml:"pushover"`
	WeCom      *WeCom      `yaml:"wecom"`
	DingTalk   *DingTalk   `yaml:"dingtalk"`
	Feishu     *Feishu     `yaml:"feishu"`
	Telegram   *Telegram   `yaml:"telegram"`
	PagerDuty  *PagerDuty  `yaml:"pagerduty"`
	Teams      *Teams      `yaml:"teams"`
	Discord    *Discord    `yaml:"discord"`
	GoAlert    *GoAlert    `yaml:"goalert"`
	SMSGateway *SMSGateway `yaml:"sms_gateway"`
}

// channel is one way to reach a receiver.
type channel interface {
	// spec says what the channel is called in the values, which of Alertmanager's
	// lists it belongs to, and the minor version that first knows it.
	spec() spec
	// block returns its keys. What is wrong goes to the resolver.
	block(r *resolver) []field
}

type spec struct {
	name, kind string
	since      int
}

// channels lists those that have values.
func (r Receiver) channels() []channel {
	var all []channel
	add := func(given bool, c channel) {
		if given {
			all = append(all, c)
		}
	}
	add(r.Email != nil, r.Email)
	add(r.Slack != nil, r.Slack)
	add(r.Webhook != nil, r.Webhook)
	add(r.SNS != nil, r.SNS)
	add(r.Pushover != nil, r.Pushover)
	add(r.WeCom != nil, r.WeCom)
	add(r.DingTalk != nil, r.DingTalk)
	add(r.Feishu != nil, r.Feishu)
	add(r.Telegram != nil, r.Telegram)
	add(r.PagerDuty != nil, r.PagerDuty)
	add(r.Teams != nil, r.Teams)
	add(r.Discord != nil, r.Discord)
	add(r.GoAlert != nil, r.GoAlert)
	add(r.SMSGateway != nil, r.SMSGateway)
	return all
}

// call is the use of a shipped template.
func call(name string) string { return fmt.Sprintf("{{ template %q . }}", name) }

// Email is where mails go, through [SMTP].
type Email struct {
	To []string `yaml:"to"`
}

func (*Email) spec() spec { return spec{"email", "email_configs", oldest} }

func (e *Email) block(r *resolver) []field {
	if len(e.To) == 0 {
		r.fail("to", errors.New("names nobody"))
	}
	if r.smtp.Smarthost == "" || r.smtp.From == "" {
		r.fail("to", errors.New("needs alertmanager.smtp.smarthost and from"))
	}
	fields := []field{
		{"to", strings.Join(e.To, ", ")},
		{"send_resolved", true},
		{"headers", []field{{"Subject", call("dbsync.subject")}}},
		{"text", call("dbsync.mail.text")},
		{"html", call("dbsync.mail.html")},
	}
	if r.smtp.CAFile != "" {
		fields = append(fields, field{"tls_config", []field{{"ca_file", r.smtp.CAFile}}})
	}
	return fields
}

// Slack is an incoming webhook of Slack, or of what speaks like it
// (Mattermost, Rocket.Chat).
type Slack struct {
	URL     string `yaml:"url"`
	URLFile string `yaml:"url_file"`
	Channel string `yaml:"channel"` // empty: the webhook's own
}

func (*Slack) spec() spec { return spec{"slack", "slack_configs", oldest} }

func (s *Slack) block(r *resolver) []field {
	fields := []field{r.secret(secret{key: "api_url", name: "url", value: s.URL, file: s.URLFile})}
	if s.Channel != "" {
		fields = append(fields, field{"channel", s.Channel})
	}
	fields = append(fields, r.limit(30)...)
	return append(fields,
		field{"username", "ERP Monitor"},
		field{"icon_emoji", ":warning:"},
		field{"send_resolved", true},
		field{"color", call("dbsync.slack.color")},
		field{"title", call("dbsync.slack.title")},
		field{"title_link", call("dbsync.alerts.link")},
		field{"fallback", call("dbsync.subject")},
		field{"text", call("dbsync.slack.text")},
	)
}

// Webhook is an address that takes Alertmanager's JSON.
type Webhook struct {
	URL       string `yaml:"url"`
	URLFile   string `yaml:"url_file"` // for an address that is a secret
	Token     string `yaml:"token"`    // sent as a bearer token
	TokenFile string `yaml:"token_file"`
}

func (*Webhook) spec() spec { return spec{"webhook", "webhook_configs", oldest} }

func (h *Webhook) block(r *resolver) []field {
	fields := append([]field{r.webhookURL(h.URL, h.URLFile), {"send_resolved", true}}, r.limit(28)...)
	if h.Token+h.TokenFile != "" {
		token := r.secret(secret{key: "credentials", name: "token", value: h.Token, file: h.TokenFile})
		fields = append(fields, field{"http_config", []field{{"authorization", []field{token}}}})
	}
	return fields
}

// SNS is a phone number, or a topic, of Amazon's Simple Notification Service.
type SNS struct {
	PhoneNumber string `yaml:"phone_number"` // +15555550100
	TopicARN    string `yaml:"topic_arn"`
	Region      string `yaml:"region"`
	AccessKey   string `yaml:"access_key"` // empty: AWS' usual chain (environment, profile, instance role)
	SecretKey   string `yaml:"secret_key"`
	APIURL      string `yaml:"api_url"` // empty: AWS
}

func (*SNS) spec() spec { return spec{"sns", "sns_configs", oldest} }

func (s *SNS) block(r *resolver) []field {
	to := field{"phone_number", s.PhoneNumber}
	switch {
	case (s.PhoneNumber == "") == (s.TopicARN == ""):
		r.fail("phone_number", errors.New("give either a phone_number or a topic_arn"))
	case s.TopicARN != "":
		to = field{"topic_arn", s.TopicARN}
	}
	if (s.AccessKey == "") != (s.SecretKey == "") {
		r.fail("access_key", errors.New("needs a secret_key, and the other way round"))
	}
	var signing []field
	if s.Region != "" {
		signing = append(signing, field{"region", s.Region})
	}
	if s.AccessKey != "" {
		r.inlined = true
		signing = append(signing, field{"access_key", s.AccessKey}, field{"secret_key", s.SecretKey})
	}
	fields := []field{{"sigv4", signing}, to, {"send_resolved", true}, {"message", call("dbsync.sms")}}
	if s.TopicARN != "" {
		fields = append(fields, field{"subject", call("dbsync.sms")})
	}
	if s.APIURL != "" {
		fields = append([]field{{"api_url", s.APIURL}}, fields...)
	}
	return fields
}

// Pushover is a user or group of Pushover. A critical alert rings until it is
// confirmed on the telephone, for an hour at most.
type Pushover struct {
	UserKey     string `yaml:"user_key"`
	UserKeyFile string `yaml:"user_key_file"`
	Token       string `yaml:"token"`
	TokenFile   string `yaml:"token_file"`
}

func (*Pushover) spec() spec { return spec{"pushover", "pushover_configs", oldest} }

func (p *Pushover) block(r *resolver) []field {
	return []field{
		r.secret(secret{key: "user_key", name: "user_key", value: p.UserKey, file: p.UserKeyFile, fileSince: 26}),
		r.secret(secret{key: "token", name: "token", value: p.Token, file: p.TokenFile, fileSince: 26}),
		{"send_resolved", true},
		{"title", call("dbsync.subject")},
		{"message", call("dbsync.push")},
		{"url", call("dbsync.alerts.link")},
		{"priority", call("dbsync.pushover.priority")},
	}
}

// WeCom is an application of WeCom (企业微信); Alertmanager knows it as wechat.
type WeCom struct {
	CorpID     string `yaml:"corp_id"`
	AgentID    string `yaml:"agent_id"`
	Secret     string `yaml:"secret"` // the application's
	SecretFile string `yaml:"secret_file"`
	ToUser     string `yaml:"to_user"` // user ids separated by |, or @all
	ToParty    string `yaml:"to_party"`
	ToTag      string `yaml:"to_tag"`
	APIURL     string `yaml:"api_url"` // empty: WeCom's
}

func (*WeCom) spec() spec { return spec{"wecom", "wechat_configs", oldest} }

func (w *WeCom) block(r *resolver) []field {
	r.need("corp_id", w.CorpID)
	r.need("agent_id", w.AgentID)
	r.need("to_user, to_party or to_tag", w.ToUser+w.ToParty+w.ToTag)
	fields := []field{
		{"corp_id", w.CorpID},
		{"agent_id", w.AgentID},
		r.secret(secret{key: "api_secret", name: "secret", value: w.Secret, file: w.SecretFile, fileSince: 31}),
	}
	for _, f := range []field{{"to_user", w.ToUser}, {"to_party", w.ToParty}, {"to_tag", w.ToTag}, {"api_url", w.APIURL}} {
		if f.value != "" {
			fields = append(fields, f)
		}
	}
	return append(fields, field{"send_resolved", true}, field{"message", call("dbsync.chat")})
}

// DingTalk is a robot of a DingTalk (钉钉) group. Its security setting must be a
// keyword, "dbsync", or addresses: Alertmanager cannot sign.
type DingTalk struct {
	URL        string `yaml:"url"` // https://oapi.dingtalk.com/robot/send?access_token=...
	URLFile    string `yaml:"url_file"`
	MentionAll bool   `yaml:"mention_all"`
}

func (*DingTalk) spec() spec { return spec{"dingtalk", "webhook_configs", withPayload} }

func (d *DingTalk) block(r *resolver) []field {
	payload := []field{{"msgtype", "text"}, {"text", []field{{"content", call("dbsync.chat")}}}}
	if d.MentionAll {
		payload = append(payload, field{"at", []field{{"isAtAll", true}}})
	}
	return []field{r.webhookURL(d.URL, d.URLFile), {"send_resolved", true}, {"payload", payload}}
}

// Feishu is a robot of a Feishu (飞书) or Lark group, without signature.
type Feishu struct {
	URL     string `yaml:"url"` // https://open.feishu.cn/open-apis/bot/v2/hook/...
	URLFile string `yaml:"url_file"`
}

func (*Feishu) spec() spec { return spec{"feishu", "webhook_configs", withPayload} }

func (f *Feishu) block(r *resolver) []field {
	payload := []field{{"msg_type", "text"}, {"content", []field{{"text", call("dbsync.chat")}}}}
	return []field{r.webhookURL(f.URL, f.URLFile), {"send_resolved", true}, {"payload", payload}}
}

// Telegram is a bot that writes to a chat.
type Telegram struct {
	BotToken     string `yaml:"bot_token"`
	BotTokenFile string `yaml:"bot_token_file"`
	ChatID       int64  `yaml:"chat_id"`
	APIURL       string `yaml:"api_url"` // empty: Telegram's
}

func (*Telegram) spec() spec { return spec{"telegram", "telegram_configs", oldest} }

func (t *Telegram) block(r *resolver) []field {
	if t.ChatID == 0 {
		r.need("chat_id", "")
	}
	fields := []field{r.secret(secret{key: "bot_token", name: "bot_token", value: t.BotToken, file: t.BotTokenFile, fileSince: 26})}
	if t.APIURL != "" {
		fields = append(fields, field{"api_url", t.APIURL})
	}
	return append(fields, field{"chat_id", t.ChatID}, field{"send_resolved", true}, field{"parse_mode", "HTML"},
		field{"message", call("dbsync.telegram")})
}

// PagerDuty is an integration of PagerDuty's Events API v2.
type PagerDuty struct {
	RoutingKey     string `yaml:"routing_key"`
	RoutingKeyFile string `yaml:"routing_key_file"`
	URL            string `yaml:"url"` // empty: PagerDuty's
}

func (*PagerDuty) spec() spec { return spec{"pagerduty", "pagerduty_configs", oldest} }

func (p *PagerDuty) block(r *resolver) []field {
	fields := []field{r.secret(secret{key: "routing_key", name: "routing_key", value: p.RoutingKey, file: p.RoutingKeyFile})}
	if p.URL != "" {
		fields = append(fields, field{"url", p.URL})
	}
	fields = append(fields, r.limit(30)...)
	return append(fields,
		field{"send_resolved", true},
		field{"description", call("dbsync.subject")},
		field{"severity", call("dbsync.pagerduty.severity")},
		field{"class", "{{ .CommonLabels.rule_id }}"},
		field{"component", "{{ .CommonLabels.component }}"},
		field{"group", "{{ .CommonLabels.instance }}"},
		field{"client", "dbsync"},
		field{"client_url", call("dbsync.alerts.link")},
		// All four that Alertmanager has by default: up to 0.33 it fails on a brace in theirs.
		field{"details", []field{
			{"firing", call("dbsync.chat")}, {"resolved", call("dbsync.state")},
			{"num_firing", "{{ .Alerts.Firing | len }}"}, {"num_resolved", "{{ .Alerts.Resolved | len }}"},
		}},
		field{"links", []any{[]field{{"href", "{{ .CommonAnnotations.runbook_url }}"}, {"text", "Runbook"}}}},
	)
}

// Teams is a flow of Microsoft Teams ("post to a channel when a webhook request
// is received").
type Teams struct {
	URL     string `yaml:"url"`
	URLFile string `yaml:"url_file"`
}

func (*Teams) spec() spec { return spec{"teams", "msteamsv2_configs", 28} }

func (t *Teams) block(r *resolver) []field {
	return []field{
		r.secret(secret{key: "webhook_url", name: "url", value: t.URL, file: t.URLFile}),
		{"send_resolved", true},
		{"title", call("dbsync.subject")},
		{"text", call("dbsync.post")},
	}
}

// Discord is a webhook of a Discord channel.
type Discord struct {
	URL     string `yaml:"url"`
	URLFile string `yaml:"url_file"`
}

func (*Discord) spec() spec { return spec{"discord", "discord_configs", oldest} }

func (d *Discord) block(r *resolver) []field {
	return []field{
		// 0.27 reads the file, and sends nothing.
		r.secret(secret{key: "webhook_url", name: "url", value: d.URL, file: d.URLFile, fileSince: 28}),
		{"send_resolved", true},
		{"title", call("dbsync.subject")},
		{"message", call("dbsync.post")},
	}
}

// GoAlert is an integration key "Prometheus Alertmanager" of a GoAlert service.
type GoAlert struct {
	URL     string `yaml:"url"` // https://goalert.example.com/api/v2/prometheusalertmanager/incoming?token=...
	URLFile string `yaml:"url_file"`
}

func (*GoAlert) spec() spec { return spec{"goalert", "webhook_configs", oldest} }

func (g *GoAlert) block(r *resolver) []field {
	return []field{r.webhookURL(g.URL, g.URLFile), {"send_resolved", true}}
}

// SMSGateway is a gateway of your own that takes the fields of Aliyun's SendSms
// as JSON and signs them: Alertmanager cannot. PhoneNumbers are tel: URIs, since
// it makes a number of what has digits only. The text message's template has the
// variables state, alert, instance and time.
type SMSGateway struct {
	URL          string   `yaml:"url"`
	URLFile      string   `yaml:"url_file"`
	Token        string   `yaml:"token"` // sent as a bearer token
	TokenFile    string   `yaml:"token_file"`
	PhoneNumbers []string `yaml:"phone_numbers"`
	SignName     string   `yaml:"sign_name"`
	TemplateCode string   `yaml:"template_code"`
}

func (*SMSGateway) spec() spec { return spec{"sms_gateway", "webhook_configs", withPayload} }

func (s *SMSGateway) block(r *resolver) []field {
	r.need("phone_numbers", strings.Join(s.PhoneNumbers, ""))
	r.need("sign_name", s.SignName)
	r.need("template_code", s.TemplateCode)
	numbers := make([]string, len(s.PhoneNumbers))
	for i, number := range s.PhoneNumbers {
		numbers[i] = "tel:" + number
	}
	return append((&Webhook{s.URL, s.URLFile, s.Token, s.TokenFile}).block(r), field{"payload", []field{
		{"PhoneNumbers", numbers},
		{"SignName", s.SignName},
		{"TemplateCode", s.TemplateCode},
		{"TemplateParam", []field{
			{"state", call("dbsync.state")},
			{"alert", "{{ .CommonLabels.alertname }}"},
			{"instance", call("dbsync.sms.instance")},
			{"time", call("dbsync.sms.time")},
		}},
	}})
}
