# Read by the other scripts: how they speak, and how they install a package of the distribution.

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

is_root() {
    [ "$(id -u)" = 0 ]
}

# apt_install PACKAGE...: as root on a machine with apt; false anywhere else, and when it fails.
apt_install() {
    is_root && command -v apt-get >/dev/null 2>&1 || return 1
    say "installing $* from the distribution"
    DEBIAN_FRONTEND=noninteractive
    export DEBIAN_FRONTEND
    # The list of packages may be missing or old, as in a fresh container.
    apt-get install -y -q --no-install-recommends "$@" >&2 && return
    apt-get update -q >&2 && apt-get install -y -q --no-install-recommends "$@" >&2
}
