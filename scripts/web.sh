#!/bin/sh
# Builds the front end into web/dist: packages from the lock file when that changed, then the bundle
# when a source changed. Says nothing when there is nothing to do.
set -eu
. "$(dirname "$0")/say.sh"
cd "$(dirname "$0")/.."
[ -e web/designer/package.json ] || exit 0

sh scripts/packages.sh web/designer
cd web/designer
# Written only when the whole bundle was.
built=../dist/.built
if [ ! -e "$built" ] ||
    [ -n "$(find . -name node_modules -prune -o -type f -newer "$built" -print | head -n 1)" ]; then
    say "building the front end"
    npm run --silent build >&2
    touch "$built"
fi
