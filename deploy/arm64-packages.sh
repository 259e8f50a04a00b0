#!/usr/bin/env bash
# Downloads Debian packages of arm64 and unpacks them below a directory; nothing is installed, and the machine's apt and dpkg are only read.
# linux-image-cloud-arm64 stands for the newest kernel's package, on which it depends.
# usage: arm64-packages.sh DIRECTORY PACKAGE…
set -euo pipefail
directory=${1:?usage: arm64-packages.sh DIRECTORY PACKAGE…}
shift
mkdir -p "$directory"
directory=$(readlink -f "$directory")
state=$directory/.apt
mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$directory/.packages"
: > "$state/status"
apt() {
    apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures::=arm64 -o APT::Sandbox::User=root \
        -o Dir::State="$state" -o Dir::State::lists="$state/lists" -o Dir::State::status="$state/status" \
        -o Dir::Cache="$state/cache" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"
}
[ -n "$(find "$state/lists" -name '*_Packages*' -print -quit)" ] || apt update
# unpack PACKAGE
unpack() {
    local depends
    compgen -G "$directory/.packages/$1_*.deb" >/dev/null && return
    (cd "$directory/.packages" && apt download "$1:arm64")
    dpkg-deb --extract "$directory/.packages/$1"_*.deb "$directory"
    [ "$1" != linux-image-cloud-arm64 ] && return
    depends=$(dpkg-deb -f "$directory/.packages/$1"_*.deb Depends)
    unpack "${depends%% *}"
}

for package in "$@"; do unpack "$package"; done
