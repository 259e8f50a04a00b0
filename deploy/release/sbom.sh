#!/usr/bin/env bash
# What is in the executables, as CycloneDX JSON: the packages that the projects were restored with and whose code is compiled in, the
# .NET runtime, and the system's libraries that are linked in, with the versions that dpkg has of them. To standard output; the same for
# the same build.
# usage: sbom.sh DIRECTORY_OF_EXECUTABLES VERSION [amd64|arm64]
set -euo pipefail
bin=$(readlink -f "${1:?usage: sbom.sh DIRECTORY_OF_EXECUTABLES VERSION}")
version=${2:?the version}
architecture=${3:-amd64}
cd "$(dirname "$(readlink -f "$0")")/../.."

# What the compiler of each architecture left, and the packages that it linked.
case $architecture in
    amd64) rid=linux-x64 objects=obj compiler=gcc libc=libc6-dev ;;
    arm64) rid=linux-arm64 objects=obj/arm64 compiler=aarch64-linux-gnu-gcc libc=libc6-dev-arm64-cross ;;
    *) echo "sbom: amd64 or arm64, not $architecture" >&2; exit 1 ;;
esac

die() { printf 'sbom: %s\n' "$*" >&2; exit 1; }

# package NAME VERSION FOLDER: one of NuGet's.
package() {
    local license
    license=$(license "$3")
    jq -nc --arg n "$1" --arg v "$2" --arg l "$license" \
        '{type: "library", "bom-ref": "pkg:nuget/\($n)@\($v)", name: $n, version: $v, purl: "pkg:nuget/\($n)@\($v)",
          licenses: [{expression: $l}]}'
}

# system PACKAGE LICENSE: a Debian package whose static library is linked in; of the other architecture it is unpacked and not installed.
system() {
    local version source unpacked
    unpacked=$(compgen -G "artifacts/$architecture/.packages/$1_*.deb" || true)
    if [ "$architecture" != amd64 ] && [ -n "$unpacked" ]; then
        version=$(dpkg-deb -f "$unpacked" Version) source=$(dpkg-deb -f "$unpacked" Source)
    else
        version=$(dpkg-query -W -f '${Version}' "$1" 2>/dev/null) && [ -n "$version" ] \
            || die "the Debian package $1 is not installed: nothing could be linked with it"
        source=$(dpkg-query -W -f '${source:Package}' "$1")
    fi
    jq -nc --arg n "$1" --arg v "$version" --arg l "$2" --arg s "$source" --arg a "$architecture" \
        '{type: "library", "bom-ref": "pkg:deb/debian/\($n)@\($v)", name: $n, version: $v,
          purl: "pkg:deb/debian/\($n)@\($v | @uri)?arch=\($a)", licenses: [{expression: $l}],
          properties: [{name: "debian:source", value: $s}]}'
}

# packages ASSETS: name, version and folder of each package with code for the executable.
packages() {
    jq -r --arg target "net10.0/$rid" '
        (.packageFolders | keys) as $folders
        | .libraries as $libraries
        | .targets[$target] | to_entries[]
        | select(.value.type == "package")
        | select((.value.runtime // {}) | keys | map(select(endswith("_._") | not)) | length > 0)
        | [(.key | split("/")[0]), (.key | split("/")[1]), $folders[0] + $libraries[.key].path] | @tsv' "$1"
}

# runtime NAME FOLDER: the runtime's package, of which the compiler took the class library and the linker the archives.
runtime() {
    local found arguments=$2$objects/Release/net10.0/$rid/native/$1.ilc.rsp
    found=$(sed -n 's|^-r:\(.*/microsoft\.netcore\.app\.runtime\.nativeaot\.[^/]*/[^/]*\)/.*|\1|p' "$arguments" | sort -u)
    [ -d "$found" ] || die "$1: no package of the runtime: $found"
    printf '%s\t%s\t%s\n' "$(sed -n 's|.*<id>\(.*\)</id>.*|\1|p' "$found"/*.nuspec)" "$(basename "$found")" "$found"
}

license() { # FOLDER
    local found
    found=$(sed -n 's|.*<license type="expression">\(.*\)</license>.*|\1|p' "$1"/*.nuspec)
    [ -n "$found" ] || die "$1 says no license"
    printf '%s' "$found"
}

components=$(mktemp)
trap 'rm -f "$components"' EXIT
executables=() dependencies=()
libgcc=$(dpkg -S "$($compiler -print-libgcc-file-name)" | cut -d: -f1)
# What is known of a package or a library that several executables have: asking dpkg and jq again for each takes the most of the time.
declare -A known=()
# add COMMAND ARGUMENT…: what package or system prints becomes a component, once, and is needed by the present executable.
add() {
    if [ -z "${known[$*]:-}" ]; then
        local component
        component=$("$@")
        printf '%s\n' "$component" >> "$components"
        known[$*]=$(jq -r '."bom-ref"' <<<"$component")
    fi
    needed+=("${known[$*]}")
}
for folder in plugins/*/ coordinator/ installer/; do
    program=$(basename "$folder")
    names=$(cat "$folder/executables" 2>/dev/null || echo "$program")
    assets=$folder$objects/project.assets.json
    [ -f "$assets" ] || die "$program is not built: ./build.sh makes it"
    needed=()
    listed=$(packages "$assets" && runtime "$program" "$folder")
    while IFS=$'\t' read -r package_name package_version package_folder; do
        add package "$package_name" "$package_version" "$package_folder"
    done <<<"$listed"
    add system "$libc" LGPL-2.1-or-later
    add system "$libgcc" "GPL-3.0-or-later WITH GCC-exception-3.1"
    if grep -q StaticOpenSslLinking "$folder"Directory.Build.props 2>/dev/null; then add system libssl-dev Apache-2.0; fi
    for name in $names; do
        [ -x "$bin/$name" ] || die "$name is not built: ./build.sh makes it"
        executables+=("$(jq -nc --arg n "$name" --arg v "$version" --arg h "$(sha256sum < "$bin/$name" | cut -d' ' -f1)" \
            '{type: "application", "bom-ref": "plugboard/\($n)", name: $n, version: $v, hashes: [{alg: "SHA-256", content: $h}],
              licenses: [{license: {id: "Apache-2.0"}}]}')")
        dependencies+=("$(printf '%s\n' "${needed[@]}" | jq -Rnc --arg n "plugboard/$name" '{ref: $n, dependsOn: ([inputs] | sort)}')")
    done
done

printf '%s\n' "${executables[@]}" | jq -n --arg v "$version" --slurpfile libraries "$components" \
    --slurpfile dependencies <(printf '%s\n' "${dependencies[@]}") \
    --arg time "$(date --utc --date "@${SOURCE_DATE_EPOCH:-0}" +%Y-%m-%dT%H:%M:%SZ)" '
    {
      bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
      metadata: {timestamp: $time, component: {type: "application", "bom-ref": "plugboard", name: "plugboard", version: $v}},
      components: ([inputs] + ($libraries | unique_by(."bom-ref"))),
      dependencies: ([{ref: "plugboard", dependsOn: ($dependencies | map(.ref))}] + $dependencies)
    }'
