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
call cifs-fstab-mount fstab~cifs mount $PODS/fstab "$(options '"networkPath":"//127.0.0.1/share","mountOptions":"vers=3.0,uid=1000,dir_mode=0755,noperm","kubernetes.io/mounterArgs.FsGroup":"2000",'"$(secret "$encoded")")"
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
look cifs-left sh -c "grep -c $PODS /proc/self/mountinfo; ls -A /run/flexvolume/locks $PODS"
# What this kernel has not got, it says.
call tmpfs-noswap plugboard~tmpfs mount $PODS/tmpfs "$(options '"size":"1Mi","noswap":"true"')"
# A disk that grows while it is mounted: this kernel has all capabilities.
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
