#!/usr/bin/env bash
# Two images in the OCI's format, made from nothing, without a registry: the installer with what it installs, and the same with the
# coordinator. Each is one index with an image for each architecture. The same executables give the same digests, on any day and in any
# folder; docs/decisions/0017-the-image.md says how.
# usage: build.sh OUTPUT_DIRECTORY VERSION ARCHITECTURE=DIRECTORY_OF_EXECUTABLES…
set -euo pipefail
output=$(readlink -f "${1:?usage: build.sh OUTPUT_DIRECTORY VERSION ARCHITECTURE=DIRECTORY_OF_EXECUTABLES…}")
version=${2:?the version}
shift 2
[ $# -gt 0 ] || { echo "image: for which architecture?" >&2; exit 1; }
architectures=("$@")

# Every time in the images: no clock is read.
epoch=${SOURCE_DATE_EPOCH:-0}
plugins="bandwidth bridge dhcp dummy firewall flannel host-device host-local ipvlan loopback macvlan"
plugins+=" portmap ptp sbr sriov static tap tuning vlan vrf"

# The layer as a registry or a node gets it, compressed, in bytes.
limit_without=25000000
limit_with=40000000

die() { printf 'image: %s\n' "$*" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Storage of its own: what the machine has of images and containers is neither read nor written.
buildah() { command buildah --root "$work/storage" --runroot "$work/run" --storage-driver vfs "$@"; }

# stage EXECUTABLES DIRECTORY NAME…: the executables for the image. One process looks at all of them.
stage() {
    local bin=$1 directory=$2 name dynamic; shift 2
    for name in "$@"; do [ -x "$bin/$name" ] || die "$bin/$name is missing: ./build.sh makes it"; done
    dynamic=$(readelf --program-headers "${@/#/$bin/}" | awk '/^File: / { file = $2 } /INTERP/ { print file; exit }')
    [ -z "$dynamic" ] || die "${dynamic##*/} is not static: nothing in the image would load it"
    mkdir -p "$directory"
    install -m 0755 "${@/#/$bin/}" "$directory/"
    link_programs "$directory"
    find "$directory" -exec touch --no-dereference --date "@$epoch" {} +
}

# link_programs DIRECTORY: of the executables that are one program under several names one file is left, without a name, and links to it
# under all of them. The installer writes each name into its copy (shared/Install/InstallSource.cs).
link_programs() {
    local directory=$1 file offset size digest
    local -A firsts=()
    while read -r file offset size; do
        head --bytes "$((16#$size))" /dev/zero | dd of="$file" bs=1 seek="$((16#$offset))" conv=notrunc status=none
    done < <(readelf --section-headers --wide "$directory"/* \
        | awk '/^File: / { file = $2 } sub(/.* \.plugboard\.name +PROGBITS +/, "") { print file, $2, $3 }')
    while read -r digest file; do
        if [ -n "${firsts[$digest]:-}" ]; then ln --force "${firsts[$digest]}" "$file"; else firsts[$digest]=$file; fi
    done < <(sha256sum "$directory"/*)
}

# one NAME ARCHITECTURE EXECUTABLES LIMIT EXECUTABLE…: adds an architecture's image to NAME's blobs and its descriptor to NAME's list, and
# says digest and size.
one() {
    local name=$1 architecture=$2 bin=$3 limit=$4 container layout digest size manifest; shift 4
    layout=$work/$name-$architecture.oci
    stage "$bin" "$work/$name-$architecture/plugboard" "$@"
    container=$(buildah from scratch)
    buildah copy --quiet --chown 0:0 "$container" "$work/$name-$architecture" / >/dev/null
    buildah config --os linux --arch "$architecture" --env PATH=/plugboard --workingdir / --entrypoint '["/plugboard/installer"]' \
        --created-by deploy/image/build.sh --annotation "org.opencontainers.image.title=$name" \
        --annotation "org.opencontainers.image.version=$version" --annotation org.opencontainers.image.licenses=Apache-2.0 "$container"
    buildah commit --quiet --format oci --timestamp "$epoch" --disable-compression=false "$container" "oci:$layout:$name" >/dev/null
    buildah rm "$container" >/dev/null
    digest=$(jq -r '.manifests[0].digest' "$layout/index.json")
    manifest=$layout/blobs/sha256/${digest#sha256:}
    size=$(jq '[.layers[].size] | add' "$manifest")
    [ "$size" -le "$limit" ] || die "$name for $architecture has $size bytes compressed; at most $limit"
    cp "$layout"/blobs/sha256/* "$work/$name.oci/blobs/sha256/"
    jq -c --arg architecture "$architecture" \
        '.manifests[0] | {mediaType, digest, size, platform: {architecture: $architecture, os: "linux"}}' \
        "$layout/index.json" >> "$work/$name.list"
    printf '%s:%s  linux/%s  %s  %s bytes compressed (at most %s)\n' "$name" "$version" "$architecture" "$digest" "$size" "$limit"
}

# image NAME LIMIT EXECUTABLE…: writes NAME-image.tar, an index with an image for each architecture.
image() {
    local name=$1 limit=$2 each index digest; shift 2
    mkdir -p "$work/$name.oci/blobs/sha256"
    for each in "${architectures[@]}"; do one "$name" "${each%%=*}" "$(readlink -f "${each#*=}")" "$limit" "$@"; done
    index=$work/$name.index
    jq -cjs '{schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests: .}' "$work/$name.list" > "$index"
    digest=$(sha256sum < "$index" | cut -d' ' -f1)
    jq -cjn --arg digest "sha256:$digest" --argjson size "$(stat -c %s "$index")" --arg name "localhost/$name:$version" \
        '{schemaVersion: 2, manifests: [{mediaType: "application/vnd.oci.image.index.v1+json", digest: $digest, size: $size,
          annotations: {"org.opencontainers.image.ref.name": $name}}]}' > "$work/$name.oci/index.json"
    mv "$index" "$work/$name.oci/blobs/sha256/$digest"
    printf '{"imageLayoutVersion":"1.0.0"}' > "$work/$name.oci/oci-layout"
    # Not the modes of the user that runs this.
    chmod -R u=rwX,go=rX "$work/$name.oci"
    tar --create --file "$output/$name-image.tar.new" --directory "$work/$name.oci" \
        --sort name --mtime "@$epoch" --owner 0 --group 0 --numeric-owner --format gnu .
    mv "$output/$name-image.tar.new" "$output/$name-image.tar"
    printf '%s:%s  index  sha256:%s\n' "$name" "$version" "$digest"
}

mkdir -p "$work/storage" "$work/run"
# shellcheck disable=SC2086
image plugboard-plugins "$limit_without" installer flexvolume $plugins
# shellcheck disable=SC2086
image plugboard "$limit_with" installer coordinator flexvolume $plugins
