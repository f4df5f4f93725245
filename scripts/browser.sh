#!/bin/sh
# Makes sure that there is a Chromium for the browser tests, and prints its path. Where there is none
# and we cannot install one, it says how and prints nothing: the tests are then left out.
set -eu
. "$(dirname "$0")/say.sh"

# A name alone is not enough: Ubuntu's chromium is a stand-in that asks for snap.
works() {
    command -v "$1" >/dev/null 2>&1 && "$1" --version >/dev/null 2>&1
}

find_one() {
    for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
        if [ -n "$name" ] && works "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

find_one && exit 0
apt_install chromium && find_one && exit 0
say "the browser tests need Chromium: install the package \`chromium\`, or name a program in CHROMIUM"
