#!/bin/sh
# The first process of a guest kernel: the child of a mount and of an unmount killed before each of its system calls that change
# anything, for NFS and SMB.
. "$ROOT/tests/EndToEnd/Guest/smb-server.sh"
modprobe -d "$MODULES" -q -a nfsd nfs nfsv4
mount -t nfsd nfsd /proc/fs/nfsd
: > /var/lib/nfs/etab; : > /var/lib/nfs/rmtab
echo '/srv/export *(rw,fsid=0,insecure,no_subtree_check,no_root_squash)' > /etc/exports
exportfs -ra > /run/exportfs.log 2>&1
rpc.mountd -N 2 -N 3 > /run/mountd.log 2>&1
rpc.nfsd -N 3 2 > /run/nfsd.log 2>&1
serve

# Of fsconfig calls in a row, which set up what ends with the process, the first two and the last stand for all.
# Between two of these a process changes nothing but itself; of openat only what makes a file counts.
changing=close_range,openat,openat2,mkdirat,unlinkat,flock,unshare,mount,umount2,fsopen,fsconfig,fsmount,open_tree,move_mount
changing=$changing,mount_setattr,fchmod,fchownat,write

# The shell's own words as far as they go: a guest is slow at starting processes.
# observe: what there is of ours, in $seen.
observe() {
    count=0
    while read -r line; do case $line in *" $PODS"*) count=$((count + 1)) ;; esac; done < /proc/self/mountinfo
    set -- "$PODS"/* /run/flexvolume/locks/*
    seen="$count mounts, $*"
}
# succeed VERB…: the call as kubelet makes it. expect SEEN: that is what there is then.
succeed() {
    $executable "$@" > /run/answer
    read -r answer < /run/answer
    case $answer in *'"Success"'*) ;; *) echo "after $call $number: $1: $answer" ;; esac
}
expect() {
    observe
    [ "$seen" = "$1" ] || echo "after $call $number: $seen instead of $1"
}

# kill_each STEP: the call in /run/call killed before each system call; "again" makes it to its end and looks.
kill_each() {
    call=none; number=0; kills=0
    strace --seccomp-bpf -f -qq -o /run/trace -e trace=$changing $executable worker < /run/call > /run/answer
    again > /run/problems
    awk '{ name = $2; sub(/\(.*/, "", name); n[name]++ }
        started && (name != "openat" || /O_CREAT/) {
            run = name == "fsconfig" && name == last ? run + 1 : 1; last = name
            if (run > 2) held = name " " n[name]
            else { if (held) print held; held = ""; print name, n[name] }
        }
        name == "close_range" { started = 1 }
        END { if (held) print held }' /run/trace > /run/calls
    while read -r call number; do
        $FAULT_AT $call $number kill $executable worker < /run/call > /run/answer 2>&1
        [ $? -ne 137 ] || kills=$((kills + 1))
        again
    done < /run/calls >> /run/problems
    { cut -d ' ' -f 1 /run/calls | sort -u | tr '\n' ' '; echo; cat /run/problems; echo "exit $kills"; } > "/run/out/$1"
}

# both STEP DRIVER OPTIONS: mounting and unmounting one volume.
both() {
    executable=$DRIVERS/$2/${2#*~}; json=$3; target=$PODS/v; call=none; number=0
    observe; before=$seen
    succeed mount "$target" "$json"
    observe; mounted=$seen
    printf '%s\0%s\0%s\0%s' "$2" 20 unmount "$target" > /run/call
    again() {
        succeed unmount "$target"
        expect "$before"
        succeed mount "$target" "$json"
    }
    kill_each "$1-unmount"
    succeed unmount "$target"
    printf '%s\0%s\0%s\0%s\0%s' "$2" 20 mount "$target" "$json" > /run/call
    again() {
        succeed mount "$target" "$json"
        expect "$mounted"
        succeed unmount "$target"
        expect "$before"
    }
    kill_each "$1-mount"
}

mkdir -p /run/flexvolume/locks
both nfs plugboard~nfs "$(options '"server":"127.0.0.1","share":"/"')"
both nfs-sub plugboard~nfs "$(options '"server":"127.0.0.1","share":"/","subDir":"a/b","create":"true"')"
both cifs plugboard~cifs "$(options "$cifs,$(secret "$encoded")")"
finish
