#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Run once, by the MySQL image, when its data directory is new: creates the account that the
# exporter logs in with. It may read what it watches, and write nothing.
set -eu

password=$(cat /run/secrets/dbsync_password)
case $password in
*[!A-Za-z0-9]*)
    echo "dbsync_password may have letters and digits only: it is put into SQL as it is" >&2
    exit 1
    ;;
esac

mysql --user=root --password="$(cat /run/secrets/root_password)" <<SQL
CREATE USER dbsync@localhost IDENTIFIED BY '$password' WITH MAX_USER_CONNECTIONS 5;
GRANT PROCESS, REPLICATION CLIENT ON *.* TO dbsync@localhost;
GRANT SELECT ON performance_schema.* TO dbsync@localhost;
GRANT SELECT ON easy_erp.* TO dbsync@localhost;
SQL
