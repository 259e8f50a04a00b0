#!/bin/sh
# The first process of a guest kernel: the child of a mount and of an unmount killed before each of its system calls that change anything, for NFS and SMB.
. "$ROOT/tests/EndToEnd/Guest/smb-server.sh"
for module in nfsd nfs nfsv4; do modprobe -d "$MODULES" -q $module; done
mount -t nfsd nfsd /proc/fs/nfsd
: > /var/lib/nfs/etab; : > /var/lib/nfs/rmtab
echo '/srv/export *(rw,fsid=0,insecure,no_subtree_check,no_root_squash)' > /etc/exports
exportfs -ra > /run/exportfs.log 2>&1
rpc.mountd -N 2 -N 3 > /run/mountd.log 2>&1
rpc.nfsd -N 3 2 > /run/nfsd.log 2>&1
serve

# Between two of these a process changes nothing but itself.
changing=close_range,openat,openat2,mkdirat,unlinkat,flock,socket,connect,unshare,mount,umount2,fsopen,fsconfig,fsmount,open_tree,move_mount,mount_setattr,fchmod,fchownat,write

# state: what there is of ours.
state() {
    grep -c "$PODS" /proc/self/mountinfo
    find "$PODS" -mindepth 1 -maxdepth 1
    find /run/flexvolume/locks -type f
}

# succeed VERB…: the call as kubelet makes it.
succeed() { $executable "$@" | grep -q '"Success"' || echo "after $call $number: $1 failed"; }

# kill_each STEP: the call in /run/call killed before each system call; then the same call by the driver succeeds, and then what "restore" does brings back "state".
kill_each() {
    strace -f -qq -o /run/trace -e trace=$changing $executable worker < /run/call > /run/answer
    again
    kills=0
    awk '{ sub(/\(.*/, "", $2); n[$1 $2]++; if (started) print $2, n[$1 $2]; if ($2 == "close_range") started = 1 }' /run/trace | sort -u > /run/calls
    while read -r call number; do
        strace -f -qq -o /dev/null -e trace=$call -e inject=$call:signal=KILL:when=$number $executable worker < /run/call > /run/answer 2>&1
        kills=$((kills + 1))
        again
    done < /run/calls > /run/problems
    echo "$kills kills" > "/run/out/$1"
    cat /run/problems >> "/run/out/$1"
    echo "exit 0" >> "/run/out/$1"
}

# mounting, unmounting STEP DRIVER OPTIONS: all of it for one volume.
mounting() {
    executable=$DRIVERS/$2/${2#*~}; json=$3; target=$PODS/v
    printf '%s\0%s\0%s\0%s\0%s' "$2" 20 mount "$target" "$json" > /run/call
    state > /run/before
    $executable mount "$target" "$json" > /run/first; state > /run/mounted
    $executable unmount "$target" > /run/first
    again() {
        succeed mount "$target" "$json"
        state | cmp -s - /run/mounted || echo "after $call $number, mounted: $(state | tr '\n' ' ')"
        succeed unmount "$target"
        state | cmp -s - /run/before || echo "after $call $number, unmounted: $(state | tr '\n' ' ')"
    }
    kill_each "$1"
}
unmounting() {
    executable=$DRIVERS/$2/${2#*~}; json=$3; target=$PODS/v
    printf '%s\0%s\0%s\0%s' "$2" 20 unmount "$target" > /run/call
    state > /run/before
    again() {
        succeed unmount "$target"
        state | cmp -s - /run/before || echo "after $call $number, unmounted: $(state | tr '\n' ' ')"
        succeed mount "$target" "$json"
    }
    call=start; number=0
    succeed mount "$target" "$json"
    kill_each "$1"
    succeed unmount "$target"
}

nfs=$(options '"server":"127.0.0.1","share":"/"')
mkdir -p /run/flexvolume/locks
mounting nfs-mount plugboard~nfs "$nfs"
unmounting nfs-unmount plugboard~nfs "$nfs"
mounting nfs-sub-mount plugboard~nfs "$(options '"server":"127.0.0.1","share":"/","subDir":"a/b","create":"true"')"
mounting cifs-mount plugboard~cifs "$(options "$cifs,$(secret "$encoded")")"
unmounting cifs-unmount plugboard~cifs "$(options "$cifs,$(secret "$encoded")")"
finish
