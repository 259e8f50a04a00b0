# Sourced by a guest's first script: what a machine has before its first process. $OUT of this machine is /run/out, written through.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mkdir /run/out
mount -t hostfs none /run/out -o "$OUT"
modprobe -d "$MODULES" -a 8021q bridge veth dummy ipip vxlan vrf
ip link set lo up

# look STEP COMMAND…: what a command printed, and its exit code.
look() {
    step=$1; shift
    "$@" > "/run/out/$step" 2>&1
    echo "exit $?" >> "/run/out/$step"
}

look kernel uname -r

# finish: the script came to its end, the guest halts.
finish() {
    echo done > /run/out/done
    echo o > /proc/sysrq-trigger
    sleep 5
}
