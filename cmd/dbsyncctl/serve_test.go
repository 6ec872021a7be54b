// SPDX-License-Identifier: Apache-2.0

//go:build unix

package main

import "testing"

func TestServeIsForEverybodyOnlyWithAccounts(t *testing.T) {
	for _, c := range []struct {
		address, config string
		may             bool
	}{
		{"127.0.0.1:1", "", true},
		{"localhost:1", "", true},
		{"[::1]:1", "", true},
		{":1", "", false},
		{"0.0.0.0:1", "", false},
		{"10.0.0.1:1", "", false},
		{"0.0.0.0:1", "web.yml", true},
		{"nonsense", "web.yml", false},
	} {
		if err := mayListen(c.address, c.config); (err == nil) != c.may {
			t.Errorf("%s %q: %v", c.address, c.config, err)
		}
	}
}
