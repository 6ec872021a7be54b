// SPDX-License-Identifier: Apache-2.0

package render

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/prometheus/common/model"
)

// withPayload is the minor version from which webhooks send JSON of one's own.
const withPayload = 32

// resolver writes secrets as one version of Alertmanager can read them, and
// collects what is wrong with a channel's values.
type resolver struct {
	minor   int
	smtp    SMTP
	timeout model.Duration
	inlined bool // a secret is in what was written
	problem error
}

// secret is a value that an installation gives as text or as a file.
type secret struct {
	key         string // Alertmanager's; with _file for a file
	name        string // in the values
	value, file string
	fileSince   int // the first minor version that reads the file; 0: each one
}

// fail keeps the first problem.
func (r *resolver) fail(name string, err error) {
	if r.problem == nil {
		r.problem = fmt.Errorf("%s: %w", name, err)
	}
}

func (r *resolver) need(name, value string) {
	if value == "" {
		r.fail(name, errors.New("missing"))
	}
}

func (r *resolver) secret(s secret) field {
	switch {
	case s.value != "" && s.file != "":
		r.fail(s.name, errors.New("given as a value and as a file; keep one"))
	case s.value+s.file == "":
		r.fail(s.name, errors.New("missing, as a value or as a file"))
	case s.value != "":
		r.inlined = true
		return field{s.key, s.value}
	case r.minor >= s.fileSince:
		return field{s.key + "_file", s.file}
	default:
		return field{s.key, r.read(s)}
	}
	return field{}
}

// read returns the content of a file that this version cannot read by itself.
func (r *resolver) read(s secret) string {
	content, err := os.ReadFile(s.file)
	if err != nil {
		r.fail(s.name+"_file", fmt.Errorf("%w; Alertmanager 0.%d cannot read it by itself", err, r.minor))
	}
	r.inlined = true
	return strings.TrimSpace(string(content))
}

// limit is the timeout of one attempt, from the minor version that knows it.
func (r *resolver) limit(since int) []field {
	if r.timeout == 0 || r.minor < since {
		return nil
	}
	return []field{{"timeout", r.timeout.String()}}
}

// webhookURL is no secret when it is given as a value.
func (r *resolver) webhookURL(url, file string) field {
	inlined := r.inlined
	f := r.secret(secret{key: "url", name: "url", value: url, file: file, fileSince: 26})
	if url != "" {
		r.inlined = inlined
	}
	return f
}
