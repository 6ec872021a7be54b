// SPDX-License-Identifier: Apache-2.0

// Package config reads the exporter's configuration: one YAML file, or flags
// and the environment alone.
//
// Reading is strict. Every key is known, every value has the type that its key
// wants, and every problem is reported at once, each with its file, line, key
// and remedy. What comes out is a [Config], which cannot be changed and has been
// validated as a whole: whoever holds one need not check again.
//
// Secrets are of type [Secret], which prints as "<secret>" whatever the verb.
package config
