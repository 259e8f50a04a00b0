#!/bin/busybox sh
# The first process of a guest with a network card that has virtual functions (SR-IOV), for SriovTests. A step is "STEP name", what the
# command printed, then "EXIT code". The physical function is eth0, its virtual ones 0000:01:10.0, .2 and .4.
MODULES="igb igbvf vfio-pci vfio_iommu_type1"
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mkdir -p /run/netns /run/results /run/inputs
for module in $MODULES; do modprobe $module; done
P=/opt/plugboard
R=/opt/reference
V=0000:01:10

# look STEP COMMAND…: what a command printed, and its exit code.
look() {
    echo "STEP $1"; shift
    "$@" 2>&1
    echo "
EXIT $?"
}

# pod NAME: a network namespace that stays until `end NAME`.
pod() {
    unshare -n sleep 100000 &
    eval "pid_$1=$!"
    : > /run/netns/$1
    own=$(readlink /proc/self/ns/net)
    while [ "$(readlink /proc/$!/ns/net)" = "$own" ]; do usleep 10000; done
    mount --bind /proc/$!/ns/net /run/netns/$1
    nsenter --net=/run/netns/$1 ip link set lo up
}

end() {
    eval "kill \$pid_$1"
    umount /run/netns/$1
    rm /run/netns/$1
    sleep 1
}

# call STEP VERB PLUGIN POD CONFIG [DIRECTORY]: as a runtime calls; behind the ADD each call gets its result.
call() {
    input=$5
    [ $2 = ADD ] || [ ! -s /run/results/$4 ] || input="${5%\}},\"prevResult\":$(cat /run/results/$4)}"
    echo "STEP $1"
    output=$(echo "$input" | env CNI_COMMAND=$2 CNI_CONTAINERID=$4 CNI_NETNS=/run/netns/$4 CNI_IFNAME=net1 CNI_PATH=$P ${6:-$P}/$3)
    code=$?
    printf '%s\nEXIT %s\n' "$output" $code
    [ $2 != ADD ] || [ $code != 0 ] || echo "$output" > /run/results/$4
}

# show STEP: all of the physical function's settings, and of the interfaces of the host.
show() {
    echo "STEP $1"
    /tools/ip -d link show eth0 | grep ' vf '
    for name in $(ls /sys/class/net); do
        case $name in eth0|lo|bonding_masters) continue;; esac
        up=$(/tools/ip -o link show $name | sed 's/.*<\([^>]*\)>.*/\1/' | grep -o '\<UP\>')
        pci=$(basename $(readlink -f /sys/class/net/$name/device))
        echo "$name $pci $(cat /sys/class/net/$name/address) $(cat /sys/class/net/$name/mtu) $up"
    done
    find /var/lib/cni/sriov -type f 2>/dev/null | grep -v '\.lock$'
    echo "EXIT 0"
}

# sriov DEVICE KEYS: a config; an IPAM plugin gives 10.0.0.x, by the function's number.
sriov() {
    ipam='{"type":"static","addresses":[{"address":"10.0.0.1'$1'/24"}]}'
    echo "{\"cniVersion\":\"1.0.0\",\"name\":\"fast\",\"type\":\"sriov\",\"deviceID\":\"$V.$1\",\"ipam\":$ipam${2:+,}$2}"
}

device() { echo "{\"cniVersion\":\"1.0.0\",\"name\":\"card\",\"type\":\"host-device\",$1}"; }

sleep 0.5
ip link set lo up
ip link set eth0 up
ip addr add 10.0.0.1/24 dev eth0
echo 3 > /sys/class/net/eth0/device/sriov_numvfs
for i in $(seq 50); do [ -e /sys/bus/pci/devices/$V.4/net ] && break; sleep 0.2; done
sleep 0.5
ip link set eth1 mtu 1400
ip link set eth1 address 02:00:00:00:01:01
ip link set eth1 up
sleep 0.5
status() { echo '{"cniVersion":"1.1.0","name":"fast","type":"sriov"}' | CNI_COMMAND=STATUS CNI_PATH=$P $P/sriov; }
look status status
show before

