#!/bin/sh
# Builds the front end into web/dist: packages from the lock file when that changed, then the bundle
# when a source changed. Says nothing when there is nothing to do.
set -eu
. "$(dirname "$0")/say.sh"
cd "$(dirname "$0")/../web/designer" 2>/dev/null || exit 0
[ -e package.json ] || exit 0

sh ../../scripts/need.sh node
installed=node_modules/.stepwright-lock
if ! cmp -s package-lock.json "$installed"; then
    say "installing the front end's packages"
    npm ci --no-audit --no-fund --loglevel=error >&2
    cp package-lock.json "$installed"
fi
built=../dist/.built
if [ ! -e "$built" ] || [ -n "$(find . -name node_modules -prune -o -type f -newer "$built" -print | head -n 1)" ]; then
    say "building the front end"
    npm run --silent build >&2
    touch "$built"
fi
