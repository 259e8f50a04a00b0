#!/usr/bin/env bash
# Boots Debian's kernel for arm64 in qemu with our executables and arm64.sh as its first process, and writes what the guest prints to OUTPUT. Its first
# filesystem is busybox, some of the kernel's modules and the executables; 10.0.2.2 is this machine's (or namespace's) 127.0.0.1.
# usage: arm64-boot.sh EXECUTABLES PACKAGES AUTHORITY.pem OUTPUT    PACKAGES: where busybox-static and linux-image of arm64 are unpacked
set -euo pipefail
executables=${1:?} packages=${2:?} authority=${3:?} output=${4:?}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
version=$(ls "$packages/lib/modules")
root=$work/root
mkdir -p "$root"/{bin,dev,etc,lib/modules,opt/plugboard,proc,run,sys,tmp,var/lib}
cp "$packages/bin/busybox" "$root/bin/"
cp "$executables"/* "$root/opt/plugboard/"
cp "$authority" "$root/etc/ca.pem"
cp "$(dirname "$(readlink -f "$0")")/arm64.sh" "$root/init"
cp -R "$packages/lib/modules/$version" "$root/lib/modules/"
depmod -b "$root" "$version"
# Of the modules only those that the script asks for, with what they need.
modules=$(sed -n 's/^MODULES="\(.*\)"$/\1/p' "$root/init")
for module in $modules; do modprobe -d "$root" -S "$version" --show-depends "$module"; done | awk '$1 == "insmod" { print $2 }' | sort -u > "$work/needed"
find "$root/lib/modules" -name '*.ko' | sort | comm -23 - <(sort "$work/needed") | xargs -d '\n' -r rm
depmod -b "$root" "$version"
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) > "$work/initrd"
timeout -k 5 "${TIMEOUT:-300}" qemu-system-aarch64 -M virt -cpu cortex-a72 -smp 1 -m 1024 -nodefaults -nographic -no-reboot -serial "file:$output" \
    -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci \
    -kernel "$packages/boot/vmlinuz-$version" -initrd "$work/initrd" -append "console=ttyAMA0 quiet loglevel=3 panic=-1"
