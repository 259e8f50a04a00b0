#!/usr/bin/env bash
# The one gate, for people and for CI.  usage: ./build.sh [--arch amd64|arm64] [VERB]   (no verb: build)
#   build   demo   cluster [vxlan|host-gw] [--policy]   test   fuzz [SECONDS]   image   release   format   clean
#   bench [--plugins|--leases|--coordinator|--masquerade|--policy|--volumes|--installer|-n RUNS|--pods N|--parallel N|--only basic|full]
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
root=$PWD
bin=$root/artifacts/bin
log=$root/artifacts/log
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1
# A compiler of a minute gains nothing from profiles of itself, and on two cores nothing from a collector for servers: 225 s of processor
# time with both, 128 without.
export DOTNET_TieredPGO=0 DOTNET_gcServer=0

# The folders of executables. The one that takes longest is compiled first, so that it ends with the last of the others.
folders=(coordinator installer)
for folder in plugins/*/; do folders+=("${folder%/}"); done

# Debian packages: what compiling needs, what the demo and the cluster need, and what the tests and the bench need.
build_packages="gcc libc6-dev binutils zlib1g-dev"
coordinator_packages="cmake g++ libssl-dev"
arm64_packages="gcc-aarch64-linux-gnu libc6-dev-arm64-cross binutils-aarch64-linux-gnu"
demo_packages="iproute2 iputils-ping busybox-static"
cluster_packages="$demo_packages nftables procps"
run_packages="iproute2 iputils-ping busybox-static containernetworking-plugins iperf3 strace podman runc"
run_packages+=" kmod tcpdump time dnsmasq-base user-mode-linux iptables ipset conntrack nftables dbus-daemon e2fsprogs xfsprogs"
run_packages+=" btrfs-progs nfs-kernel-server samba jq etcd-server etcd-client qemu-system-arm openssl"
image_packages="buildah jq binutils"

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
die() { printf 'build.sh: %s\n' "$*" >&2; exit 1; }

# need PACKAGE…: installs what is missing when root, else says what to install.
need() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    [ "$(id -u)" -eq 0 ] || die "these Debian packages are missing: ${missing[*]}; install them or run as root"
    say "Installing ${#missing[@]} Debian packages, a minute for a few, several for those of the tests: ${missing[*]}"
    mkdir -p "$log"
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
        >"$log/apt.log" 2>&1 || { tail -20 "$log/apt.log" >&2; die "installing ${missing[*]} failed"; }
}

# quietly NAME COMMAND…: shows what a command printed only when it fails.
quietly() {
    local name=$1; shift
    mkdir -p "$log"
    "$@" >"$log/$name.log" 2>&1 || { cat "$log/$name.log" >&2; explain_restore "$log/$name.log"; die "$name failed"; }
}

# One compiler process for all projects of this run, whatever the environment says: starting one for each takes as long again as compiling.
# It would outlive this run, and hold its output open.
one_compiler=(-p:UseSharedCompilation=true "-p:SharedCompilationId=plugboard-$$")
stop_compiler() {
    local process
    for process in /proc/[0-9]*; do
        if grep -qsz -- "pipename:plugboard-$$\$" "$process/cmdline"; then kill "${process#/proc/}" 2>/dev/null || true; fi
    done
}
trap stop_compiler EXIT

# explain_restore LOG: an SDK wants the compiler and the runtime of just its version, and a package source may lack them.
explain_restore() {
    grep -qE 'NU110[0-9].*(ILCompiler|Microsoft\.NETCore\.App)' "$1" || return 0
    echo "build.sh: SDK $(dotnet --version) wants packages that the package source lacks; SDK 10.0.401 is known to work with nuget.org" >&2
}

# One id for every executable of one build: what went into it. The linker writes it into each as an ELF note.
build_id() {
    { dotnet --version; find shared plugins coordinator installer Directory.*.props BannedSymbols.txt global.json \
        \( -name bin -o -name obj \) -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 sha1sum; } | sha1sum | cut -c1-40
}

unpack_arm64() {
    # shellcheck disable=SC2086
    need $arm64_packages
    # OpenSSL's static libraries, unpacked and not installed.
    quietly arm64-packages deploy/arm64-packages.sh artifacts/arm64 libssl-dev
}

# names_of FOLDER…: each folder is one executable of its name, or of the names that it lists.
names_of() {
    local folder
    for folder in "$@"; do cat "$folder/executables" 2>/dev/null || basename "$folder"; done | LC_ALL=C sort
}

# build [ARCHITECTURE [FOLDER…]]: the executables of amd64 in artifacts/bin, those of arm64 in artifacts/bin-arm64; those of some folders,
# or all.
build() {
    local architecture=${1:-amd64} suffix='' id folder name names old=() environment=() packages=$build_packages
    local wanted=("${@:2}")
    [ ${#wanted[@]} -gt 0 ] || wanted=("${folders[@]}")
    command -v dotnet >/dev/null || die "the .NET SDK is missing: global.json says which"
    if [ "$architecture" = arm64 ]; then
        suffix=-arm64
        environment=(PLUGBOARD_ARM64_ROOT="$root/artifacts/arm64" CMAKE_TOOLCHAIN_FILE="$root/coordinator/arm64.cmake")
        unpack_arm64
    fi
    id=$(build_id)
    for folder in "${wanted[@]}"; do is_built "$folder" "$id" "$suffix" || old+=("$folder"); done
    [ ${#old[@]} -gt 0 ] || return 0
    [[ " ${old[*]} " != *" coordinator "* ]] || packages+=" $coordinator_packages"
    # shellcheck disable=SC2086
    need $packages
    # Without the analyzers, which the tests' build runs on the same files: what that compiled is not compiled again.
    [ "$(cat artifacts/analyzed 2>/dev/null)" = "$id" ] || rm -f artifacts/analyzed
    mkdir -p "$bin$suffix"
    names=$(names_of "${old[@]}" | tr '\n' ' ')
    say "Compiling for $architecture, on two cores ten seconds for a program, a minute for the coordinator: $names"
    environment+=("PLUGBOARD_PROJECTS=$(printf '%s/*.csproj;' "${old[@]}")")
    quietly "publish$suffix" env "${environment[@]}" dotnet publish executables.proj -c Release -m "${one_compiler[@]}" \
        -p:PlugboardBuildId="$id" -p:PlugboardArchitecture="$architecture" \
        -p:PlugboardPublish="$root/artifacts/publish$suffix" -p:RunAnalyzers=false
    for name in $names; do
        install -m 0755 "artifacts/publish$suffix/$name/$name" "$bin$suffix/$name.new"
        mv "$bin$suffix/$name.new" "$bin$suffix/$name"
    done
    mkdir -p "artifacts/built$suffix"
    for folder in "${old[@]}"; do echo "$id" > "artifacts/built$suffix/$(basename "$folder")"; done
    say "Built ${names}in artifacts/bin$suffix"
}

# is_built FOLDER ID SUFFIX: its executables are of the build with this id.
is_built() {
    local name
    [ "$(cat "artifacts/built$3/$(basename "$1")" 2>/dev/null)" = "$2" ] || return 1
    for name in $(names_of "$1"); do [ -x "$bin$3/$name" ] || return 1; done
}

# privileged VERB PACKAGE…: only root makes network namespaces, and only what the verb runs is installed.
privileged() {
    [ "$(id -u)" -eq 0 ] || die "$1 makes network namespaces: run it as root"
    need "${@:2}"
}

version() { sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props; }

image() {
    build
    build arm64
    # shellcheck disable=SC2086
    need $image_packages
    deploy/image/build.sh artifacts "$(version)" "amd64=$bin" "arm64=$bin-arm64"
}

release() {
    image
    deploy/release/build.sh artifacts/release "$(version)" "amd64=$bin" "arm64=$bin-arm64"
}

# A rule that matters is a check: no C# file over 500 lines.
check_lengths() {
    local long
    long=$(find shared plugins coordinator installer tests \( -name bin -o -name obj \) -prune -o -name '*.cs' -print0 \
        | xargs -0 wc -l | awk '$1 > 500 && $2 != "total"')
    [ -z "$long" ] || die "C# files over 500 lines:"$'\n'"$long"
}

# run_project NAME: what its tests print, which is kept in its log; a failed test is no failure here, its count tells.
run_project() {
    rm -f "$log/test-$1.trx"
    # Threads that wait do not spin: the processors have other tests' work.
    DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0 PLUGBOARD_BIN=$bin \
        dotnet test "tests/$1" --no-build -c Release --logger "console;verbosity=${VERBOSITY:-minimal}" \
        --logger "trx;LogFileName=$log/test-$1.trx" 2>&1 | tee "$log/test-$1.log" || true
}

output_of_tests() {
    grep -vE '^(Test run for|VSTest version|Starting test execution|A total of|Results File|WARNING: Overwriting results)' || true
}

# The fifty tests that took longest, each with its seconds.
slowest_tests() {
    say "The slowest fifty, in seconds"
    grep -hoE '<UnitTestResult [^>]*' "$log"/test-{Unit,Fuzz,Kernel,EndToEnd}.trx 2>/dev/null \
        | sed -E 's/.* testName="([^"]*)".* duration="([0-9]+):([0-9]+):([0-9.]+)".*/\2 \3 \4 \1/; t; d' \
        | awk '{ seconds = ($1 * 60 + $2) * 60 + $3; $1 = $2 = $3 = ""; sub(/^ +/, ""); printf "%7.1f %s\n", seconds, $0 }' \
        | sort -rn | head -50 | sed 's/Plugboard\.Tests\.//; s/&quot;/"/g; s/&amp;/\&/g; s/&lt;/</g; s/&gt;/>/g' | cut -c1-160 || true
}

