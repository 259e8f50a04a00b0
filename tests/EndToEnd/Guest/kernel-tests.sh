#!/bin/sh
# The first process of a guest kernel: runs compiled tests there. From the environment: TESTS, the assembly; FILTER, which of them.
. "$ROOT/tests/EndToEnd/Guest/prepare.sh"

# The machine's files are read-only, and /tmp, where .NET keeps mutexes, may hold the source tree.
mkdir /run/tests /run/home
mount -t hostfs none /run/tests -o "${TESTS%/*}"
mount -t tmpfs tmpfs /tmp
# Mapping memory twice to write code, and measuring code to compile it again, take this kernel long.
export HOME=/run/home DOTNET_CLI_HOME=/run/home DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
export DOTNET_EnableDiagnostics=0 DOTNET_EnableWriteXorExecute=0 DOTNET_TieredPGO=0 PLUGBOARD_KERNEL=full CI=true
cd /run/tests || exit
look tests dotnet vstest "${TESTS##*/}" "--TestCaseFilter:$FILTER"
finish
