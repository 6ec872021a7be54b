// SPDX-License-Identifier: Apache-2.0

package host

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/easy-erp/dbsync/collector"
)

// osKeys are the keys of os-release(5) that are labels.
var osKeys = []string{
	"build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name",
	"variant", "variant_id", "version", "version_codename", "version_id",
}

var (
	osInfo = gauge("node_os_info", "1, with what the distribution says of itself.", "/etc/os-release", osKeys...)
	// Named by node_exporter, which reads "22.04" as 22.04.
	osVersion = gauge("node_os_version", "Major and minor version of the distribution, as a number.",
		"/etc/os-release", "id", "id_like", "name")

	majorMinor = regexp.MustCompile(`^[0-9]+\.?[0-9]*`)
)

func (h *host) collectOS(_ context.Context, out *collector.Sink) error {
	data, err := os.ReadFile(h.path("etc/os-release"))
	if os.IsNotExist(err) {
		data, err = os.ReadFile(h.path("usr/lib/os-release"))
	}
	if os.IsNotExist(err) {
		return collector.Skip(collector.Unsupported, "no os-release file below the root")
	}
	if err != nil {
		return err
	}
	release := parseRelease(data)
	values := make([]string, len(osKeys))
	for i, key := range osKeys {
		values[i] = release[strings.ToUpper(key)]
	}
	out.Emit(osInfo, 1, values...)
	version, err := strconv.ParseFloat(majorMinor.FindString(release["VERSION_ID"]), 64)
	if err == nil {
		out.Emit(osVersion, version, release["ID"], release["ID_LIKE"], release["NAME"])
	}
	return nil
}

// parseRelease reads assignments of a shell, quoted or not; a backslash escapes
// the next character.
func parseRelease(data []byte) map[string]string {
	values := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
		key, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if n := len(value); n >= 2 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		values[key] = unescape(value)
	}
	return values
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