# What the tests need and only a network gives; it comes while the processors compile.
download_for_tests() {
    # shellcheck disable=SC2086
    privileged test $run_packages $image_packages $arm64_packages
    # A machine that cannot have Debian's packages of arm64 tests the rest: Arm64Tests says why it is skipped.
    (unpack_arm64) || say "No packages of arm64: the reason is above"
    # Nor one that cannot have a User Mode Linux for its processor: the guests' tests say why they are skipped.
    [ -e artifacts/uml/.complete ] || say "Downloading User Mode Linux, about 50 MB: Debian 12's own does not run on every processor"
    deploy/uml-packages.sh artifacts/uml >"$log/uml-packages.log" 2>&1 || say "No newer User Mode Linux: see $log/uml-packages.log"
    # Nor one that cannot have qemu's card with virtual functions: SriovTests say why they are skipped.
    [ -e artifacts/sriov-guest/.complete ] || say "Downloading a guest with SR-IOV, about 100 MB: qemu with the card igb, and a kernel"
    deploy/sriov-packages.sh artifacts/sriov-guest >"$log/sriov-packages.log" 2>&1 \
        || say "No guest with SR-IOV: see $log/sriov-packages.log"
}

# The tests of arm64's executables are among the last: they are compiled in the time that the tests before them leave. Not with the least
# priority, which on a loaded machine would be no time at all.
build_arm64_for_tests() {
    local status=0
    renice -n 5 "$BASHPID" >/dev/null
    (build arm64) || status=$?
    [ "$status" -eq 0 ] || { rm -rf "$bin-arm64"; say "No executables for arm64: the reason is above"; }
    stop_compiler
}

