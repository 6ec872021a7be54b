// SPDX-License-Identifier: Apache-2.0

package operator

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

func convertReceiver(in, global object) (object, error) {
	out := object{}
	for key, value := range in {
		if key == "name" {
			out[key] = value
			continue
		}
		var blocks []any
		for _, b := range list(value) {
			block, err := convertBlock(key, mapping(b))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", key, err)
			}
			if key == "email_configs" {
				if err := addServer(block, global); err != nil {
					return nil, err
				}
			}
			blocks = append(blocks, block)
		}
		out[camel(key)] = blocks
	}
	return out, nil
}

// isSecret tells the keys that hold a secret, which this kind of object reads
// from a Secret only.
func isSecret(kind, key string) bool {
	switch key {
	case "api_secret", "bot_token", "credentials", "routing_key", "secret_key", "access_key", "token", "user_key", "webhook_url":
		return true
	}
	return key == "api_url" && kind == "slack_configs"
}

// rename gives the names that the operator does not derive from Alertmanager's.
func rename(kind, key string) string {
	switch kind + "/" + key {
	case "discord_configs/webhook_url":
		return "apiURL"
	case "webhook_configs/url": // as a file
		return "urlSecret"
	}
	return camel(key)
}

func convertBlock(kind string, in object) (object, error) {
	out := object{}
	for _, key := range slices.Sorted(maps.Keys(in)) {
		value := in[key]
		plain, isFile := strings.CutSuffix(key, "_file")
		switch {
		case isFile:
			out[rename(kind, plain)] = reference(value)
		case isSecret(kind, key):
			return nil, fmt.Errorf("%s is given as a value: give it as a file in the values, and a Secret %s with a key of that file's name; "+
				"and an alertmanager.version that reads it, such as 0.33", key, SecretName)
		case key == "payload":
			return nil, errors.New("payloads of one's own are not part of this kind of object: give the Alertmanager the file as spec.configSecret")
		case key == "headers", key == "details":
			out[key] = pairs(mapping(value))
		case key == "links":
			out["pagerDutyLinkConfigs"] = links(value)
		case key == "http_config", key == "authorization", key == "sigv4":
			block, err := convertBlock(kind, mapping(value))
			if err != nil {
				return nil, err
			}
			out[camel(key)] = block
		case key == "tls_config":
			out["tlsConfig"] = object{"ca": object{"secret": reference(mapping(value)["ca_file"])}}
		default:
			out[camel(key)] = value
		}
	}
	return out, nil
}

// addServer gives a mail the server that alertmanager.yml has once for all.
func addServer(block, global object) error {
	if global["smtp_auth_password"] != nil {
		return errors.New("smtp password is given as a value: give password_file")
	}
	for key, name := range map[string]string{
		"smtp_smarthost": "smarthost", "smtp_from": "from", "smtp_auth_username": "authUsername", "smtp_require_tls": "requireTLS",
	} {
		if value, ok := global[key]; ok {
			block[name] = value
		}
	}
	if file, ok := global["smtp_auth_password_file"]; ok {
		block["authPassword"] = reference(file)
	}
	return nil
}

// reference is the key of the Secret that stands for a file.
func reference(file any) object {
	return object{"name": SecretName, "key": path.Base(fmt.Sprint(file))}
}

func pairs(m object) []any {
	var out []any
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, object{"key": key, "value": m[key]})
	}
	return out
}

func links(value any) []any {
	var out []any
	for _, l := range list(value) {
		link := mapping(l)
		out = append(out, object{"href": link["href"], "alt": link["text"]})
	}
	return out
}
