#!/usr/bin/env bash
# Downloads User Mode Linux of Debian's testing distribution, with the C library it needs, and unpacks them below a directory. Debian 12's
# own, 6.1, does not run on processors with AMX: a kernel before 6.13 has no room for their registers. Nothing is installed, and the
# machine's apt and dpkg are only read.
# usage: uml-packages.sh DIRECTORY; then, in DIRECTORY/usr: LD_LIBRARY_PATH=DIRECTORY/usr/lib/x86_64-linux-gnu bin/linux.uml …
set -euo pipefail
directory=${1:?usage: uml-packages.sh DIRECTORY}
mkdir -p "$directory"
directory=$(readlink -f "$directory")
[ ! -e "$directory/.complete" ] || exit 0
state=$directory/.apt
# Of a download that was cut off: another version may be the newest now.
rm -rf "$directory/.packages"
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$directory/.packages"
printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian forky main\n' > "$state/sources.list"
: > "$state/status"
options=(-qq -o APT::Sandbox::User=root -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$state"
    -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" -o Dir::Cache="$state/cache" -o Dir::Cache::pkgcache=
    -o Dir::Cache::srcpkgcache=)
apt-get "${options[@]}" update
cd "$directory/.packages"
apt-get "${options[@]}" download user-mode-linux libc6
for package in *.deb; do dpkg-deb --extract "$package" "$directory"; done
# Its program interpreter is the one below the working directory, which has just this C library.
LC_ALL=C sed -i 's|/\(lib64/ld-linux-x86-64.so.2\x00\)|\1\x00|' "$directory/usr/bin/linux.uml"
cd "$directory/usr"
LD_LIBRARY_PATH=$directory/usr/lib/x86_64-linux-gnu bin/linux.uml --version
: > "$directory/.complete"
