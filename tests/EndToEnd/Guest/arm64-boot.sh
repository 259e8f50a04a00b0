#!/usr/bin/env bash
# Boots Debian's kernel for arm64 in qemu with our executables and arm64.sh as its first process, and writes what the guest prints to
# OUTPUT. Its first filesystem is busybox, some of the kernel's modules and the executables; 10.0.2.2 is this machine's (or namespace's)
# 127.0.0.1. An etcd with TLS and a peer's lease waits there for the coordinator.
# usage: arm64-boot.sh EXECUTABLES PACKAGES OUTPUT
# PACKAGES: where busybox-static and the kernel's image of arm64 are unpacked
set -euo pipefail
executables=${1:?} packages=${2:?} output=${3:?}
scripts=$(dirname "$(readlink -f "$0")")
work=$(mktemp -d)
etcd=
trap '[ -z "$etcd" ] || kill "$etcd"; rm -rf "$work"' EXIT

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 5 -subj /CN=authority \
    -addext basicConstraints=critical,CA:TRUE -keyout "$work/authority.key" -out "$work/authority.pem" 2>/dev/null
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=server \
    -keyout "$work/server.key" -out "$work/server.csr" 2>/dev/null
openssl x509 -req -in "$work/server.csr" -CA "$work/authority.pem" -CAkey "$work/authority.key" -CAcreateserial -days 5 \
    -extfile <(printf 'subjectAltName=IP:10.0.2.2,IP:127.0.0.1\n') -out "$work/server.pem" 2>/dev/null
etcd --data-dir "$work/etcd" --listen-client-urls https://127.0.0.1:2379 --advertise-client-urls https://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 \
    --initial-cluster default=http://127.0.0.1:2380 --cert-file "$work/server.pem" --key-file "$work/server.key" \
    --log-level error > "$work/etcd.log" 2>&1 &
etcd=$!
put() { ETCDCTL_API=3 etcdctl --endpoints https://127.0.0.1:2379 --cacert "$work/authority.pem" put "$@" >/dev/null 2>&1; }
for _ in $(seq 50); do put /coreos.com/network/config '{"Network":"10.5.0.0/16","Backend":{"Type":"vxlan"}}' && break; sleep 0.2; done
put /coreos.com/network/subnets/10.5.52.0-24 \
    '{"PublicIP":"10.0.2.99","BackendType":"vxlan","BackendData":{"VNI":1,"VtepMAC":"ce:05:9f:00:00:01"}}'

version=$(ls "$packages/lib/modules")
root=$work/root
mkdir -p "$root"/{bin,dev,etc,lib/modules,opt/plugboard,proc,run,sys,tmp,var/lib}
cp "$packages/bin/busybox" "$root/bin/"
cp "$executables"/* "$root/opt/plugboard/"
cp "$work/authority.pem" "$root/etc/ca.pem"
cp "$scripts/arm64.sh" "$root/init"
cp -R "$packages/lib/modules/$version" "$root/lib/modules/"
depmod -b "$root" "$version"
# Of the modules only those that the script asks for, with what they need.
modules=$(sed -n 's/^[A-Z]*_MODULES="\(.*\)"$/\1/p' "$root/init")
for module in $modules; do modprobe -d "$root" -S "$version" --show-depends "$module"; done |
    awk '$1 == "insmod" { print $2 }' | sort -u > "$work/needed"
find "$root/lib/modules" -name '*.ko' | sort | comm -23 - <(sort "$work/needed") | xargs -d '\n' -r rm
depmod -b "$root" "$version"
# Not compressed: the emulated processor would take seconds to undo it.
(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null) > "$work/initrd"
timeout -k 5 "${TIMEOUT:-300}" qemu-system-aarch64 -M virt -cpu cortex-a72 -smp 1 -m 1024 -nodefaults -display none -no-reboot \
    -serial "file:$output" -netdev user,id=net -device virtio-net-pci,netdev=net,romfile= -device virtio-rng-pci \
    -kernel "$packages/boot/vmlinuz-$version" -initrd "$work/initrd" -append "console=ttyAMA0 quiet loglevel=3 panic=-1"
