// SPDX-License-Identifier: Apache-2.0

package app

import "bytes"

// combined reads the format that nginx and Apache call combined, and what people
// add at its end: the response time, alone or as name=value
// (nginx.org/en/docs/http/ngx_http_log_module.html#log_format).
type combined struct{ unit float64 }

func (c combined) parse(line []byte, r *request) bool {
	requestLine, rest, ok := quoted(line)
	if !ok {
		return false
	}
	r.setLine(requestLine)
	code, rest, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte{' '})
	if !r.setCode(code) {
		return false
	}
	c.trailer(rest, r)
	return true
}

// trailer looks for the response time: the first number behind referrer and user
// agent, which are in quotes like others that may follow them.
func (c combined) trailer(rest []byte, r *request) {
	quotes := 0
	for !r.timed {
		start := bytes.IndexByte(rest, ' ')
		if start < 0 {
			return
		}
		rest = bytes.TrimLeft(rest[start:], " ")
		if len(rest) > 0 && rest[0] == '"' {
			quotes++
			var closed bool
			if _, rest, closed = quoted(rest); !closed {
				return
			}
			continue
		}
		if quotes < 2 {
			continue
		}
		field, _, _ := bytes.Cut(rest, []byte{' '})
		if _, value, named := bytes.Cut(field, []byte{'='}); named {
			field = bytes.Trim(value, `"`)
		}
		r.setDuration(field, c.unit)
	}
}

// quoted returns what is within the first pair of quotes, and what follows.
func quoted(line []byte) (inside, rest []byte, ok bool) {
	start := bytes.IndexByte(line, '"')
	if start < 0 {
		return nil, nil, false
	}
	for i := start + 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++ // Apache escapes a quote
		case '"':
			return line[start+1 : i], line[i+1:], true
		}
	}
	return nil, nil, false
}
