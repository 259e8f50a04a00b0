#!/bin/sh
# The first process of a guest kernel: NFS and SMB servers and the driver beside them. From the environment: PLUGINS, the executables.
. "$ROOT/tests/EndToEnd/Guest/prepare.sh"
for directory in /var/lib /srv /mnt; do mount -t tmpfs tmpfs $directory; done
mkdir -p /var/lib/nfs/rpc_pipefs /var/lib/nfs/v4recovery /srv/export/sub /srv/share
cp -a /etc /run/etc
mount --bind /run/etc /etc
# What the kernel asks for by itself (ciphers, character sets) is in that folder too.
printf '#!/bin/sh\nexec /sbin/modprobe -d %s "$@"\n' "$MODULES" > /run/modprobe
chmod +x /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe
for module in nfsd nfs nfsv4 nfsv3 cmac ccm gcm sha512_generic hmac md5 nls_utf8 des_generic aes_generic ecb cifs loop; do modprobe -d "$MODULES" -q $module; done
PODS=/var/lib/kubelet/pods/0e6d1c2a-1111-2222-3333-444455556666/volumes
DRIVERS=/var/lib/drivers
mkdir -p $PODS /etc/flexvolume
for name in plugboard~nfs k8s~nfs plugboard~cifs fstab~cifs plugboard~loop plugboard~local; do
    mkdir -p $DRIVERS/$name
    cp "$PLUGINS/flexvolume" $DRIVERS/$name/${name#*~}
done

# call STEP DRIVER ARGUMENTS…: as kubelet calls it.
call() {
    step=$1; driver=$2; shift 2
    look "$step" $DRIVERS/$driver/${driver#*~} "$@"
}

kubelet='"kubernetes.io/fsType":"","kubernetes.io/readwrite":"rw","kubernetes.io/pvOrVolumeName":"v","kubernetes.io/pod.name":"p","kubernetes.io/pod.namespace":"default"'
# options JSON_MEMBERS: the options of a call.
options() { echo "{$kubelet${1:+,$1}}"; }
nfs='"server":"127.0.0.1","share":"/"'

# --- NFS
echo '/srv/export *(rw,fsid=0,insecure,no_subtree_check,no_root_squash)' > /run/exports
mount -t nfsd nfsd /proc/fs/nfsd
start_nfs() { rpc.nfsd -N 3 2 > /run/nfsd.log 2>&1; }
: > /var/lib/nfs/etab; : > /var/lib/nfs/rmtab
mount --bind /run/exports /etc/exports 2> /dev/null || cp /run/exports /etc/exports
exportfs -ra > /run/exportfs.log 2>&1
rpc.mountd -N 2 -N 3 > /run/mountd.log 2>&1
call nfs-no-server plugboard~nfs mount $PODS/none "$(options "$nfs")"
start_nfs
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
call nfs-soft plugboard~nfs mount $PODS/wrong "$(options "$nfs,\"mountOptions\":\"soft\"")"
call nfs-typo plugboard~nfs mount $PODS/wrong "$(options '"sevrer":"127.0.0.1","share":"/"')"
call nfs-k8s-mount k8s~nfs mount $PODS/k8s "$(options "$nfs,\"protocol\":\"tcp\",\"atime\":\"false\",\"readonly\":\"true\",\"whatever\":\"1\"")"
look nfs-k8s-line grep k8s /proc/self/mountinfo
call nfs-k8s-busy-none k8s~nfs unmount $PODS/k8s
call nfs-busy-mount plugboard~nfs mount $PODS/busy "$(options "$nfs")"
sleep 30 < $PODS/busy/sub/file & sleeper=$!
sleep 1
call nfs-busy plugboard~nfs unmount $PODS/busy
kill $sleeper; wait $sleeper 2> /run/wait
call nfs-busy-after plugboard~nfs unmount $PODS/busy

