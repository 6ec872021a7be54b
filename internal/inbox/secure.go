// SPDX-License-Identifier: Apache-2.0

package inbox

import (
	"crypto/tls"
	"net"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Login is what a mail server asks of its clients.
type Login struct {
	Certificate tls.Certificate // of the server, for STARTTLS
	Username    string
	Password    string
}

// OpenSecureMailbox is [OpenMailbox] for a server that takes mails only after STARTTLS and a login, as real ones do.
func OpenSecureMailbox(address string, login Login) (*Mailbox, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	mailbox := &Mailbox{box: newBox[Mail](), listener: listener}
	mailbox.server = newServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) {
		return &guarded{session: session{deliver: mailbox.add}, login: login}, nil
	}))
	mailbox.server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{login.Certificate}, MinVersion: tls.VersionTLS12}
	go func() { _ = mailbox.server.Serve(listener) }()
	return mailbox, nil
}

// guarded is a session that begins with a login.
type guarded struct {
	session
	login Login
	in    bool
}

var _ smtp.AuthSession = (*guarded)(nil)

func (g *guarded) AuthMechanisms() []string { return []string{sasl.Plain} }

func (g *guarded) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if username != g.login.Username || password != g.login.Password {
			return smtp.ErrAuthFailed
		}
		g.in = true
		return nil
	}), nil
}

func (g *guarded) Mail(from string, options *smtp.MailOptions) error {
	if !g.in {
		return smtp.ErrAuthRequired
	}
	return g.session.Mail(from, options)
}
