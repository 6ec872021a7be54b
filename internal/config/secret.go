// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"log/slog"
)

// masked stands for every secret in whatever is shown.
const masked = "<secret>"

// Secret is a text that never prints: every way of formatting, marshalling or
// logging it gives "<secret>". Only Reveal returns it.
type Secret struct{ value string }

// NewSecret wraps a text.
func NewSecret(value string) Secret { return Secret{value} }

// Reveal returns the text.
func (s Secret) Reveal() string { return s.value }

// IsZero reports whether there is no secret at all.
func (s Secret) IsZero() bool { return s.value == "" }

// String returns the mask.
func (s Secret) String() string { return masked }

// Format writes the mask for every verb: without it %d would print the fields.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(masked)) }

// LogValue returns the mask.
func (s Secret) LogValue() slog.Value { return slog.StringValue(masked) }

// MarshalText returns the mask, for JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(masked), nil }

// MarshalYAML returns the mask.
func (s Secret) MarshalYAML() (any, error) { return masked, nil }

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	s.value = string(text)
	return nil
}
