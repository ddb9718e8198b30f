#!/bin/bash
# Makes sure of the programs that the tests and the demonstration run and that pip cannot bring. Run
# by `make check`; `make demo-sites SSH=1` names the packages that it needs.
set -euo pipefail

find_postgres() {
    command -v postgres || compgen -G '/usr/lib/postgresql/*/bin/postgres' || compgen -G '/usr/pgsql-*/bin/postgres'
}

is_there() {
    case $1 in
    postgresql) find_postgres >/dev/null ;;
    util-linux) command -v setpriv >/dev/null ;;
    rsync) command -v rsync >/dev/null ;;
    openssh-client) command -v ssh >/dev/null && command -v ssh-keygen >/dev/null ;;
    openssh-server) [ -x /usr/sbin/sshd ] || command -v sshd >/dev/null ;;
    chromium) command -v chromium >/dev/null ;;
    nginx-light) [ -x /usr/sbin/nginx ] ;;
    libfaketime) compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null ;;
    *) echo "system_packages.sh knows no package '$1'." >&2 && exit 2 ;;
    esac
}

[ $# -gt 0 ] || set -- postgresql util-linux rsync openssh-client openssh-server libfaketime \
    chromium nginx-light
missing=()
for package in "$@"; do
    is_there "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

refuse() {
    echo "This needs the Debian package(s) ${missing[*]}: $1" >&2
    exit 1
}

as_root=()
command -v apt-get >/dev/null || refuse "install them by the means of this system."
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
    sudo -n true 2>/dev/null || refuse "run 'sudo apt-get install ${missing[*]}'."
fi

# A cluster, an SSH server and nginx are started as they are needed: none that packages start is.
echo "Installing ${missing[*]} ..."
export DEBIAN_FRONTEND=noninteractive
"${as_root[@]}" apt-get update -qq || refuse "'apt-get update' failed (see above)."
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    refuse "'apt-get install' failed (see above)."
[[ " ${missing[*]} " != *" postgresql "* ]] || find_postgres >/dev/null || refuse "it was installed, but has no 'postgres' program."
