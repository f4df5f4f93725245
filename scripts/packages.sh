#!/bin/sh
# packages.sh FOLDER: the npm packages of a folder, from its lock file, when that has changed.
set -eu
. "$(dirname "$0")/say.sh"
scripts=$(cd "$(dirname "$0")" && pwd)

cd "$1" 2>/dev/null || exit 0
[ -e package-lock.json ] || exit 0
sh "$scripts/need.sh" node
# Written only when everything was installed.
installed=node_modules/.installed-lock
if ! cmp -s package-lock.json "$installed"; then
    say "installing the npm packages of $1"
    npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >&2
    cp package-lock.json "$installed"
fi
