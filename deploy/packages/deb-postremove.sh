#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Purging takes reported runs and configuration away; the account stays, so that no other one
# ever gets its number and with it the files that somebody forgot.
set -e

root=${DPKG_ROOT:-}
if [ "$1" = purge ]; then
    rm -rf "$root/var/lib/dbsync"
    rm -f "$root/etc/dbsync/mysql.password"
    rmdir --ignore-fail-on-non-empty "$root/etc/dbsync" 2>/dev/null || true
fi
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
