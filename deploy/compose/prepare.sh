#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Run by the service "prepare" before the others: makes the passwords that nobody has to know,
# once, in volumes that only those who need them mount. Folders are the arguments' default.
set -eu
umask 022

secrets=${1:-/secrets}

random() { LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 32; }

# once FILE...: the same new password in each file, unless the first one is there.
once() {
    [ ! -s "$1" ] || return 0
    password=$(random)
    for file; do
        printf '%s' "$password" >"$file"
        chmod 0444 "$file" # each container runs as an account of its own
    done
    echo "made $*"
}

once "$secrets/mysql/root_password"
once "$secrets/mysql/dbsync_password" "$secrets/exporter/mysql.password"
once "$secrets/grafana/admin_password"
