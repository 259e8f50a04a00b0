#!/usr/bin/env bash
# Fails when nothing that is linked calls a function which startup.c or delegates.c answers instead (ld --wrap): the hook would have no
# effect, as when a later runtime gives the function another name.
# usage: check-hooks.sh [--kept FILE] COMPILER FUNCTION… -- OBJECT_OR_ARCHIVE…
# The archives are the same for all executables of an architecture, and reading them takes two seconds: what they call is kept in FILE.
set -euo pipefail
kept=
if [ "${1:-}" = --kept ]; then kept=$2; shift 2; fi
compiler=${1:?usage: check-hooks.sh [--kept FILE] COMPILER FUNCTION… -- OBJECT_OR_ARCHIVE…}
shift
functions=()
while [ "${1:?-- is missing}" != -- ]; do functions+=("$1"); shift; done
shift

calls_of() { [ $# -eq 0 ] || nm --undefined-only --format=posix "$@" 2>/dev/null | cut -d' ' -f1 | LC_ALL=C sort -u; }

# What the archives call, behind a line that names them.
read_archives() {
    local these
    these=$(stat -c '%n %s %Y' "${archives[@]}" | sha1sum)
    if [ -z "$kept" ]; then
        calls_of "${archives[@]}"
        return
    fi
    if [ "$(head -1 "$kept" 2>/dev/null)" != "$these" ]; then
        { echo "$these"; calls_of "${archives[@]}"; } > "$kept.$$"
        mv "$kept.$$" "$kept"
    fi
    cat "$kept"
}

# What is called in another object than the one that has it: only such a call passes the linker.
objects=() archives=("$("$compiler" -print-file-name=libc.a)")
for file in "$@"; do
    case $file in *.a) archives+=("$file") ;; *) objects+=("$file") ;; esac
done
called=$(calls_of "${objects[@]}"; read_archives)
status=0
for function in "${functions[@]}"; do
    grep -qxF -- "$function" <<<"$called" && continue
    echo "check-hooks.sh: error : nothing that is linked calls $function: its hook in shared/Hosting/Native has no effect" >&2
    status=1
done
exit $status
