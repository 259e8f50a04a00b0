#!/usr/bin/env bash
# Boots a kernel with the driver igb in qemu, whose network card igb has virtual functions (SR-IOV), with our executables and sriov.sh as
# its first process, and writes what the guest prints to OUTPUT. Its first filesystem is busybox, ip, some of the kernel's modules, the
# executables and the reference's.
# usage: sriov-boot.sh EXECUTABLES REFERENCE PACKAGES OUTPUT
# PACKAGES: where deploy/sriov-packages.sh has unpacked qemu, the kernel and busybox
set -euo pipefail
executables=${1:?} reference=${2:?} packages=$(readlink -f "${3:?}") output=${4:?}
scripts=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

version=$(ls "$packages/lib/modules")
root=$work/root
mkdir -p "$root"/{bin,tools,dev,lib/modules,lib64,opt/plugboard,opt/reference,proc,run,sys,tmp,var/lib}
cp "$packages/bin/busybox" "$root/bin/"
for name in host-device host-local static sriov; do [ ! -e "$executables/$name" ] || cp "$executables/$name" "$root/opt/plugboard/"; done
for name in host-device host-local; do cp "$reference/$name" "$root/opt/reference/"; done
# Its ip knows more than the applet.
cp "$(command -v ip)" "$root/tools/ip"
ldd "$(command -v ip)" | sed -n 's/.*[ \t]\(\/[^ ]*\) (.*/\1/p' |
    while read -r library; do mkdir -p "$root$(dirname "$library")"; cp -L "$library" "$root$library"; done
cp "$scripts/sriov.sh" "$root/init"
x86_64-linux-gnu-gcc -O1 -static -o "$root/bin/kill-at" "$scripts/kill-at.c"
# Of the modules only those that the script asks for, with what they need.
modules=$(sed -n 's/^MODULES="\(.*\)"$/\1/p' "$root/init")
depmod -b "$packages" "$version"
for module in $modules; do modprobe -d "$packages" -S "$version" --show-depends "$module"; done |
    awk '$1 == "insmod" { print $2 }' | sort -u |
    while read -r file; do
        mkdir -p "$root${file%/*}" 2>/dev/null
        place=$root/lib/modules/${file#*/lib/modules/}
        mkdir -p "${place%/*}"
        cp "$file" "$place"
    done
depmod -b "$root" "$version" 2>/dev/null
# Not compressed: the emulated processor would take seconds to undo it.
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) > "$work/initrd"
# no_timer_check: on a busy machine the timer misses the few ticks in which the kernel looks for it.
export LD_LIBRARY_PATH=$packages/usr/lib/x86_64-linux-gnu:$packages/lib/x86_64-linux-gnu
timeout -k 5 "${TIMEOUT:-1500}" "$packages/usr/bin/qemu-system-x86_64" -L "$packages/usr/share/qemu" -L "$packages/usr/share/seabios" \
    -M q35,kernel-irqchip=split -accel tcg -cpu max -m 768 -nographic -nodefaults -no-reboot -monitor none -serial "file:$output" \
    -device intel-iommu,intremap=on -device pcie-root-port,id=rp1,slot=1 -netdev user,id=n1,restrict=on \
    -device igb,bus=rp1,netdev=n1,romfile= -kernel "$packages/boot/vmlinuz-$version" -initrd "$work/initrd" \
    -append "console=ttyS0 quiet loglevel=3 panic=-1 rdinit=/init intel_iommu=on no_timer_check"
