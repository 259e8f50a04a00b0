# Sourced by a guest's first script: the driver under its names, and kubelet's calls. From the environment: PLUGINS, the executables.
. "$ROOT/tests/EndToEnd/Guest/prepare.sh"
for directory in /var/lib /srv /mnt; do mount -t tmpfs tmpfs $directory; done
mkdir -p /var/lib/nfs/rpc_pipefs /var/lib/nfs/v4recovery /srv/export/sub /srv/share
cp -a /etc /run/etc
mount --bind /run/etc /etc
# What the kernel asks for by itself (ciphers, character sets) is in that folder too.
printf '#!/bin/sh\nexec /sbin/modprobe -d %s "$@"\n' "$MODULES" > /run/modprobe
chmod +x /run/modprobe
echo /run/modprobe > /proc/sys/kernel/modprobe
PODS=/var/lib/kubelet/pods/0e6d1c2a-1111-2222-3333-444455556666/volumes
DRIVERS=/var/lib/drivers
mkdir -p $PODS /etc/flexvolume
for name in plugboard~nfs k8s~nfs alicloud~nas plugboard~cifs fstab~cifs plugboard~loop plugboard~local plugboard~tmpfs; do
    mkdir -p $DRIVERS/$name
    cp "$PLUGINS/flexvolume" $DRIVERS/$name/${name#*~}
done

# call STEP DRIVER ARGUMENTS…: as kubelet calls it.
call() {
    step=$1; driver=$2; shift 2
    look "$step" $DRIVERS/$driver/${driver#*~} "$@"
}

kubelet='"kubernetes.io/fsType":"","kubernetes.io/readwrite":"rw","kubernetes.io/pvOrVolumeName":"v"'
kubelet=$kubelet',"kubernetes.io/pod.name":"p","kubernetes.io/pod.namespace":"default"'
# options JSON_MEMBERS: the options of a call.
options() { echo "{$kubelet${1:+,$1}}"; }
