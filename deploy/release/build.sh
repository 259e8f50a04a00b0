#!/usr/bin/env bash
# The folder of a release: for each architecture an archive with the executables and all that is read beside them, and its SBOM; the images
# where they are there, and the digests of all. The same sources give the same bytes.
# usage: build.sh OUTPUT_DIRECTORY VERSION ARCHITECTURE=DIRECTORY_OF_EXECUTABLES…
set -euo pipefail
mkdir -p "${1:?usage: build.sh OUTPUT_DIRECTORY VERSION ARCHITECTURE=DIRECTORY_OF_EXECUTABLES…}"
output=$(readlink -f "$1")
version=${2:?the version}
shift 2
[ $# -gt 0 ] || { echo "release: for which architecture?" >&2; exit 1; }
architectures=()
for each in "$@"; do architectures+=("${each%%=*}=$(readlink -f "${each#*=}")"); done
cd "$(dirname "$(readlink -f "$0")")/../.."
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
export SOURCE_DATE_EPOCH

name=plugboard-$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rm -f "$output"/plugboard-* "$output/SHA256SUMS" "$output/CHANGELOG.md"

# archive ARCHITECTURE EXECUTABLES
archive() {
    local architecture=$1 bin=$2 executables executable
    rm -rf "${work:?}/$name"
    mkdir -p "$work/$name/bin"
    # A folder is one executable of its name, or of the names that it lists.
    executables=$(for folder in plugins/*/ coordinator/ installer/; do cat "$folder/executables" 2>/dev/null || basename "$folder"; done)
    for executable in $executables; do
        [ -x "$bin/$executable" ] || { echo "release: $bin/$executable is missing: ./build.sh makes it" >&2; exit 1; }
        install -m 0755 "$bin/$executable" "$work/$name/bin/"
    done
    cp -R --no-dereference LICENSE README.md CHANGELOG.md docs examples deploy "$work/$name/"
    deploy/release/sbom.sh "$bin" "$version" "$architecture" > "$work/$name/sbom.cdx.json"
    # Fixed modes, not those of the clone.
    find "$work/$name" -type d -exec chmod 0755 {} +
    find "$work/$name" -type f -perm /100 -exec chmod 0755 {} +
    find "$work/$name" -type f ! -perm /100 -exec chmod 0644 {} +
    tar --create --directory "$work" --sort name --mtime "@$SOURCE_DATE_EPOCH" --owner 0 --group 0 --numeric-owner --format gnu "$name" |
        gzip --no-name > "$output/$name-linux-$architecture.tar.gz"
    install -m 0644 "$work/$name/sbom.cdx.json" "$output/$name-linux-$architecture.cdx.json"
}

for each in "${architectures[@]}"; do archive "${each%%=*}" "${each#*=}"; done
install -m 0644 CHANGELOG.md "$output/CHANGELOG.md"
for image in plugboard plugboard-plugins; do
    if [ -f "artifacts/$image-image.tar" ]; then install -m 0644 "artifacts/$image-image.tar" "$output/$image-image-$version.tar"; fi
done
(cd "$output" && sha256sum plugboard-* CHANGELOG.md > SHA256SUMS && cat SHA256SUMS)
