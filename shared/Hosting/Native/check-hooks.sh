#!/usr/bin/env bash
# Fails when nothing that is linked calls a function which startup.c or delegates.c answers instead (ld --wrap): the hook would have no
# effect, as when a later runtime gives the function another name.
# usage: check-hooks.sh COMPILER FUNCTION… -- OBJECT_OR_ARCHIVE…
set -euo pipefail
compiler=${1:?usage: check-hooks.sh COMPILER FUNCTION… -- OBJECT_OR_ARCHIVE…}
shift
functions=()
while [ "${1:?-- is missing}" != -- ]; do functions+=("$1"); shift; done
shift

# What is called in another object than the one that has it: only such a call passes the linker. The archives are the same for all
# executables of an architecture, and reading them takes two seconds: what they call is kept.
calls_of() { nm --undefined-only --format=posix "$@" 2>/dev/null | cut -d' ' -f1 | LC_ALL=C sort -u; }
objects=() archives=("$("$compiler" -print-file-name=libc.a)")
for file in "$@"; do
    case $file in *.a) archives+=("$file") ;; *) objects+=("$file") ;; esac
done
artifacts=$(dirname "$0")/../../../artifacts
kept=$artifacts/calls-$(stat -c '%n %s %Y' "${archives[@]}" | sha1sum | cut -c1-16)
if [ ! -e "$kept" ]; then
    mkdir -p "$artifacts"
    calls_of "${archives[@]}" > "$kept.$$"
    mv "$kept.$$" "$kept"
fi
called=$(calls_of "${objects[@]}" | LC_ALL=C sort -mu - "$kept")
status=0
for function in "${functions[@]}"; do
    grep -qxF -- "$function" <<<"$called" && continue
    echo "check-hooks.sh: error : nothing that is linked calls $function: its hook in shared/Hosting/Native has no effect" >&2
    status=1
done
exit $status
