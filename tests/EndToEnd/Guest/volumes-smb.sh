#!/bin/sh
# The first process of a guest kernel: an SMB server, disks in files, and the driver beside them.
. "$ROOT/tests/EndToEnd/Guest/volumes.sh"
for module in cmac ccm gcm sha512_generic hmac md5 nls_utf8 cifs loop; do modprobe -d "$MODULES" -q $module; done

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
