// SPDX-License-Identifier: Apache-2.0

package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// Mail is one message that a Mailbox received.
type Mail struct {
	At      time.Time // arrival of the whole message
	From    string    // of the envelope
	To      []string  // of the envelope
	Subject string    // decoded
	Header  mail.Header
	Body    string // every part, decoded, one after the other
}

// String is the mail in a line, for messages.
func (m Mail) String() string {
	return fmt.Sprintf("%s mail to %s: %s", m.At.Format(time.TimeOnly), strings.Join(m.To, ", "), m.Subject)
}

// Mailbox is a mail server that keeps what it is sent. Opened by [OpenMailbox], it offers neither TLS nor authentication.
type Mailbox struct {
	*box[Mail]
	listener net.Listener
	server   *smtp.Server
}

// OpenMailbox listens on the address; "127.0.0.1:0" takes any free port. The caller closes the mailbox.
func OpenMailbox(address string) (*Mailbox, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	mailbox := &Mailbox{box: newBox[Mail](), listener: listener}
	mailbox.server = newServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &session{deliver: mailbox.add}, nil
	}))
	go func() { _ = mailbox.server.Serve(listener) }()
	return mailbox, nil
}

func newServer(backend smtp.Backend) *smtp.Server {
	server := smtp.NewServer(backend)
	server.Domain = "localhost"
	server.MaxMessageBytes = maxSize
	server.ReadTimeout, server.WriteTimeout = time.Minute, time.Minute
	return server
}

// Addr is the host and port of the mail server.
func (m *Mailbox) Addr() string { return m.listener.Addr().String() }

// Close ends the mail server and its connections. What it received stays readable.
func (m *Mailbox) Close() error { return errors.Join(m.server.Close(), m.closeListener()) }

// closeListener matters only when Close is faster than Serve, which then never gets to own the listener.
func (m *Mailbox) closeListener() error {
	if err := m.listener.Close(); !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// session is one connection of a mail client.
type session struct {
	deliver func(Mail)
	from    string
	to      []string
}

func (s *session) Reset()        { s.from, s.to = "", nil }
func (s *session) Logout() error { return nil }

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	message, err := parse(r)
	if err != nil {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: err.Error()}
	}
	message.At, message.From, message.To = time.Now(), s.from, s.to
	s.deliver(message)
	return nil
}

func parse(r io.Reader) (Mail, error) {
	raw, err := mail.ReadMessage(r)
	if err != nil {
		return Mail{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(raw.Header.Get("Subject"))
	if err != nil {
		return Mail{}, fmt.Errorf("subject: %w", err)
	}
	body, err := text(raw.Header.Get("Content-Type"), raw.Header.Get("Content-Transfer-Encoding"), raw.Body)
	if err != nil {
		return Mail{}, fmt.Errorf("body: %w", err)
	}
	return Mail{Subject: subject, Header: raw.Header, Body: body}, nil
}

// text decodes a body or a part of one. A multipart reader undoes quoted-printable by itself, and removes its header.
func text(contentType, encoding string, body io.Reader) (string, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err == nil && strings.HasPrefix(kind, "multipart/") {
		return parts(multipart.NewReader(body, params["boundary"]))
	}
	if strings.EqualFold(encoding, "quoted-printable") {
		body = quotedprintable.NewReader(body)
	}
	content, err := io.ReadAll(body)
	return string(content), err
}

func parts(reader *multipart.Reader) (string, error) {
	var all bytes.Buffer
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return all.String(), nil
		}
		if err != nil {
			return "", err
		}
		content, err := text(part.Header.Get("Content-Type"), part.Header.Get("Content-Transfer-Encoding"), part)
		if err != nil {
			return "", err
		}
		all.WriteString(content + "\n")
	}
}
