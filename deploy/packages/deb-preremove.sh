#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
set -e

if [ "$1" = remove ] && [ -z "${DPKG_ROOT:-}" ] && [ -d /run/systemd/system ]; then
    systemctl disable --now dbsync_exporter.service
fi
