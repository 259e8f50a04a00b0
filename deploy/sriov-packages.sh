#!/usr/bin/env bash
# Downloads what a guest with SR-IOV needs and unpacks it below a directory: qemu with the network card igb (10 of bookworm-backports;
# Debian 12's own 7.2 lacks it), a kernel with its driver, busybox. Nothing is installed, and the machine's apt and dpkg are only read. What
# the machine has already is left out.
# usage: sriov-packages.sh DIRECTORY
set -euo pipefail
directory=${1:?usage: sriov-packages.sh DIRECTORY}
mkdir -p "$directory"
directory=$(readlink -f "$directory")
[ ! -e "$directory/.complete" ] || exit 0
state=$directory/.apt
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$directory/.packages"
key=/usr/share/keyrings/debian-archive-keyring.gpg
printf 'deb [signed-by=%s] http://deb.debian.org/debian %s main\n' $key bookworm $key bookworm-backports > "$state/sources.list"
options=(-qq -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$state"
    -o Dir::State::lists="$state/lists" -o Dir::State::status=/var/lib/dpkg/status -o Dir::Cache="$state/cache" -o Dir::Cache::pkgcache=
    -o Dir::Cache::srcpkgcache= -o APT::Install-Recommends=false)
apt-get "${options[@]}" update
kernel=$(apt-cache "${options[@]}" depends linux-image-amd64/bookworm | sed -n 's/^ *Depends: \(linux-image-6[^ ]*\)$/\1/p' | head -1)
cd "$directory/.packages"
apt-get "${options[@]}" --print-uris -t bookworm-backports install qemu-system-x86 | sed "s/^'\([^']*\)'.*/\1/" > uris
while read -r uri; do curl -fsS -O "$uri"; done < uris
apt-get "${options[@]}" download busybox-static "$kernel"
for package in *.deb; do dpkg-deb --extract "$package" "$directory"; done
: > "$directory/.complete"
