#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Makes the release of the last commit twice, in two folders and with two empty build caches,
# and compares every byte. ONLY=linux/amd64 limits it to a platform.
set -euo pipefail

cd "$(dirname "$0")/../.."
revision=$(git rev-parse HEAD) branch=$(git rev-parse --abbrev-ref HEAD)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for turn in one two; do
    git clone --quiet --no-hardlinks . "$work/$turn/a folder of ${turn}"
    # The name of the branch is in the programs; a clone may have another one.
    # Somebody may commit meanwhile.
    git -C "$work/$turn/a folder of ${turn}" checkout --quiet -B "$branch" "$revision"
    GOCACHE="$work/$turn/cache" make -C "$work/$turn/a folder of ${turn}" release ONLY="${ONLY:-}"
    mv "$work/$turn/a folder of ${turn}/dist" "$work/dist-$turn"
    rm -rf "${work:?}/$turn"
done
diff --recursive --brief "$work/dist-one" "$work/dist-two"
cat "$work/dist-one/SHA256SUMS"
echo "two releases, the same bytes"
