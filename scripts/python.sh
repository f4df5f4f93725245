#!/bin/sh
# Makes .venv, the Python environment of the client tests, from tests/client/requirements.txt; does
# nothing when that has not changed.
set -eu
. "$(dirname "$0")/say.sh"
cd "$(dirname "$0")/.."

wanted=tests/client/requirements.txt
done_for=.venv/requirements.txt
cmp -s "$wanted" "$done_for" && .venv/bin/python -c '' 2>/dev/null && exit 0

sh scripts/need.sh python
make_venv() {
    python3 -m venv --clear .venv >&2
}
# On Debian the module is a package of its own.
make_venv || { apt_install python3-venv && make_venv; } ||
    fail "Python's venv module does not work: install the package \`python3-venv\`"
say "installing the clients that the tests use"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted" >&2
cp "$wanted" "$done_for"
