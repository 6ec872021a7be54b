# SPDX-License-Identifier: Apache-2.0
# $1 is how many versions stay.
if [ "$1" -eq 0 ] && [ -d /run/systemd/system ]; then
    systemctl disable --now dbsync_exporter.service
fi
