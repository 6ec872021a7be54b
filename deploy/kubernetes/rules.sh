#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Writes the shipped rules as PrometheusRule objects, for the Prometheus Operator, and the
# dashboards as ConfigMaps that Grafana's sidecar loads:
#
#   deploy/kubernetes/rules.sh | kubectl -n dbsync apply -f -
#
# Your Prometheus has to select the rules; many select by a label such as release.
set -eu

cd "$(dirname "$0")/../.."

indent() { sed 's/^\(.\)/'"$1"'\1/' "$2"; }

for file in rules/*.rules.yml; do
    cat <<YAML
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: dbsync-$(basename "$file" .rules.yml)
  labels: {app.kubernetes.io/name: dbsync}
spec:
YAML
    indent '  ' "$file"
done

for file in grafana/dashboards/*.json; do
    cat <<YAML
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: $(basename "$file" .json)
  labels: {app.kubernetes.io/name: dbsync, grafana_dashboard: "1"}
data:
  $(basename "$file"): |
YAML
    indent '    ' "$file"
done