# The server is stopped while a volume is mounted.
echo '{"unmountTimeoutSeconds":3,"mountTimeoutSeconds":5}' > /etc/flexvolume/plugboard~nfs.json
call nfs-dead-mount plugboard~nfs mount $PODS/dead "$(options "$nfs,\"soft\":\"true\",\"mountOptions\":\"timeo=10,retrans=1\"")"
call nfs-hard-mount plugboard~nfs mount $PODS/hard "$(options "$nfs,\"mountOptions\":\"nosharecache\"")"
( echo written > $PODS/hard/file; ) &
sleep 1
rpc.nfsd 0
call nfs-dead-new plugboard~nfs mount $PODS/new "$(options "$nfs")"
look nfs-dead-list "$PLUGINS/flexvolume" list
call nfs-dead-again plugboard~nfs mount $PODS/hard "$(options "$nfs,\"mountOptions\":\"nosharecache\"")"
echo '{"unmountTimeoutSeconds":3,"force":"unreachable"}' > /etc/flexvolume/plugboard~nfs.json
call nfs-dead-force plugboard~nfs unmount $PODS/hard
call nfs-dead-force-soft plugboard~nfs unmount $PODS/dead
look nfs-dead-left grep -c "$PODS" /proc/self/mountinfo
start_nfs

# --- SMB
password='a,b=c "d'"'"'e$!'
encoded=$(printf %s "$password" | base64)
mkdir -p /run/samba/private /run/samba/lock
cat > /run/smb.conf <<END
[global]
  workgroup = TEST
  server role = standalone server
  private dir = /run/samba/private
  lock directory = /run/samba/lock
  state directory = /run/samba/lock
  cache directory = /run/samba/lock
  pid directory = /run/samba
  ncalrpc dir = /run/samba/ncalrpc
  log file = /run/samba/log
  passdb backend = smbpasswd:/run/samba/private/passwd
  load printers = no
  disable spoolss = yes
  bind interfaces only = no
  map to guest = never
[share]
  path = /srv/share
  read only = no
END
cp /run/smb.conf /etc/samba/smb.conf
printf '%s\n%s\n' "$password" "$password" | smbpasswd -c /run/smb.conf -s -a root > /run/smbpasswd.log 2>&1
echo shared > /srv/share/file
cifs='"source":"//127.0.0.1/share"'
secret() { echo '"kubernetes.io/secret/username":"cm9vdA==","kubernetes.io/secret/password":"'"$1"'"'; }
call cifs-no-server plugboard~cifs mount $PODS/none "$(options "$cifs,$(secret "$encoded")")"
smbd -D -s /run/smb.conf > /run/smbd.log 2>&1
for _ in 1 2 3 4 5; do nc -z 127.0.0.1 445 2> /run/nc && break; sleep 1; done
call cifs-mount plugboard~cifs mount $PODS/cifs "$(options "$cifs,$(secret "$encoded")")"
look cifs-file cat $PODS/cifs/file
look cifs-line grep cifs /proc/self/mountinfo
call cifs-again plugboard~cifs mount $PODS/cifs "$(options "$cifs,$(secret "$encoded")")"
call cifs-unmount plugboard~cifs unmount $PODS/cifs
call cifs-wrong-password plugboard~cifs mount $PODS/cifs "$(options "$cifs,$(secret d3Jvbmc=)")"
call cifs-wrong-share plugboard~cifs mount $PODS/cifs "$(options "\"source\":\"//127.0.0.1/nothing\",$(secret "$encoded")")"
call cifs-no-secret fstab~cifs mount $PODS/cifs "$(options '"networkPath":"//127.0.0.1/share","mountOptions":"vers=3.0"')"
call cifs-fstab-mount fstab~cifs mount $PODS/fstab "$(options '"networkPath":"//127.0.0.1/share","mountOptions":"vers=3.0,uid=1000,dir_mode=0755,noperm","kubernetes.io/mounterArgs.FsGroup":"2000",'"$(secret "$encoded")")"
look cifs-fstab-line grep fstab /proc/self/mountinfo
call cifs-fstab-unmount fstab~cifs unmount $PODS/fstab
dmesg > /run/out/dmesg 2>&1; echo "exit 0" >> /run/out/dmesg
for log in exportfs mountd nfsd smbpasswd smbd; do cp /run/$log.log /run/out/log-$log; done

# --- A disk that grows while it is mounted: this kernel has all capabilities.
for type in ext4 xfs btrfs; do
    modprobe -d "$MODULES" -q $type
    call loop-$type-mount plugboard~loop mount $PODS/$type "$(options "\"file\":\"$type.img\",\"size\":\"320Mi\",\"fsType\":\"$type\"")"
    look loop-$type-before stat -f -c %b*%S $PODS/$type
    call loop-$type-grow plugboard~loop expandfs "$(options)" "" $PODS/$type 671088640 335544320
    look loop-$type-after stat -f -c %b*%S $PODS/$type
    call loop-$type-unmount plugboard~loop unmount $PODS/$type
done
look loop-left losetup -a
finish
