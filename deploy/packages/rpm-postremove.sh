# SPDX-License-Identifier: Apache-2.0
# $1 is how many versions stay.
if [ -d /run/systemd/system ]; then
    systemctl daemon-reload
    if [ "$1" -ge 1 ]; then
        systemctl try-restart dbsync_exporter.service
    fi
fi
