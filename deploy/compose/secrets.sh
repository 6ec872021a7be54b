#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Creates the files that docker-compose.yml hands to the containers, and keeps those that
# are there. Passwords are random; what only you can know is left empty to be filled in.
#
# The folder is for you alone; the files in it are readable, because each container runs as
# an account of its own and sees the file, not the folder.
set -eu

cd "$(dirname "$0")"
mkdir -p secrets backup
chmod 0700 secrets

# write NAME: stores standard input as a secret, unless there is one.
write() {
    if [ -e "secrets/$1" ]; then
        cat >/dev/null
        return
    fi
    cat >"secrets/$1"
    chmod 0644 "secrets/$1"
    echo "created secrets/$1"
}

random() { LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 32; }

for name in mysql_root_password dbsync_password grafana_admin_password; do
    random | write "$name"
done
for name in smtp_password slack_dev_url slack_ops_url oncall_token; do
    write "$name" </dev/null
done
