#!/usr/bin/env bash
# Two images in the OCI's format, made from nothing, without a registry: the installer with what it installs, and the same with the coordinator.
# The same executables give the same digests, on any day and in any folder; docs/decisions/0017-the-image.md says how.
# usage: build.sh DIRECTORY_OF_EXECUTABLES OUTPUT_DIRECTORY VERSION
set -euo pipefail
bin=$(readlink -f "${1:?usage: build.sh DIRECTORY_OF_EXECUTABLES OUTPUT_DIRECTORY VERSION}")
output=$(readlink -f "${2:?the directory for the archives}")
version=${3:?the version}

# Every time in the images: no clock is read.
epoch=${SOURCE_DATE_EPOCH:-0}
plugins="bridge flannel host-local loopback portmap"

# The layer as a registry or a node gets it, compressed, in bytes.
limit_without=15000000
limit_with=40000000

die() { printf 'image: %s\n' "$*" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Storage of its own: what the machine has of images and containers is neither read nor written.
buildah() { command buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

# stage DIRECTORY NAME…: the executables for the image.
stage() {
    local directory=$1 name; shift
    mkdir -p "$directory"
    for name in "$@"; do
        [ -x "$bin/$name" ] || die "$bin/$name is missing: ./build.sh makes it"
        ! readelf --program-headers "$bin/$name" | grep -q INTERP || die "$name is not static: nothing in the image would load it"
        install -m 0755 "$bin/$name" "$directory/$name"
    done
    find "$directory" -exec touch --no-dereference --date "@$epoch" {} +
}

# image NAME LIMIT EXECUTABLE…: writes NAME-image.tar and says its digest and size.
image() {
    local name=$1 limit=$2 container digest size; shift 2
    stage "$work/$name/plugboard" "$@"
    container=$(buildah from scratch)
    buildah copy --quiet --chown 0:0 "$container" "$work/$name" / >/dev/null
    buildah config --os linux --arch amd64 --env PATH=/plugboard --workingdir / --entrypoint '["/plugboard/installer"]' --created-by deploy/image/build.sh \
        --annotation "org.opencontainers.image.title=$name" --annotation "org.opencontainers.image.version=$version" \
        --annotation org.opencontainers.image.licenses=Apache-2.0 "$container"
    buildah commit --quiet --format oci --timestamp "$epoch" --disable-compression=false "$container" "oci:$work/$name.oci:localhost/$name:$version" >/dev/null
    buildah rm "$container" >/dev/null
    digest=$(jq -r '.manifests[0].digest' "$work/$name.oci/index.json")
    size=$(jq '[.layers[].size] | add' "$work/$name.oci/blobs/sha256/${digest#sha256:}")
    [ "$size" -le "$limit" ] || die "$name has $size bytes compressed; at most $limit"
    tar --create --file "$output/$name-image.tar.new" --directory "$work/$name.oci" --sort name --mtime "@$epoch" --owner 0 --group 0 --numeric-owner --format gnu .
    mv "$output/$name-image.tar.new" "$output/$name-image.tar"
    printf '%s:%s  %s  %s bytes compressed (at most %s)\n' "$name" "$version" "$digest" "$size" "$limit"
}

mkdir -p "$work/storage" "$work/run"
# shellcheck disable=SC2086
image plugboard-plugins "$limit_without" installer flexvolume $plugins
# shellcheck disable=SC2086
image plugboard "$limit_with" installer coordinator flexvolume $plugins
