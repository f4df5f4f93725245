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
# On Debian, what puts pip into an environment is a package of its own. Where it is missing and cannot
# be installed, pip comes from where the clients come from.
make_venv() {
    python3 -m venv --clear .venv >/dev/null 2>&1
}
without_ensurepip() {
    python3 -m venv --clear --without-pip .venv >&2 && .venv/bin/python scripts/pip.py >&2
}
make_venv || { apt_install python3-venv && make_venv; } || without_ensurepip ||
    fail "a Python environment could not be made: install the package \`python3-venv\`"
say "installing the clients that the tests use"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -r "$wanted" >&2
cp "$wanted" "$done_for"
