#!/bin/sh
# Installs Lambda's official Python client, awslambdaric, for the Python that this machine has, into
# .tools/lambda-clients/python3.N; does nothing when it is there. Versions are pinned in
# scripts/runtimes.txt, with what each of them needs.
set -eu
. "$(dirname "$0")/say.sh"
cd "$(dirname "$0")/.."

sh scripts/need.sh python
runtime=$(python3 -c 'import sys; print("python3.%d" % sys.version_info.minor)')
folder=.tools/lambda-clients/$runtime
cmp -s scripts/runtimes.txt "$folder/runtimes.txt" && exit 0

say "installing Lambda's client for $runtime"
rm -rf "$folder" "$folder.new"
# The pip of the clients' environment, where the machine's own Python has none.
python3 -m pip --version >/dev/null 2>&1 && python=python3 || { sh scripts/python.sh; python=.venv/bin/python; }
"$python" -m pip install --quiet --disable-pip-version-check --no-compile --target "$folder.new" \
    -r scripts/runtimes.txt >&2
cp scripts/runtimes.txt "$folder.new/"
mv "$folder.new" "$folder"