check_format() {
    quietly tools dotnet tool restore
    quietly format dotnet csharpier check .
}

# Everything, analyzed: what was compiled without analyzers is done to MSBuild, and must go.
build_tests() {
    [ -e artifacts/analyzed ] \
        || find shared plugins coordinator installer tests -path '*/obj/Release/*' -name '*.dll' -delete
    quietly restore dotnet restore Plugins.sln
    quietly build-tests dotnet build Plugins.sln --no-restore -c Release "${one_compiler[@]}"
    build_id > artifacts/analyzed
}

run_tests() {
    local passed=0 failed=0 skipped=0 project counts status=0 downloads format arm64
    mkdir -p "$log"
    # shellcheck disable=SC2086
    privileged test $build_packages $coordinator_packages
    check_lengths
    download_for_tests & downloads=$!
    say "Format, analyzers and tests, warnings as errors"
    check_format & format=$!
    build_tests
    wait "$format" || die "the format is not as it should be: the reason is above"
    build
    wait "$downloads" || die "what the tests need is not there: the reason is above"
    stop_compiler
    build_arm64_for_tests & arm64=$!
    for project in Unit Fuzz Kernel EndToEnd; do
        [ "$project" != EndToEnd ] || wait "$arm64" || true
        say "$project tests"
        run_project $project | output_of_tests
        counts=$(grep -oE '(Failed|Passed|Skipped): +[0-9]+' "$log/test-$project.log" | tail -3 | tr -d ' ')
        [ -n "$counts" ] || { echo "$project: no test ran" >&2; status=1; continue; }
        passed=$((passed + $(sed -n 's/^Passed://p' <<<"$counts")))
        failed=$((failed + $(sed -n 's/^Failed://p' <<<"$counts")))
        skipped=$((skipped + $(sed -n 's/^Skipped://p' <<<"$counts")))
    done
    slowest_tests
    [ "$failed" -eq 0 ] || status=1
    echo "$passed passed, $failed failed, $skipped skipped"
    return $status
}

