#!/bin/bash
# Makes sure of the programs that the tests run and that pip cannot bring. Run by `make check`.
set -euo pipefail

find_postgres() {
    command -v postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' || compgen -G '/usr/pgsql-*/bin/postgres'
}

missing=()
find_postgres >/dev/null || missing+=(postgresql)
command -v setpriv >/dev/null || missing+=(util-linux)
command -v rsync >/dev/null || missing+=(rsync)
command -v ssh >/dev/null && command -v ssh-keygen >/dev/null || missing+=(openssh-client)
[ -x /usr/sbin/sshd ] || command -v sshd >/dev/null || missing+=(openssh-server)
[ ${#missing[@]} -gt 0 ] || exit 0

refuse() {
    echo "make check needs the Debian package(s) ${missing[*]}: $1" >&2
    exit 1
}

as_root=()
command -v apt-get >/dev/null || refuse "install them by the means of this system."
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
    sudo -n true 2>/dev/null || refuse "run 'sudo apt-get install ${missing[*]}'."
fi

# The tests start a cluster and an SSH server of their own, and need none that the packages start.
echo "Installing ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq || refuse "'apt-get update' failed (see above)."
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    refuse "'apt-get install' failed (see above)."
[[ " ${missing[*]} " != *" postgresql "* ]] || find_postgres >/dev/null || refuse "it was installed, but has no 'postgres' program."
