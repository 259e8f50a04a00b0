#!/bin/sh
# The first process of a guest kernel: an NFS server, and the driver beside it.
. "$ROOT/tests/EndToEnd/Guest/nfs-server.sh"
modprobe -d "$MODULES" -q -a nfsd nfs nfsv4 nfsv3
nfs='"server":"127.0.0.1","share":"/"'

echo '/srv/export *(rw,fsid=0,insecure,no_subtree_check,no_root_squash)' > /run/exports
mount -t nfsd nfsd /proc/fs/nfsd
: > /var/lib/nfs/etab; : > /var/lib/nfs/rmtab
mount --bind /run/exports /etc/exports 2> /dev/null || cp /run/exports /etc/exports
exportfs -ra > /run/exportfs.log 2>&1
rpc.mountd -N 2 -N 3 > /run/mountd.log 2>&1
call nfs-no-server plugboard~nfs mount $PODS/none "$(options "$nfs")"
start_nfs -N 3 2
echo seen > /srv/export/sub/file
for version in 4.2 4.1 4.0; do
    call nfs-$version-mount plugboard~nfs mount "$PODS/a $version" "$(options "$nfs,\"vers\":\"$version\"")"
    look nfs-$version-file cat "$PODS/a $version/sub/file"
    look nfs-$version-line grep "a.040$version" /proc/self/mountinfo
    call nfs-$version-again plugboard~nfs mount "$PODS/a $version" "$(options "$nfs,\"vers\":\"$version\"")"
    look nfs-$version-count grep -c "a.040$version" /proc/self/mountinfo
    call nfs-$version-unmount plugboard~nfs unmount "$PODS/a $version"
    call nfs-$version-unmount-again plugboard~nfs unmount "$PODS/a $version"
done
call nfs-fallback plugboard~nfs mount $PODS/fallback "$(options "$nfs,\"vers\":\"3,4.2\"")"
call nfs-fallback-unmount plugboard~nfs unmount $PODS/fallback
call nfs-sub-mount plugboard~nfs mount $PODS/sub "$(options "$nfs,\"subDir\":\"sub\"")"
look nfs-sub-file cat $PODS/sub/file
look nfs-sub-parent ls -a $PODS/sub/..
call nfs-sub-again plugboard~nfs mount $PODS/sub "$(options "$nfs,\"subDir\":\"sub\"")"
call nfs-foreign plugboard~nfs mount $PODS/sub "$(options "$nfs")"
call nfs-sub-unmount plugboard~nfs unmount $PODS/sub
call nfs-wrong-export plugboard~nfs mount $PODS/wrong "$(options '"server":"127.0.0.1","share":"/nothing"')"
call nfs-unknown-word plugboard~nfs mount $PODS/wrong "$(options "$nfs,\"mountOptions\":\"bogus=1\"")"
call nfs-soft plugboard~nfs mount $PODS/soft "$(options "$nfs,\"mountOptions\":\"soft\"")"
call nfs-soft-unmount plugboard~nfs unmount $PODS/soft
call nfs-typo plugboard~nfs mount $PODS/wrong "$(options '"sevrer":"127.0.0.1","share":"/"')"
call nfs-k8s-mount k8s~nfs mount $PODS/k8s \
    "$(options "$nfs,\"protocol\":\"tcp\",\"atime\":\"false\",\"readonly\":\"true\",\"whatever\":\"1\"")"
look nfs-k8s-line grep k8s /proc/self/mountinfo
call nfs-k8s-busy-none k8s~nfs unmount $PODS/k8s
call nfs-busy-mount plugboard~nfs mount $PODS/busy "$(options "$nfs")"
sleep 30 < $PODS/busy/sub/file & sleeper=$!
sleep 1
call nfs-busy plugboard~nfs unmount $PODS/busy
kill $sleeper; wait $sleeper 2> /run/wait
call nfs-busy-after plugboard~nfs unmount $PODS/busy

# The server is stopped while a volume is mounted.
echo '{"unmountTimeoutSeconds":3,"mountTimeoutSeconds":2}' > /etc/flexvolume/plugboard~nfs.json
# One that takes the connection and says nothing.
busybox nc -ll -p 2050 -e sleep 60 > /run/silent 2>&1 &
sleep 1
call nfs-silent plugboard~nfs mount $PODS/silent "$(options "$nfs,\"port\":\"2050\"")"
call nfs-silent-again plugboard~nfs mount $PODS/silent "$(options "$nfs,\"port\":\"2050\"")"
look nfs-silent-left sh -c "ls -A $PODS/silent; ls -A /run/flexvolume/locks; ps ax | grep ' [w]orker'"
# What must succeed may take its time on a busy machine.
echo '{"unmountTimeoutSeconds":3,"mountTimeoutSeconds":60}' > /etc/flexvolume/plugboard~nfs.json
call nfs-dead-mount plugboard~nfs mount $PODS/plugboard~nfs/dead \
    "$(options "$nfs,\"soft\":\"true\",\"mountOptions\":\"timeo=10,retrans=1\"")"
call nfs-hard-mount plugboard~nfs mount $PODS/plugboard~nfs/hard "$(options "$nfs,\"mountOptions\":\"nosharecache\"")"
( echo written > $PODS/plugboard~nfs/hard/file; ) &
sleep 1
rpc.nfsd 0
call nfs-dead-new plugboard~nfs mount $PODS/new "$(options "$nfs")"
look nfs-dead-list "$PLUGINS/installer" flexvolume list
call nfs-dead-again plugboard~nfs mount $PODS/plugboard~nfs/hard "$(options "$nfs,\"mountOptions\":\"nosharecache\"")"
echo '{"unmountTimeoutSeconds":3,"force":"unreachable"}' > /etc/flexvolume/plugboard~nfs.json
call nfs-dead-force plugboard~nfs unmount $PODS/plugboard~nfs/hard
call nfs-dead-force-soft plugboard~nfs unmount $PODS/plugboard~nfs/dead
look nfs-dead-left grep -c "$PODS" /proc/self/mountinfo
finish
