#!/bin/bash
# Lets a neighbour's agents bring files to this host by rsync over SSH. Run as root, once for each key.
set -euo pipefail

usage="usage: install.sh ACCOUNT PUBLIC-KEY-FILE STORE-ROOT [STORE-ROOT ...]
ACCOUNT is the neighbour's account at this site's catalogue. LIBRARIAN_USER (librarian) is the user
of the store agent; LIBRARIAN_RECEIVE (/opt/librarian/bin/librarian-receive) is the forced command."

refuse() {
    echo "install.sh: $1" >&2
    exit 1
}

[ $# -ge 3 ] || refuse "$usage"
account=$1 key_file=$2
shift 2
user=${LIBRARIAN_USER:-librarian}
receive=${LIBRARIAN_RECEIVE:-/opt/librarian/bin/librarian-receive}
etc=${LIBRARIAN_ETC:-/etc}

[[ $account =~ ^[a-z0-9][a-z0-9._-]{0,63}$ ]] || refuse "'$account' is not an account's name."
[[ $user =~ ^[a-z_][a-z0-9_-]*$ ]] || refuse "'$user' is not a user's name."
[ -x "$receive" ] || refuse "there is no $receive: install the Librarian, or set LIBRARIAN_RECEIVE."
key=$(grep -E '^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/]+=*' "$key_file") ||
    refuse "there is no public key in $key_file."
[ "$(wc -l <<<"$key")" -eq 1 ] || refuse "$key_file has more than one key in it."

command=$receive" --peer "$account
for root in "$@"; do
    # What is in quotes in a line of authorized_keys, and read by a shell, is best kept plain.
    [[ $root =~ ^/[A-Za-z0-9/._+@%=,-]*$ ]] || refuse "the root '$root' is no plain absolute path."
    [ -e "$root/.librarian-store" ] || refuse "no store is at $root: open it first."
    command+=" --beneath ${root%/}"
done

keys=$etc/librarian/authorized_keys
install -d -m 0755 "$keys"
touch "$keys/$user"
chmod 0644 "$keys/$user"
line="restrict,command=\"$command\" $key"
if grep -qxF -- "$line" "$keys/$user"; then
    echo "The key is there already."
elif grep -qF -- "$(cut -d' ' -f2 <<<"$key")" "$keys/$user"; then
    refuse "the key is in $keys/$user with other rights: remove that line first."
else
    echo "$line" >>"$keys/$user"
    echo "Added the key of $account to $keys/$user."
fi

# sshd opens the file as the user who logs in.
if [ "$(id -u)" -eq 0 ] && ! runuser -u "$user" -- test -r "$keys/$user"; then
    refuse "$user cannot read $keys/$user: run chmod o+x on the directories above it."
fi

here=$(dirname "$(readlink -f "$0")")
if [ -d "$etc/ssh/sshd_config.d" ]; then
    sed "s/^Match User librarian$/Match User $user/" "$here/librarian.conf" >"$etc/ssh/sshd_config.d/librarian.conf"
    echo "Now run 'sshd -t' and 'systemctl reload ssh'."
else
    echo "Put $here/librarian.conf at the end of $etc/ssh/sshd_config, then run 'sshd -t' and reload sshd."
fi
for kind in ed25519 ecdsa rsa; do
    host_key=$etc/ssh/ssh_host_${kind}_key.pub
    if [ -r "$host_key" ]; then
        echo "The neighbour pins this host key: $(cut -d' ' -f1,2 "$host_key")"
        break
    fi
done
