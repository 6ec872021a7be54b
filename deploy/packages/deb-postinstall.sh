#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes the account and the folders. The service is not started: it needs the address of a
# server and a password first. An upgrade restarts it where it runs.
set -e

[ "$1" = configure ] || exit 0

root=${DPKG_ROOT:-}
if command -v systemd-sysusers >/dev/null; then
    systemd-sysusers --root="$root/" dbsync.conf
    systemd-tmpfiles --root="$root/" --create dbsync.conf
elif ! getent passwd dbsync >/dev/null; then
    useradd --system --user-group --home-dir /var/lib/dbsync --no-create-home --shell /usr/sbin/nologin dbsync
fi
if ! command -v systemd-tmpfiles >/dev/null; then
    install -d -o dbsync -g dbsync -m 0750 /var/lib/dbsync
    install -d -o dbsync -g dbsync -m 0770 /var/lib/dbsync/incoming
    chgrp dbsync /etc/dbsync /etc/dbsync/dbsync.yml
    chmod 0750 /etc/dbsync
fi

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if [ -n "$2" ]; then
        systemctl try-restart dbsync_exporter.service
    fi
fi
if [ -z "$2" ]; then
    echo "dbsync: edit /etc/dbsync/dbsync.yml, then: systemctl enable --now dbsync_exporter"
fi
