#!/usr/bin/env bash
# What is in the executables, as CycloneDX JSON: the packages that the projects were restored with and whose code is compiled in, the
# .NET runtime, and the system's libraries that are linked in, with the versions that dpkg has of them. To standard output; the same for
# the same build.
# usage: sbom.sh DIRECTORY_OF_EXECUTABLES VERSION [amd64|arm64]
set -euo pipefail
# A failure in $(…) is one of the script.
shopt -s inherit_errexit
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

license() { # FOLDER
    local found
    found=$(sed -n 's|.*<license type="expression">\(.*\)</license>.*|\1|p' "$1"/*.nuspec)
    [ -n "$found" ] || die "$1 says no license"
    printf '%s' "$found"
}

# package NAME VERSION FOLDER: one of NuGet's, as a line of fields.
package() {
    local license
    license=$(license "$3")
    printf 'nuget\t%s\t%s\t%s\n' "$1" "$2" "$license"
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
    printf 'deb\t%s\t%s\t%s\t%s\n' "$1" "$version" "$2" "$source"
}

programs=() assets=() arguments=()
for folder in plugins/*/ coordinator/ installer/; do
    program=${folder%/} program=${program##*/}
    [ -f "$folder$objects/project.assets.json" ] || die "$program is not built: ./build.sh makes it"
    programs+=("$folder") assets+=("$folder$objects/project.assets.json")
    arguments+=("$folder$objects/Release/net10.0/$rid/native/$program.ilc.rsp")
done

# Of each program a line "ASSETS NAME VERSION FOLDER" for each package with code for it.
packages=$(jq -r --arg target "net10.0/$rid" '
    (.packageFolders | keys) as $folders
    | .libraries as $libraries
    | .targets[$target] | to_entries[]
    | select(.value.type == "package")
    | select((.value.runtime // {}) | keys | map(select(endswith("_._") | not)) | length > 0)
    | [input_filename, (.key | split("/")[0]), (.key | split("/")[1]), $folders[0] + $libraries[.key].path] | @tsv' "${assets[@]}")
# Of each program a line "ARGUMENTS:FOLDER" with the runtime's package, of which the compiler took the class library and the linker the
# archives.
runtimes=$(sed -nsE '\|^-r:.*/microsoft\.netcore\.app\.runtime\.nativeaot\.[^/]*/[^/]*/|{
    s|^-r:(.*/microsoft\.netcore\.app\.runtime\.nativeaot\.[^/]*/[^/]*)/.*|\1|;F;p;}' "${arguments[@]}" | paste -d: - - | sort -u)
digests=$(sha256sum "$bin"/*)
libgcc=$(dpkg -S "$($compiler -print-libgcc-file-name)" | cut -d: -f1)

# A process for each package of each executable would take the most of the time: what is known is kept, and one jq makes the document.
components='' executables=''
declare -A known=() runtime_names=()
# add COMMAND ARGUMENT…: what package or system prints becomes a component, once, and is needed by the present executable.
add() {
    if [ -z "${known[$*]:-}" ]; then
        local fields
        known[$*]=$("$@")
        components+=${known[$*]}$'\n'
    fi
    IFS=$'\t' read -r -a fields <<<"${known[$*]}"
    needed+=" ${fields[0]}/${fields[1]}@${fields[2]}"
}
# add_runtime PROGRAM ARGUMENTS: what its line in $runtimes says.
add_runtime() {
    local line folder=
    while IFS= read -r line; do [ "${line%%:*}" != "$2" ] || folder=${line#*:}; done <<<"$runtimes"
    [ -d "$folder" ] || die "$1: no package of the runtime: $folder"
    [ -n "${runtime_names[$folder]:-}" ] || runtime_names[$folder]=$(sed -n 's|.*<id>\(.*\)</id>.*|\1|p' "$folder"/*.nuspec)
    add package "${runtime_names[$folder]}" "${folder##*/}" "$folder"
}
for place in "${!programs[@]}"; do
    folder=${programs[place]} program=${folder%/} program=${program##*/} needed=
    while IFS=$'\t' read -r file package_name package_version package_folder; do
        [ "$file" != "${assets[place]}" ] || add package "$package_name" "$package_version" "$package_folder"
    done <<<"$packages"
    add_runtime "$program" "${arguments[place]}"
    add system "$libc" LGPL-2.1-or-later
    add system "$libgcc" "GPL-3.0-or-later WITH GCC-exception-3.1"
    if grep -q StaticOpenSslLinking "$folder"Directory.Build.props 2>/dev/null; then add system libssl-dev Apache-2.0; fi
    names=$program
    [ ! -e "$folder/executables" ] || names=$(<"$folder/executables")
    for name in $names; do
        [ -x "$bin/$name" ] || die "$name is not built: ./build.sh makes it"
        while read -r digest path; do
            [ "$path" != "$bin/$name" ] || executables+="$name"$'\t'"$digest"$'\t'"${needed# }"$'\n'
        done <<<"$digests"
    done
done

jq -n --arg v "$version" --arg a "$architecture" --arg libraries "$components" --arg executables "$executables" \
    --arg time "$(date --utc --date "@${SOURCE_DATE_EPOCH:-0}" +%Y-%m-%dT%H:%M:%SZ)" '
    def rows: split("\n") | map(select(length > 0) | split("\t"));
    def prefix: if . == "deb" then "pkg:deb/debian" else "pkg:nuget" end;
    # KIND/NAME@VERSION
    def reference: split("/") | "\(.[0] | prefix)/\(.[1:] | join("/"))";
    def library:
      . as [$kind, $n, $v, $l, $s]
      | {type: "library", "bom-ref": "\($kind | prefix)/\($n)@\($v)", name: $n, version: $v}
      + if $kind == "deb"
        then {purl: "pkg:deb/debian/\($n)@\($v | @uri)?arch=\($a)", licenses: [{expression: $l}],
              properties: [{name: "debian:source", value: $s}]}
        else {purl: "pkg:nuget/\($n)@\($v)", licenses: [{expression: $l}]} end;
    def application:
      . as [$n, $h]
      | {type: "application", "bom-ref": "plugboard/\($n)", name: $n, version: $v, hashes: [{alg: "SHA-256", content: $h}],
         licenses: [{license: {id: "Apache-2.0"}}]};
    ($executables | rows) as $rows
    | ($rows | map({ref: "plugboard/\(.[0])", dependsOn: (.[2] | split(" ") | map(reference) | sort)})) as $dependencies
    | {
      bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
      metadata: {timestamp: $time, component: {type: "application", "bom-ref": "plugboard", name: "plugboard", version: $v}},
      components: (($rows | map(application)) + ($libraries | rows | map(library) | unique_by(."bom-ref"))),
      dependencies: ([{ref: "plugboard", dependsOn: ($dependencies | map(.ref))}] + $dependencies)
    }'
