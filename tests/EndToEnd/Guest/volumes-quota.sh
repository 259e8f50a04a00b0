#!/bin/sh
# The first process of a guest kernel: directories with limits, on filesystems that have quotas of projects, and on some that have not.
. "$ROOT/tests/EndToEnd/Guest/volumes.sh"
modprobe -d "$MODULES" -q -a loop ext4 xfs quota_v2
echo '{"roots":["/srv/ext4","/srv/xfs","/srv/counted","/srv/memory"],"shared":true}' > /etc/flexvolume/plugboard~local.json
mkdir /srv/ext4 /srv/xfs /srv/counted /srv/memory
truncate -s 64M /run/ext4.disk /run/counted.disk
truncate -s 320M /run/xfs.disk
for disk in ext4 counted; do mkfs.ext4 -q -O quota,project -E quotatype=prjquota /run/$disk.disk; done > /run/mkfs.log 2>&1
mkfs.xfs -q /run/xfs.disk >> /run/mkfs.log 2>&1
mount -o loop,prjquota /run/ext4.disk /srv/ext4
mount -o loop,prjquota /run/xfs.disk /srv/xfs
# Counts, and keeps to nothing: the mount option is missing.
mount -o loop /run/counted.disk /srv/counted

# fill STEP FILE MEGABYTES: as a container writes; ext4 lets CAP_SYS_RESOURCE, which a container has not got, pass every limit.
fill() { look "$1" setpriv --bounding-set -sys_resource dd if=/dev/zero of="$2" bs=1M count="$3" status=none; }
for type in ext4 xfs; do
    volume="$(options "\"path\":\"/srv/$type/a\",\"create\":\"true\",\"quota\":\"8Mi\"")"
    target=$PODS/plugboard~local/$type
    call $type-mount plugboard~local mount $target "$volume"
    call $type-again plugboard~local mount $target "$volume"
    look $type-size df --output=size -B1 $target
    fill $type-fits $target/one 6
    fill $type-too-much $target/two 4
    rm -f $target/two
    # The directory beside it has a limit of its own, and the one without has none.
    call $type-beside plugboard~local mount $target-b "$(options "\"path\":\"/srv/$type/b\",\"create\":\"true\",\"quota\":\"4Mi\"")"
    fill $type-beside-fits $target-b/one 3
    fill $type-unlimited /srv/$type/free 16
    rm -f /srv/$type/free
    # A restarted kubelet knows the directory and not the options.
    known=$volume; [ $type = ext4 ] || known=$(options)
    call $type-grow plugboard~local expandfs "$known" "" $target 16777216 8388608
    fill $type-grown $target/two 8
    call $type-unmount plugboard~local unmount $target
    # The volume's options still say 8Mi.
    call $type-mount-grown plugboard~local mount $target "$volume"
    look $type-size-grown df --output=size -B1 $target
    call $type-unmount-grown plugboard~local unmount $target
    call $type-unmount-beside plugboard~local unmount $target-b
done
mkdir /srv/ext4/full; touch /srv/ext4/full/file
call not-empty plugboard~local mount $PODS/x "$(options '"path":"/srv/ext4/full","quota":"1Mi"')"
call counted plugboard~local mount $PODS/x "$(options '"path":"/srv/counted/a","create":"true","quota":"1Mi"')"
call memory plugboard~local mount $PODS/x "$(options '"path":"/srv/memory/a","create":"true","quota":"1Mi"')"
call without plugboard~local mount $PODS/without "$(options '"path":"/srv/memory/a"')"
call without-grow plugboard~local expandfs "$(options '"path":"/srv/memory/a"')" "" $PODS/without 16777216 8388608
call without-unmount plugboard~local unmount $PODS/without
finish
