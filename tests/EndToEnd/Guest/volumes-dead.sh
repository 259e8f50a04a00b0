#!/bin/sh
# The first process of a guest kernel: NFS volumes whose server's network fails and comes back, and a call that the kernel does not let go.
. "$ROOT/tests/EndToEnd/Guest/nfs-server.sh"
. "$ROOT/tests/EndToEnd/Guest/dead-server.sh"
echo '/srv/export *(rw,fsid=0,insecure,no_subtree_check,no_root_squash)' > /etc/exports
rpc.mountd -N 2 -N 3 > /run/mountd.log 2>&1
export_all -N 3 2
echo seen > /srv/export/sub/file
# What must succeed may take its time on a busy machine.
echo '{"unmountTimeoutSeconds":60,"mountTimeoutSeconds":60}' > /etc/flexvolume/plugboard~nfs.json
volume=$PODS/plugboard~nfs

for name in idle nested again; do
    call $name-mount plugboard~nfs mount $volume/$name "$(options "$nfs,\"mountOptions\":\"actimeo=1,nosharecache\"")"
done
mount -t tmpfs below $volume/nested/sub
sleep 2
echo '{"unmountTimeoutSeconds":2,"mountTimeoutSeconds":2}' > /etc/flexvolume/plugboard~nfs.json
silence 2049
timed call dead-new plugboard~nfs mount $volume/new "$(options "$nfs")"
timed look dead-list "$PLUGINS/installer" flexvolume list
call dead-again plugboard~nfs mount $volume/again "$(options "$nfs,\"mountOptions\":\"actimeo=1,nosharecache\"")"
# Of a mount nothing has to be asked but where it is; what is mounted below it can only be found by way of it.
timed call dead-idle plugboard~nfs unmount $volume/idle
timed call dead-never plugboard~nfs unmount $volume/nested
look dead-never-line grep -c " $volume/nested" /proc/self/mountinfo
echo '{"unmountTimeoutSeconds":2,"force":"unreachable"}' > /etc/flexvolume/plugboard~nfs.json
timed call dead-force plugboard~nfs unmount $volume/nested
look dead-force-line grep -c " $volume/nested" /proc/self/mountinfo
look dead-force-directory ls -A $volume
answers
echo '{"unmountTimeoutSeconds":60,"mountTimeoutSeconds":60}' > /etc/flexvolume/plugboard~nfs.json
call alive-again plugboard~nfs unmount $volume/again
call alive-mount plugboard~nfs mount $volume/nested "$(options "$nfs")"
look alive-file cat $volume/nested/sub/file
look alive-list "$PLUGINS/installer" flexvolume list
call alive-unmount plugboard~nfs unmount $volume/nested

# A directory that was removed and made again on the server is no longer the mounted one; and a server that lets connect,
# but answers nothing.
mkdir /srv/export/anew
call stale-mount plugboard~nfs mount $volume/stale "$(options "$nfs,\"subDir\":\"anew\",\"mountOptions\":\"actimeo=0,nosharecache\"")"
rm -r /srv/export/anew; mkdir /srv/export/anew
look stale-list "$PLUGINS/installer" flexvolume list
call stale-unmount plugboard~nfs unmount $volume/stale
call mute-mount plugboard~nfs mount $volume/mute "$(options "$nfs,\"mountOptions\":\"actimeo=0,nosharecache\"")"
mute 2049
timed look mute-list "$PLUGINS/installer" flexvolume list
answers
call mute-unmount plugboard~nfs unmount $volume/mute

# The pods' directory is on a disk that is frozen, so what the call makes there waits, and no signal ends it.
echo '{"unmountTimeoutSeconds":2,"mountTimeoutSeconds":2}' > /etc/flexvolume/plugboard~nfs.json
modprobe -d "$MODULES" -q loop; modprobe -d "$MODULES" -q ext4
truncate -s 32M /run/disk
mkfs.ext4 -q /run/disk 2> /run/mkfs.log
mkdir -p /mnt/kubelet
mount -o loop /run/disk /mnt/kubelet
fsfreeze -f /mnt/kubelet
call stuck plugboard~nfs mount /mnt/kubelet/v "$(options "$nfs")"
echo '{"mountTimeoutSeconds":8}' > /etc/flexvolume/plugboard~nfs.json
call stuck-next plugboard~nfs mount /mnt/kubelet/v "$(options "$nfs")"
fsfreeze -u /mnt/kubelet
sleep 1
call stuck-after plugboard~nfs mount /mnt/kubelet/v "$(options "$nfs")"
call stuck-unmount plugboard~nfs unmount /mnt/kubelet/v
look left sh -c "grep -c -e $PODS -e kubelet/v /proc/self/mountinfo; ls -A /run/flexvolume/locks; ps ax | grep ' [w]orker'"
finish
