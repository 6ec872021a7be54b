# SPDX-License-Identifier: Apache-2.0
# Makes the account and the folders. $1 is 1 for an installation, 2 for an upgrade.
systemd-sysusers dbsync.conf
systemd-tmpfiles --create dbsync.conf
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
fi
if [ "$1" -eq 1 ]; then
    echo "dbsync: edit /etc/dbsync/dbsync.yml, then: systemctl enable --now dbsync_exporter"
fi
