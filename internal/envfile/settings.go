// SPDX-License-Identifier: Apache-2.0

package envfile

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// settings reads variables as what they mean and keeps the first problem.
type settings struct {
	values  map[string]Variable
	problem error
}

func newSettings(variables []Variable) *settings {
	s := &settings{values: map[string]Variable{}}
	for _, v := range variables {
		if v.Value == "" {
			continue
		}
		s.values[v.Name] = v
		if k, ok := known(v.Name); ok && k.placeholder && v.Value == k.Example {
			s.fail(v.Name, errors.New("is still the example; fill it in, or leave it empty"))
		}
	}
	return s
}

func (s *settings) fail(name string, err error) {
	if s.problem != nil {
		return
	}
	if line := s.values[name].Line; line > 0 {
		s.problem = fmt.Errorf("line %d: %s: %w", line, name, err)
		return
	}
	s.problem = fmt.Errorf("%s: %w", name, err)
}

func (s *settings) text(name string) string { return s.values[name].Value }

func (s *settings) has(name string) bool { return s.values[name].Value != "" }

func (s *settings) boolean(name string, otherwise bool) bool {
	switch strings.ToLower(s.text(name)) {
	case "":
		return otherwise
	case "true", "1", "yes", "on":
		return true
	case "false", "0", "no", "off":
		return false
	}
	s.fail(name, errors.New("must be true or false"))
	return otherwise
}

// number is a whole one within bounds.
func (s *settings) number(name string, otherwise, least, most int) int {
	if !s.has(name) {
		return otherwise
	}
	n, err := strconv.Atoi(s.text(name))
	if err != nil || n < least || n > most {
		s.fail(name, fmt.Errorf("must be a whole number from %d to %d", least, most))
	}
	return n
}

// duration is 0 when it is not set.
func (s *settings) duration(name string, least, most time.Duration) model.Duration {
	if !s.has(name) {
		return 0
	}
	d, err := model.ParseDuration(s.text(name))
	if err != nil || time.Duration(d) < least || time.Duration(d) > most {
		s.fail(name, fmt.Errorf("must be a time such as 30s, from %v to %v", least, most))
	}
	return d
}

// address is an http or https URL.
func (s *settings) address(name string) string {
	if !s.has(name) {
		return ""
	}
	u, err := url.Parse(s.text(name))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		s.fail(name, errors.New("must be an address that begins with https:// or http://")) // err would show it
	}
	return s.text(name)
}

// host is a name or an IP address, without a port.
func (s *settings) host(name, otherwise string) string {
	if !s.has(name) {
		return otherwise
	}
	host := s.text(name)
	if strings.ContainsAny(host, "/ @") || strings.Contains(host, ":") && net.ParseIP(host) == nil {
		s.fail(name, errors.New("must be a host name or an IP address alone; the port has a variable of its own"))
	}
	return host
}

// mailboxes are mail addresses, separated by commas.
func (s *settings) mailboxes(name string) []string {
	if !s.has(name) {
		return nil
	}
	parsed, err := mail.ParseAddressList(s.text(name))
	if err != nil {
		s.fail(name, fmt.Errorf("must be mail addresses, separated by commas: %w", err))
	}
	all := make([]string, 0, len(parsed))
	for _, a := range parsed {
		all = append(all, a.Address)
	}
	return all
}
