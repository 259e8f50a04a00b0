#!/usr/bin/env bash
# Writes each name of a list into the section .plugboard.name (name.c) of a copy of an executable.
# usage: publish-names.sh OBJCOPY EXECUTABLE LIST DIRECTORY
set -euo pipefail
objcopy=$1 executable=$2 list=$3 directory=$4
section=$(mktemp)
trap 'rm -f "$section"' EXIT
while read -r name; do
    [ ${#name} -lt 16 ] || { echo "publish-names.sh: error : $name has more than 15 characters" >&2; exit 1; }
    printf '%s' "$name" > "$section"
    truncate --size 16 "$section"
    mkdir -p "$directory/$name"
    "$objcopy" --update-section .plugboard.name="$section" "$executable" "$directory/$name/$name"
done < "$list"
