{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}

{{- define "dbsync.name" -}}
{{- if contains "dbsync" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-dbsync" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "dbsync.selector" -}}
app.kubernetes.io/name: dbsync-exporter
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dbsync.labels" -}}
{{ include "dbsync.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- /* The target that /metrics serves: the named one, or the only one. */ -}}
{{- define "dbsync.defaultTarget" -}}
{{- $mysql := .Values.config.mysql | default dict }}
{{- with $mysql.default_target }}{{ . }}{{ else }}{{ (first (required "config.mysql.targets: name at least one database server" $mysql.targets)).name }}{{ end }}
{{- end }}

{{- /* The ports of the targets, each once, as a YAML list; sockets have none. */ -}}
{{- define "dbsync.ports" -}}
{{- $ports := list }}
{{- range .Values.config.mysql.targets }}
{{- if not (hasPrefix "unix:" .address) }}
{{- $port := regexFind ":[0-9]+$" .address | trimPrefix ":" | default "3306" | int }}
{{- $ports = append $ports $port }}
{{- end }}
{{- end }}
{{- range .Values.networkPolicy.ports }}{{ $ports = append $ports (int .) }}{{ end }}
{{- range (uniq $ports) }}
- {protocol: TCP, port: {{ . }}}
{{- end }}
{{- end }}
