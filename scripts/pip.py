"""Puts pip into the environment that runs this: for a Python whose ensurepip is a package of its own, as
Debian's is, and a user who cannot install that. One pinned wheel, checked by its hash."""

import hashlib
import html.parser
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

INDEX = "https://pypi.org/simple/pip/"
WHEEL = "pip-26.3-py3-none-any.whl"
SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
BYTES_MAX = 8 << 20
SECONDS_MAX = 60


class Links(html.parser.HTMLParser):
    """Where the index says that the wheel is."""

    wheel = None

    def handle_starttag(self, tag, attributes):
        address = dict(attributes).get("href") or ""
        if tag == "a" and urllib.parse.urlsplit(address).path.endswith(f"/{WHEEL}"):
            self.wheel = urllib.parse.urljoin(INDEX, address)


def read(address):
    with urllib.request.urlopen(address, timeout=SECONDS_MAX) as answer:
        return answer.read(BYTES_MAX)


def main():
    links = Links()
    links.feed(read(INDEX).decode())
    if links.wheel is None:
        sys.exit(f"{INDEX} does not have {WHEEL}")
    wheel = read(links.wheel)
    if hashlib.sha256(wheel).hexdigest() != SHA256:
        sys.exit(f"{links.wheel} is not the file that was expected")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, WHEEL)
        path.write_bytes(wheel)
        # A wheel is an archive that Python can run from; it installs itself.
        pip = [sys.executable, path / "pip", "install", "--quiet", "--no-index", path]
        subprocess.run(pip, check=True)


main()
