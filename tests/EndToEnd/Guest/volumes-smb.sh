#!/bin/sh
# The first process of a guest kernel: an SMB server, disks in files, and the driver beside them.
. "$ROOT/tests/EndToEnd/Guest/smb-server.sh"
modprobe -d "$MODULES" -q loop

call cifs-no-server plugboard~cifs mount $PODS/none "$(options "$cifs,$(secret "$encoded")")"
serve
call cifs-mount plugboard~cifs mount $PODS/cifs "$(options "$cifs,$(secret "$encoded")")"
look cifs-file cat $PODS/cifs/file
look cifs-line grep cifs /proc/self/mountinfo
call cifs-again plugboard~cifs mount $PODS/cifs "$(options "$cifs,$(secret "$encoded")")"
call cifs-unmount plugboard~cifs unmount $PODS/cifs
call cifs-wrong-password plugboard~cifs mount $PODS/cifs "$(options "$cifs,$(secret d3Jvbmc=)")"
call cifs-wrong-share plugboard~cifs mount $PODS/cifs "$(options "\"source\":\"//127.0.0.1/nothing\",$(secret "$encoded")")"
call cifs-no-secret fstab~cifs mount $PODS/cifs "$(options '"networkPath":"//127.0.0.1/share","mountOptions":"vers=3.0"')"
fstab='"networkPath":"//127.0.0.1/share"'
words='"mountOptions":"vers=3.0,uid=1000,dir_mode=0755,noperm","kubernetes.io/mounterArgs.FsGroup":"2000"'
call cifs-fstab-mount fstab~cifs mount $PODS/fstab "$(options "$fstab,$words,$(secret "$encoded")")"
look cifs-fstab-line grep fstab /proc/self/mountinfo
call cifs-fstab-unmount fstab~cifs unmount $PODS/fstab
call cifs-guest-mount plugboard~cifs mount $PODS/guest "$(options '"source":"//127.0.0.1/public","guest":"true"')"
look cifs-guest-file cat $PODS/guest/file
look cifs-guest-line grep "/guest" /proc/self/mountinfo
call cifs-guest-again plugboard~cifs mount $PODS/guest "$(options '"source":"//127.0.0.1/public","guest":"true"')"
call cifs-guest-unmount plugboard~cifs unmount $PODS/guest
call cifs-guest-refused plugboard~cifs mount $PODS/guest "$(options "$cifs,\"guest\":\"true\"")"
call cifs-selinux plugboard~cifs mount $PODS/selinux "$(options "$cifs,\"selinuxEnabled\":\"true\",$(secret "$encoded")")"
call cifs-krb5 plugboard~cifs mount $PODS/krb5 "$(options "$cifs,\"mountOptions\":\"sec=krb5\"")"
# Options of mount.cifs(8): the user's domain, names of the node's users, a file of the node, harmless words.
words='domain=CORP,uid=daemon,gid=010,file_mode=640,nodfs,nohandlecache,nolease,max_credits=100,sync, _netdev,nofail'
call cifs-words fstab~cifs mount $PODS/words "$(options "$fstab,\"mountOptions\":\"$words\",$(secret "$encoded")")"
look cifs-words-line grep "/words " /proc/self/mountinfo
call cifs-words-unmount fstab~cifs unmount $PODS/words
printf 'username=root\npassword=%s\n' "$password" > /etc/smb.cred
call cifs-file-refused fstab~cifs mount $PODS/cred "$(options "$fstab,\"mountOptions\":\"credentials=/etc/smb.cred\"")"
echo '{"credentialFiles":["/etc/smb.cred"]}' > '/etc/flexvolume/fstab~cifs.json'
call cifs-file-mount fstab~cifs mount $PODS/cred "$(options "$fstab,\"mountOptions\":\"credentials=/etc/smb.cred\"")"
call cifs-file-unmount fstab~cifs unmount $PODS/cred
# Servers that speak no later version, and one on another port.
for version in 3_00 2_10; do
    stop; serve 445 "server max protocol=SMB$version"
    call cifs-$version-mount fstab~cifs mount $PODS/old "$(options "$fstab,\"mountOptions\":\"noperm\",$(secret "$encoded")")"
    look cifs-$version-dialect grep -o 'Dialect 0x[0-9a-f]*' /proc/fs/cifs/DebugData
    call cifs-$version-unmount fstab~cifs unmount $PODS/old
done
call cifs-forced fstab~cifs mount $PODS/old "$(options "$fstab,\"mountOptions\":\"vers=3.1.1\",$(secret "$encoded")")"
stop; serve 4455
call cifs-port-none plugboard~cifs mount $PODS/plugboard~cifs/port "$(options "$cifs,$(secret "$encoded")")"
call cifs-port-mount plugboard~cifs mount $PODS/plugboard~cifs/port "$(options "$cifs,\"port\":\"4455\",$(secret "$encoded")")"
look cifs-port-line grep "/port " /proc/self/mountinfo
look cifs-port-list "$PLUGINS/installer" flexvolume list
call cifs-port-unmount plugboard~cifs unmount $PODS/plugboard~cifs/port
rmdir $PODS/plugboard~cifs
look cifs-left sh -c "grep -c $PODS /proc/self/mountinfo; ls -A /run/flexvolume/locks $PODS"
# What this kernel has not got, it says.
call tmpfs-noswap plugboard~tmpfs mount $PODS/tmpfs "$(options '"size":"1Mi","noswap":"true"')"
call tmpfs-noswap-unmount plugboard~tmpfs unmount $PODS/tmpfs
# A disk that grows while it is mounted: this kernel has all capabilities.
for type in ext4 xfs btrfs; do
    modprobe -d "$MODULES" -q $type
    call loop-$type-mount plugboard~loop mount $PODS/$type \
        "$(options "\"file\":\"default/$type.img\",\"size\":\"320Mi\",\"fsType\":\"$type\"")"
    look loop-$type-before stat -f -c %b*%S $PODS/$type
    call loop-$type-grow plugboard~loop expandfs "$(options)" "" $PODS/$type 671088640 335544320
    look loop-$type-after stat -f -c %b*%S $PODS/$type
    call loop-$type-unmount plugboard~loop unmount $PODS/$type
done
look loop-left losetup -a
finish