# A life with each setting that the card knows.
pod a
full='"vlan":100,"vlanQoS":3,"mac":"02:00:00:00:00:0A","max_tx_rate":100,"spoofchk":"off","trust":"on"'
call full-add ADD sriov a "$(sriov 0 "$full,\"logLevel\":\"debug\"")"
look full-pod nsenter --net=/run/netns/a /tools/ip -d addr show net1
show full-set
call full-check CHECK sriov a "$(sriov 0 "$full")"
pod b
call full-taken ADD sriov b "$(sriov 0)"
/tools/ip link set eth0 vf 0 trust off
call full-check-changed CHECK sriov a "$(sriov 0 "$full")"
cp /var/lib/cni/sriov/a-net1 /run/inputs/record
look full-record cat /run/inputs/record
call full-del DEL sriov a "$(sriov 0)"
show full-restored
call full-del-again DEL sriov a "$(sriov 0)"
show full-restored-again

# Traffic between the physical function and the pod. igb passes no frame of a function whose address it does not know, and learns it when
# the function comes up for the second time.
ip link set eth2 up
sleep 1
ip link set eth2 down
call traffic-add ADD sriov b "$(sriov 2)"
for i in $(seq 20); do nsenter --net=/run/netns/b ping -c 1 -W 1 10.0.0.1 >/dev/null && break; done
look traffic ping -c 1 -W 3 10.0.0.12
call traffic-del DEL sriov b "$(sriov 2)"

# A function whose interface was never up.
rm -f /run/results/b
call down-add ADD sriov b "$(sriov 2 '"mac":"02:00:00:00:00:12"')"
for i in $(seq 20); do nsenter --net=/run/netns/b ping -c 1 -W 1 10.0.0.1 >/dev/null && break; done
look down /tools/ip neigh show 10.0.0.12 dev eth0
call down-del DEL sriov b "$(sriov 2)"
rm -f /run/results/b

# An address that the host has set, for a function that has it already.
/tools/ip link set eth0 vf 2 mac 02:00:00:00:02:02
ip link set eth3 address 02:00:00:00:02:02
call host-add ADD sriov b "$(sriov 4 '"mac":"02:00:00:00:00:0e"')"
call host-del DEL sriov b "$(sriov 4)"
show host-restored

# What the card refuses after other settings were accepted.
call refused-ad ADD sriov a "$(sriov 0 '"vlan":100,"vlanProto":"802.1ad"')"
call refused-rate ADD sriov a "$(sriov 0 '"vlan":100,"mac":"02:00:00:00:00:0a","min_tx_rate":10,"max_tx_rate":100')"
accepted='"vlan":100,"mac":"02:00:00:00:00:0a","max_tx_rate":50,"spoofchk":"off","trust":"on"'
call refused-state ADD sriov a "$(sriov 0 "$accepted,\"link_state\":\"enable\"")"
show refused

# What no valid attachment has.
call gc-add ADD sriov a "$(sriov 0 '"vlan":6,"max_tx_rate":20')"
gc() {
    echo '{"cniVersion":"1.1.0","name":"fast","type":"sriov","cni.dev/valid-attachments":['"$1"']}' |
        CNI_COMMAND=GC CNI_PATH=$P $P/sriov
}
look gc-none gc '{"containerID":"a","ifname":"net1"}'
show gc-kept
look gc gc ''
show gc-restored
rm -f /run/results/a

# Killed before each system call of an ADD, and of a DEL, that changes anything (kill-at.c). DEL or GC, or DEL after the pod's namespace has
# ended, gives the function back as it was, and the next ADD works. Of the driver's and the interface's state the shell's own words make
# lines: a guest is slow at starting processes.
seen() {
    /tools/ip -d link show > /run/seen
    seen=
    while read -r first second rest; do
        case $first in
            [0-9]*:) case $rest in *[\<,]UP[,\>]*) up=up;; *) up=down;; esac; rest=${rest#*mtu }; line="$second $up ${rest%% *}";;
            link/ether) line=$second;;
            vf|alias|altname) line="$first $second $rest";;
            *) continue;;
        esac
        seen="$seen$line