# Fuzzing of every reader: fuzz [SECONDS] with a new seed, which a failure and the report name. PLUGBOARD_FUZZ_SEED=N makes the
# same inputs again.
fuzz() {
    local seconds=${1:-600} report=$log/fuzz.txt status=0
    [[ $seconds =~ ^[1-9][0-9]*$ ]] || die "fuzz wants seconds, not $seconds"
    export PLUGBOARD_FUZZ_SECONDS=$seconds PLUGBOARD_FUZZ_REPORT=$report
    export PLUGBOARD_FUZZ_SEED=${PLUGBOARD_FUZZ_SEED:-$((RANDOM * 32768 + RANDOM))}
    mkdir -p "$log"; rm -f "$report"
    quietly restore-fuzz dotnet restore tests/Fuzz
    quietly build-fuzz dotnet build tests/Fuzz --no-restore -c Release "${one_compiler[@]}"
    say "$seconds seconds, seed $PLUGBOARD_FUZZ_SEED"
    dotnet test tests/Fuzz --no-build -c Release --logger "console;verbosity=minimal" || status=$?
    awk -F'[: ]+' '{ print; inputs += $2; accepted += $4 } END { print inputs + 0 " inputs, " accepted + 0 " accepted" }' "$report"
    return $status
}

bench() {
    # shellcheck disable=SC2086
    privileged bench $run_packages
    build
    quietly build-bench dotnet build tests/Benchmarks -c Release "${one_compiler[@]}"
    stop_compiler
    exec unshare --net --mount --propagation private dotnet artifacts/benchmarks/Plugboard.Benchmarks.dll "$bin" /usr/lib/cni "$@"
}

architecture=amd64
if [ "${1:-}" = --arch ]; then architecture=${2:-}; shift $(($# < 2 ? $# : 2)); fi
case $architecture in
    amd64) ;;
    arm64) [ "${1:-build}" = build ] || die "--arch arm64 is for build: what runs here is amd64, and image and release are of both" ;;
    *) die "--arch takes amd64 or arm64, not '$architecture'" ;;
esac

case ${1:-build} in
    build) build "$architecture" ;;
    demo)
        # shellcheck disable=SC2086
        privileged demo $demo_packages
        build amd64 plugins/{bridge,host-local,portmap}
        stop_compiler
        exec examples/demo.sh "$bin"
        ;;
    cluster)
        shift
        # shellcheck disable=SC2086
        privileged cluster $cluster_packages
        build amd64 coordinator plugins/{bridge,host-local,portmap}
        stop_compiler
        exec examples/cluster.sh "$bin" "$@"
        ;;
    test) run_tests ;;
    fuzz) shift; fuzz "$@" ;;
    bench) shift; bench "$@" ;;
    image) image ;;
    release) release ;;
    format) quietly tools dotnet tool restore; dotnet csharpier format . ;;
    clean) rm -rf artifacts; find . \( -name bin -o -name obj \) -type d -prune -exec rm -rf {} + ;;
    *) sed -n 2,4p "$0" | cut -c3-; exit 2 ;;
esac
