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

# What is called in another object than the one that has it: only such a call passes the linker.
called=$(nm --undefined-only --format=posix "$@" "$("$compiler" -print-file-name=libc.a)" 2>/dev/null | cut -d' ' -f1 | LC_ALL=C sort -u)
status=0
for function in "${functions[@]}"; do
    grep -qxF -- "$function" <<<"$called" && continue
    echo "check-hooks.sh: error : nothing that is linked calls $function: its hook in shared/Hosting/Native has no effect" >&2
    status=1
done
exit $status
