#!/usr/bin/env bash
# Writes start-order.txt (methods, for ilc) and start-order.ld (the runtime's and libc's functions, for ld) again: what calls touch, in the
# order of first use, so that it lies together in an executable.   usage: start-order.sh EXECUTABLE MAP TRACE…
# EXECUTABLE is linked without --discard-all and not stripped, MAP is its -Wl,-Map, each TRACE is of a stripped copy:
#   valgrind --tool=lackey --trace-mem=yes --log-file=TRACE …
set -euo pipefail
export LC_ALL=C
executable=${1:?usage: start-order.sh EXECUTABLE MAP TRACE…} map=${2:?usage: start-order.sh EXECUTABLE MAP TRACE…}
shift 2
folder=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Each instruction's address once, as 16 digits, with the number of its first use.
cat "$@" |
    awk '/^I  [0-9a-f]+,/ { split($2, part, ","); if (!seen[part[1]]++) printf "%016s %d\n", part[1], ++count }' |
    tr ' ' '0' | sed 's/^\(.\{16\}\)0/\1 /' > "$work/used"

# named FILE: of lines "ADDRESS NAME" the names in which the used addresses lie, in the order of first use.
named() {
    { sed 's/ / . /' "$1"; awk '{ print $1, "u", $2 }' "$work/used"; } | sort -s -k1,1 -k2,2 |
        awk '$2 == "." { $1 = $2 = ""; name = substr($0, 3); next } name { print $3, name }' | sort -n |
        awk '{ $1 = ""; name = substr($0, 2) } !seen[name]++ { print name }'
}

nm --numeric-sort --defined-only "$executable" | awk '
    $3 == "__start___managedcode" { inside = 1; next }
    $3 == "__stop___managedcode" { inside = 0; print $1, "-" }
    inside { print $1, $3 }' > "$work/methods"
named "$work/methods" | grep -v '^-$' > "$folder/start-order.txt"

# Sections with their address, size and file, some on two lines of the map; of an archive its file and member without the directory.
awk '
    /^ \.text[^ ]*$/ { section = $1; next }
    /^ \.text/ { section = $1; $1 = ""; $0 = substr($0, 2) }
    section && $1 ~ /^0x/ && $1 !~ /^0x0+$/ && $2 != "0x0" { sub(/.*\//, "", $3); print substr($1, 3), $3 "(" section ")" }
    { section = "" }' "$map" > "$work/sections"
{
    echo '/* Written by start-order.sh: what a start and usual calls use of the runtime and of libc, in the order of first use. */'
    printf 'SECTIONS\n{\n    .text.start :\n    {\n'
    named "$work/sections" | sed -E 's/^([^()]+\.a)\(([^()]+)\)(\(.*\))$/\1:\2\3/; s/libm-[0-9.]+\.a/libm*.a/; s/^/        */'
    # Which of them is called, the processor decides: another one than where the trace was made.
    printf '        *libc.a:%s*.o(.text .text.*)\n' memmove memset memcmp memchr strlen strchr strrchr strcmp strncmp strnlen
    printf '    }\n}\nINSERT BEFORE .text;\n'
} > "$folder/start-order.ld"
wc -l "$folder/start-order.txt" "$folder/start-order.ld"
