#!/bin/sh
# Makes sure that PgBouncer is there, for the tests that run behind it. Where it is not and we cannot
# install it, it says how: those tests are then left out.
set -eu
. "$(dirname "$0")/say.sh"

is_there() {
    command -v pgbouncer >/dev/null 2>&1 || [ -x /usr/sbin/pgbouncer ]
}

is_there && exit 0
apt_install pgbouncer && is_there && exit 0
say "the tests behind a pooler need PgBouncer: install the package \`pgbouncer\`"
