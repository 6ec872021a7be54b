// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"os"
	"strings"
)

// Module is how to log in: an account, where its password is, and how the
// connection is protected. Modules are compared with ==.
type Module struct {
	Name string
	User string
	TLS  TLS

	password     Secret
	passwordFile string
	myCnf        string
}

// Password returns the password, read anew from the file that holds it: the
// caller asks again when the server refused the last one.
func (m Module) Password() (string, error) {
	switch {
	case m.passwordFile != "":
		data, err := os.ReadFile(m.passwordFile)
		if err != nil {
			return "", fmt.Errorf("password_file of module %s: %w", m.Name, err)
		}
		line := strings.TrimSuffix(string(data), "\n")
		return strings.TrimSuffix(line, "\r"), nil
	case m.myCnf != "":
		c, err := readMyCnf(m.myCnf)
		if err != nil {
			return "", fmt.Errorf("my_cnf of module %s: %w", m.Name, err)
		}
		return c.password.Reveal(), nil
	}
	return m.password.Reveal(), nil
}

// The values of tls.mode.
const (
	ModeAuto       = "auto"
	ModeDisabled   = "disabled"
	ModeVerifyCA   = "verify-ca"
	ModeVerifyFull = "verify-full"
	ModeInsecure   = "insecure"
)

// TLS is how the connection to a server is protected. Empty files are not used.
type TLS struct {
	Mode                                           string
	CAFile, CertFile, KeyFile, ServerPublicKeyFile string
}
