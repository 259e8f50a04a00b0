#!/usr/bin/env bash
# The folder of a release: an archive with the executables and all that is read beside them, the images where they are there, the SBOM, and the digests of all.
# The same sources give the same bytes.   usage: build.sh DIRECTORY_OF_EXECUTABLES OUTPUT_DIRECTORY VERSION
set -euo pipefail
bin=$(readlink -f "${1:?usage: build.sh DIRECTORY_OF_EXECUTABLES OUTPUT_DIRECTORY VERSION}")
mkdir -p "${2:?the directory for the release}"
output=$(readlink -f "$2")
version=${3:?the version}
cd "$(dirname "$(readlink -f "$0")")/../.."
: "${SOURCE_DATE_EPOCH:=$(git log -1 --format=%ct 2>/dev/null || echo 0)}"
export SOURCE_DATE_EPOCH

name=plugboard-$version
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name/bin"
for folder in plugins/*/ coordinator/ installer/; do
    [ -x "$bin/$(basename "$folder")" ] || { echo "release: $bin/$(basename "$folder") is missing: ./build.sh makes it" >&2; exit 1; }
    install -m 0755 "$bin/$(basename "$folder")" "$work/$name/bin/"
done
cp -R --no-dereference LICENSE README.md CHANGELOG.md docs examples deploy "$work/$name/"
deploy/release/sbom.sh "$bin" "$version" > "$work/$name/sbom.cdx.json"
# Fixed modes, not those of the clone.
find "$work/$name" -type d -exec chmod 0755 {} +
find "$work/$name" -type f -perm /100 -exec chmod 0755 {} +
find "$work/$name" -type f ! -perm /100 -exec chmod 0644 {} +

rm -f "$output"/plugboard-* "$output/SHA256SUMS" "$output/CHANGELOG.md"
tar --create --directory "$work" --sort name --mtime "@$SOURCE_DATE_EPOCH" --owner 0 --group 0 --numeric-owner --format gnu "$name" |
    gzip -9 --no-name > "$output/$name-linux-amd64.tar.gz"
install -m 0644 "$work/$name/sbom.cdx.json" "$output/$name-linux-amd64.cdx.json"
install -m 0644 CHANGELOG.md "$output/CHANGELOG.md"
for image in plugboard plugboard-plugins; do
    if [ -f "artifacts/$image-image.tar" ]; then install -m 0644 "artifacts/$image-image.tar" "$output/$image-image-$version-linux-amd64.tar"; fi
done
(cd "$output" && sha256sum plugboard-* CHANGELOG.md > SHA256SUMS && cat SHA256SUMS)
