#!/bin/bash
# A FlexVolume driver for directories as such drivers are written in shell, from the text of the contract: the side to compare with.
root=/var/lib/flexvolume/local
answer() { jq -cn --arg status "$1" --arg message "$2" '{status: $status, message: $message}'; exit 0; }

case $1 in
    init)
        jq -cn '{status: "Success", capabilities: {attach: false, selinuxRelabel: true, supportsMetrics: true, fsGroup: true,
            requiresFSResize: false}}'
        ;;
    mount)
        directory=$2
        path=$(jq -r '.path // empty' <<< "$3")
        mode=$(jq -r '."kubernetes.io/readwrite"' <<< "$3")
        source=$(realpath -m "$root/$path")
        [[ $source == "$root"/* ]] || answer Failure "$path leaves $root"
        findmnt -n "$directory" > /dev/null && answer Success "already mounted"
        mkdir -p "$source" "$directory" || answer Failure "cannot make directories"
        mount --bind "$source" "$directory" || answer Failure "cannot mount"
        mount -o "remount,bind,nosuid,nodev,$mode" "$directory" || answer Failure "cannot remount"
        answer Success mounted
        ;;
    unmount)
        if findmnt -n "$2" > /dev/null; then umount "$2" || answer Failure "cannot unmount"; fi
        rmdir "$2" 2> /dev/null
        answer Success unmounted
        ;;
    *)
        answer "Not supported" ""
        ;;
esac
