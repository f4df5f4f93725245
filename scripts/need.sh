#!/bin/sh
# need.sh TOOL...: checks that what the project takes for granted is there (rust, node, python).
set -eu
. "$(dirname "$0")/say.sh"

# at_least WANTED FOUND: compares major.minor.
at_least() {
    awk -v wanted="$1" -v found="$2" 'BEGIN {
        split(wanted, w, "."); split(found, f, ".")
        exit !(f[1] > w[1] || (f[1] == w[1] && f[2] + 0 >= w[2] + 0))
    }'
}

# check NAME COMMAND WANTED ADVICE
check() {
    command -v "$2" >/dev/null 2>&1 ||
        fail "$1 is needed and \`$2\` was not found: $4"
    found=$("$2" --version 2>&1 | sed -n 's/[^0-9]*\([0-9][0-9]*\.[0-9][0-9]*\).*/\1/p' | head -n 1)
    at_least "$3" "${found:-0.0}" ||
        fail "$1 $3 or newer is needed, and \`$2\` is ${found:-of an unknown version}: $4"
}

for tool in "$@"; do
    case $tool in
    rust) check Rust cargo 1.95 "get it with rustup, https://rustup.rs" ;;
    node)
        check Node node 20.0 "get it from https://nodejs.org or your distribution (nodejs, npm)"
        check npm npm 9.0 "it comes with Node; on Debian it is the package npm"
        ;;
    python) check Python python3 3.10 "get it from your distribution (python3, python3-venv)" ;;
    *) fail "need.sh does not know $tool" ;;
    esac
done