"
    done < /run/seen
    set -- /var/lib/cni/sriov/* /var/lib/cni/sriov/.[!.]* /var/lib/cni/sriov/pci/* /var/lib/cni/sriov/pci/.[!.]*
    seen="$seen$*"
}
expect() {
    seen
    [ "$seen" = "$1" ] || { echo "$what: $2"; echo "$1" > /run/expected; echo "$seen" > /run/seen; diff /run/expected /run/seen; }
}
# make VERB: a call that must succeed. killed VERB: true if it was killed before change $number.
make() {
    case $1 in GC) input=gc;; *) input=killed;; esac
    CNI_COMMAND=$1 $P/sriov < /run/inputs/$input > /run/answer 2>&1 || { echo "$what: $1"; cat /run/answer; }
}
killed() {
    what="$1 killed before change $number, then $2"
    CNI_COMMAND=$1 kill-at $number $P/sriov < /run/inputs/killed > /dev/null 2>> /run/killed-$1
    [ $? = 137 ]
}
release() {
    if [ $1 = end ]; then end a; make DEL; pod a; else make $1; fi
    expect "$before" "not as before"
}
export CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=net1 CNI_PATH=$P
sriov 0 '"vlan":5,"vlanQoS":2,"mac":"02:00:00:00:00:0f","max_tx_rate":50,"spoofchk":"off","trust":"on"' > /run/inputs/killed
echo '{"cniVersion":"1.1.0","name":"fast","type":"sriov","cni.dev/valid-attachments":[]}' > /run/inputs/gc
echo "STEP killed"
usleep 500000
what=before; number=0
seen; before=$seen
make ADD; seen; added=$seen; make DEL
expect "$before" "not as before"
more="ADD DEL"
while [ "$more" ]; do
    number=$((number + 1)); left=$more; more=
    case $number in *[0369]) way=GC;; *[147]) way=end;; *) way=DEL;; esac
    case $left in *ADD*)
        if killed ADD DEL; then more=ADD; fi
        release DEL
        [ ! "$more" ] || { killed ADD GC; release GC; }
    esac
    make ADD; expect "$added" "the next ADD's"
    case $left in *DEL*) if killed DEL $way; then more="$more DEL"; fi;; esac
    release $way
done
for verb in ADD DEL; do echo "$verb $(wc -l < /run/killed-$verb)" $(sort -u /run/killed-$verb); done
echo "EXIT 0"
unset CNI_CONTAINERID CNI_NETNS CNI_IFNAME CNI_PATH

# Two functions in one pod, one of them chosen by the pod's annotation: Multus then has it in runtimeConfig alone. An address without its
# domain.
call two-add ADD sriov a "$(sriov 0 '"vlan":14')"
cat > /run/inputs/second <<'END'
{"cniVersion":"1.0.0","name":"fast","type":"sriov","vlan":15,
 "capabilities":{"deviceID":true},"runtimeConfig":{"deviceID":"01:10.4"}}
END
second() {
    look $1 env CNI_COMMAND=$2 CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=net2 CNI_PATH=$P sh -c "$P/sriov < /run/inputs/second"
}
second two-second-add ADD
show two
look two-pod nsenter --net=/run/netns/a /tools/ip -o link show
call two-del DEL sriov a "$(sriov 0)"
show two-left
second two-second-del DEL
show two-restored
rm -f /run/results/a

# A record of an earlier boot, whose namespace's path is another's by now: the next pod gets the function, and the late DEL leaves it alone.
call boot-add ADD sriov a "$(sriov 0 '"vlan":16')"
cp /var/lib/cni/sriov/a-net1 /run/inputs/earlier
call boot-del DEL sriov a "$(sriov 0)"
sed 's/"boot":"[^"]*"/"boot":"earlier"/' /run/inputs/earlier > /var/lib/cni/sriov/a-net1
echo -n /run/netns/a > /var/lib/cni/sriov/pci/$V.0
rm -f /run/results/a
call boot-next ADD sriov b "$(sriov 0 '"vlan":17')"
sed 's/"boot":"[^"]*"/"boot":"earlier"/; s/netns\/a"/netns\/b"/' /run/inputs/earlier > /var/lib/cni/sriov/a-net1
show boot-held
call boot-late DEL sriov a "$(sriov 0)"
show boot-still-held
call boot-next-del DEL sriov b "$(sriov 0)"
show boot-restored
rm -f /run/results/b

# The state's filesystem is full, or read-only.
mount -t tmpfs -o nr_inodes=6 tmpfs /var/lib/cni
call full-disk-add ADD sriov b "$(sriov 0 '"vlan":18')"
show full-disk
umount /var/lib/cni
call ro-add ADD sriov b "$(sriov 0 '"vlan":18,"mac":"02:00:00:00:00:18"')"
mount --bind /var/lib/cni /var/lib/cni
mount -o remount,ro,bind /var/lib/cni
call ro-second ADD sriov a "$(sriov 4 '"vlan":18')"
call ro-del DEL sriov b "$(sriov 0)"
show ro
umount /var/lib/cni
call ro-del-again DEL sriov b "$(sriov 0)"
show ro-restored
rm -f /run/results/b

# The card is down.
ip link set eth0 down
call down-card-add ADD sriov b "$(sriov 0 '"vlan":20,"mac":"02:00:00:00:00:20"')"
call down-card-del DEL sriov b "$(sriov 0)"
ip link set eth0 up
usleep 500000
show down-card
rm -f /run/results/b

# Four pods want one function at once.
for pod in r1 r2 r3 r4; do pod $pod; done
sriov 0 '"vlan":21' > /run/inputs/race
for pod in r1 r2 r3 r4; do
    env CNI_COMMAND=ADD CNI_CONTAINERID=$pod CNI_NETNS=/run/netns/$pod CNI_IFNAME=net1 CNI_PATH=$P \
        $P/sriov < /run/inputs/race > /run/results/$pod.race 2>&1 &
done
for i in $(seq 100); do [ $(grep -l '"code": 104\|"ips"' /run/results/*.race | wc -l) = 4 ] && break; sleep 0.2; done
look race sh -c "grep -l '\"ips\"' /run/results/*.race | wc -l; grep -l '\"code\": 104' /run/results/*.race | wc -l"
for pod in r1 r2 r3 r4; do call race-del-$pod DEL sriov $pod "$(sriov 0)"; done
show race-restored

# The namespace ends without DEL: the function comes back under the pod's name. Then the late DEL, or the next pod's ADD before it.
call gone-add ADD sriov a "$(sriov 0 '"vlan":7,"mac":"02:00:00:00:00:0b"')"
end a
show gone
call gone-del DEL sriov a "$(sriov 0)"
show gone-restored
pod a
rm -f /run/results/a
call late-add ADD sriov a "$(sriov 0 '"vlan":7,"mac":"02:00:00:00:00:0b"')"
end a
pod c
call late-next ADD sriov c "$(sriov 0 '"vlan":8')"
show late-held
call late-del DEL sriov a "$(sriov 0)"
show late-still-held
call late-next-del DEL sriov c "$(sriov 0)"
show late-restored

# A name that the host has given away.
call name-add ADD sriov c "$(sriov 0 '"vlan":9')"
ip link set eth3 down
ip link set eth3 name eth1
call name-del DEL sriov c "$(sriov 0)"
show name-taken
call name-del-again DEL sriov c "$(sriov 0)"
ip link set eth1 name eth3
name=$(ls /sys/bus/pci/devices/$V.0/net)
ip link set $name down
ip link set $name name eth1
ip link set eth1 up
show name-repaired

# The files of the reference: what it kept is enough.
call foreign-add ADD sriov c "$(sriov 0 '"vlan":11,"mac":"02:00:00:00:00:0c","trust":"on"')"
sed -i 's/,"plugboard":{[^}]*}//' /var/lib/cni/sriov/c-net1
look foreign-record cat /var/lib/cni/sriov/c-net1
call foreign-del DEL sriov c "$(sriov 0)"
show foreign-restored
ip link set eth1 up

# A file of the oldest form of the reference, which allocated nothing.
call oldest-add ADD sriov c "$(sriov 0 '"vlan":11,"mac":"02:00:00:00:00:0c","trust":"on"')"
addresses='"MAC":"02:00:00:00:00:0c","adminMAC":"02:00:00:00:01:01","effectiveMAC":"02:00:00:00:01:01"'
interfaces='"deviceID":"'$V'.0","VFID":0,"HostIFNames":"eth1","ContIFNames":"net1"'
cat > /var/lib/cni/sriov/c-net1 << END
{"cniVersion":"1.0.0","name":"fast","type":"sriov","Master":"eth0",$addresses,
"vlan":11,"vlanQoS":0,$interfaces,"min_tx_rate":null,"max_tx_rate":null,"trust":"on","runtimeConfig":{}}
END
rm /var/lib/cni/sriov/pci/$V.0
call oldest-del DEL sriov c "$(sriov 0)"
show oldest-restored
ip link set eth1 up

# The functions are made again while a pod has one.
call remade-add ADD sriov c "$(sriov 4 '"vlan":12')"
echo 0 > /sys/class/net/eth0/device/sriov_numvfs
call remade-del DEL sriov c "$(sriov 4)"
look remade-files find /var/lib/cni/sriov -type f -not -name '*.lock'
look status-without status
call absent ADD sriov b "$(sriov 0)"
echo 3 > /sys/class/net/eth0/device/sriov_numvfs
for i in $(seq 50); do [ -e /sys/bus/pci/devices/$V.4/net ] && break; sleep 0.2; done
sleep 0.5

# What a neighbour knows of an earlier pod is corrected by the announcement alone: the pod is not asked. The card may pass no frame when
# the function comes up for the first time (as above), so there are three attempts; without an announcement each of them fails.
for attempt in 1 2 3; do
    rm -f /run/results/b
    /tools/ip neigh replace 10.0.0.14 lladdr 02:00:00:00:00:99 dev eth0 nud stale
    call announced-add ADD sriov b "$(sriov 4)"
    for i in $(seq 20); do /tools/ip neigh show 10.0.0.14 dev eth0 | grep -q 00:99 || break; usleep 100000; done
    look announced /tools/ip neigh show 10.0.0.14 dev eth0
    call announced-del DEL sriov b "$(sriov 4)"
    /tools/ip neigh show 10.0.0.14 dev eth0 | grep -q 00:99 || break
done
rm -f /run/results/b

# A program drives the function.
echo vfio-pci > /sys/bus/pci/devices/$V.2/driver_override
echo $V.2 > /sys/bus/pci/devices/$V.2/driver/unbind
call unbound ADD sriov b "$(sriov 2)"
echo $V.2 > /sys/bus/pci/drivers_probe
look vfio-driver basename $(readlink /sys/bus/pci/devices/$V.2/driver)
show vfio-before
call vfio-add ADD sriov b "$(sriov 2 '"vlan":13,"mac":"02:00:00:00:00:0d"')"
show vfio-set
call vfio-check CHECK sriov b "$(sriov 2 '"vlan":13,"mac":"02:00:00:00:00:0d"')"
call vfio-del DEL sriov b "$(sriov 2)"
show vfio-restored
rm -f /run/results/b
call vfio-device ADD host-device b "$(device "\"pciBusID\":\"$V.2\"")"
call vfio-device-del DEL host-device b "$(device "\"pciBusID\":\"$V.2\"")"

# host-device with hardware: by PCI address, and back from a namespace that ended.
ip link set eth1 mtu 1300
ip addr add 192.0.2.1/24 dev eth1
ip link set eth1 up
/tools/ip link set eth1 alias rack-7
sleep 0.5
look card-before /tools/ip -o link show eth1
pod d
call card-add ADD host-device d "$(device "\"pciBusID\":\"$V.0\"")"
look card-pod nsenter --net=/run/netns/d /tools/ip -o link show net1
call card-check CHECK host-device d "$(device "\"pciBusID\":\"$V.0\"")"
call card-taken ADD host-device b "$(device "\"pciBusID\":\"$V.0\"")"
nsenter --net=/run/netns/d ip link set net1 down
nsenter --net=/run/netns/d ip link set net1 address 02:00:00:00:00:77 mtu 1200
end d
look card-gone /tools/ip -o link show
call card-del DEL host-device d "$(device '"device":"eth1"')"
look card-restored /tools/ip -o link show eth1
look card-address /tools/ip -o -4 addr show eth1
pod e
rm -f /run/results/b
call card-reference-add ADD host-device e "$(device '"device":"eth1"')" $R
end e
call card-adopt ADD host-device b "$(device '"device":"eth1"')"
call card-adopt-del DEL host-device b "$(device '"device":"eth1"')"
look card-adopted /tools/ip -o link show
echo DONE
poweroff -f
