#!/bin/sh
# The first process of a guest kernel: macvlan, ipvlan, vlan and dummy beside the reference's, for ChildLinkTests.
# The node's eth0 leads to a host "far".
# From the environment: PLUGINS and REFERENCE, two directories of executables.
. "$ROOT/tests/EndToEnd/Guest/prepare.sh"
modprobe -d "$MODULES" -a macvlan ipvlan
mkdir /run/results
for ns in far a b; do ip netns add $ns; done
# Duplicate address detection takes two seconds of each ADD: DuplicateDetectionTests have it.
for ns in a b; do ip netns exec $ns sysctl -qw net.ipv6.conf.default.dad_transmits=0; done
ip link add eth0 type veth peer name eth0 netns far
ip -n far link set eth0 up
ip -n far address add 10.1.255.254/16 dev eth0
ip -n far address add fd00:1::fffe/64 dev eth0 nodad
ip address add 10.1.255.253/16 dev eth0
ip link set eth0 up
ip route add default via 10.1.255.254

# config TYPE KEYS: host-local in both families; a later key wins over an earlier one.
config() {
    echo '{"cniVersion":"1.0.0","name":"net","type":"'"$1"'","ipam":{"type":"host-local","dataDir":"/run/networks","ranges":' \
        '[[{"subnet":"10.1.0.0/16","gateway":"10.1.255.254"}],[{"subnet":"fd00:1::/64","gateway":"fd00:1::fffe"}]],' \
        '"routes":[{"dst":"0.0.0.0/0"},{"dst":"::/0"},{"dst":"192.0.2.0/24","gw":"10.1.255.254"}]},' \
        '"dns":{"nameservers":["10.1.255.254"]}'"${2:+,$2}}"
}

# call STEP BIN TYPE VERB POD CONFIG: CHECK and DEL get what ADD returned.
call() {
    step=$1 bin=$2 type=$3 verb=$4 pod=$5 input=$6
    [ "$verb" = ADD ] || [ ! -s "/run/results/$pod" ] || input="${input%\}},\"prevResult\":$(cat "/run/results/$pod")}"
    output=$(echo "$input" |
        CNI_COMMAND="$verb" CNI_CONTAINERID="$pod" CNI_NETNS="/run/netns/$pod" CNI_IFNAME=eth0 CNI_PATH="$bin" "$bin/$type")
    printf '%s\nexit %s\n' "$output" $? > "/run/out/$step"
    [ "$verb" != ADD ] || echo "$output" > "/run/results/$pod"
}

# state STEP POD: what the pod has, without what differs from one link to the next.
# A guest is slow at starting processes: one filter for all.
state() {
    # The kernel settles the state of a link that came up within a second.
    for try in 1 2 3 4 5 6 7 8 9 10; do
        link=$(ip -n "$2" -d link show dev eth0)
        case $link in *"state UP"* | *dummy*) break ;; esac
        sleep 0.2
    done
    {
        echo "$link"
        ip -n "$2" -br address show dev eth0
        ip -n "$2" route; ip -n "$2" -6 route
    } 2>&1 | awk '
        /^[0-9]+: eth0/ { inside = 1 }
        /^eth0[@ ]/ { inside = 0; for (i = 3; i <= NF; i++) if ($i !~ /^fe80/) print $i; next }
        !inside { if ($0 !~ /fe80/) print; next }
        BEGIN { facts = "mtu [0-9]+|state [A-Z]+|macvlan mode [a-z]+|ipvlan  ?mode [a-z0-9]+ [a-z]+|vlan protocol [^ ]+ id [0-9]+|dummy" }
        { while (match($0, facts)) {
              print substr($0, RSTART, RLENGTH); $0 = substr($0, RSTART + RLENGTH) } }' > "/run/out/$1"
    ip netns exec "$2" cat /proc/sys/net/ipv4/conf/eth0/arp_notify /proc/sys/net/ipv6/conf/eth0/ndisc_notify >> "/run/out/$1"
    echo "exit 0" >> "/run/out/$1"
}

# both NAME TYPE KEYS: ADD by each implementation, the state, a ping to the far host, CHECK, and DEL by the other one.
both() {
    for who in ours reference; do
        other=$REFERENCE bin=$PLUGINS
        [ $who = ours ] || { bin=$REFERENCE; other=$PLUGINS; }
        # Debian's reference has no dummy yet.
        [ -x "$other/$2" ] || other=$bin
        [ -x "$bin/$2" ] || continue
        call "$1-$who-add" "$bin" "$2" ADD a "$(config "$2" "$3")"
        state "$1-$who-state" a
        # A dummy leads nowhere, and a far host does not know by what it reaches an ipvlan of layer 3 in IPv6.
        [ $2 = dummy ] || look "$1-$who-reach" ip netns exec a ping -c 1 -W 2 10.1.255.254
        [ $2 = dummy ] || [ $1 = ipvlan-l3 ] || look "$1-$who-reach6" ip netns exec a ping -c 1 -W 2 fd00:1::fffe
        call "$1-$who-check" "$bin" "$2" CHECK a "$(config "$2" "$3")"
        call "$1-$who-del" "$other" "$2" DEL a "$(config "$2" "$3")"
        look "$1-$who-left" ip -n a -br link show type "$2"
        rm -rf /run/networks /run/results/*
    done
}

both macvlan macvlan '"master":"eth0"'
both macvlan-default macvlan '"mtu":1400,"mode":"private"'
both ipvlan ipvlan '"master":"eth0"'
both ipvlan-l3 ipvlan '"master":"eth0","mode":"l3"'
both dummy dummy ''

# The master in the config was changed after ADD. A macvlan above a macvlan is above what that is above.
ip link add eth2 type veth peer name beyond2
ip link set eth2 up; ip link set beyond2 up
ip link add link eth0 name mv0 type macvlan; ip link set mv0 up
for kind in macvlan ipvlan; do
    call $kind-moved-add "$PLUGINS" $kind ADD a "$(config $kind '"master":"eth0"')"
    call $kind-moved-check "$PLUGINS" $kind CHECK a "$(config $kind '"master":"eth2"')"
    call $kind-gone-check "$PLUGINS" $kind CHECK a "$(config $kind '"master":"eth7"')"
    call $kind-moved-del "$PLUGINS" $kind DEL a "$(config $kind '"master":"eth2"')"
    [ $kind = macvlan ] || continue
    for verb in ADD CHECK DEL; do call stacked-$verb "$PLUGINS" macvlan $verb a "$(config macvlan '"master":"mv0"')"; done
    # A master has children of one kind.
    ip link del mv0
done
ip link del eth2
rm -rf /run/networks /run/results/*

# A VLAN: the far host has its other end.
ip -n far link add link eth0 name eth0.5 type vlan id 5
ip -n far address del 10.1.255.254/16 dev eth0
ip -n far address del fd00:1::fffe/64 dev eth0
ip -n far address add 10.1.255.254/16 dev eth0.5
ip -n far address add fd00:1::fffe/64 dev eth0.5 nodad
ip -n far link set eth0.5 up
both vlan vlan '"master":"eth0","vlanId":5,"mtu":1400'

# Of one VLAN there is one interface: the second pod's ADD fails, and leaves neither link nor lease.
call vlan-first "$PLUGINS" vlan ADD a "$(config vlan '"master":"eth0","vlanId":5')"
call vlan-second "$PLUGINS" vlan ADD b "$(config vlan '"master":"eth0","vlanId":5')"
look vlan-second-links ip -n b -br link
look vlan-leases ls /run/networks/net
call vlan-twice "$PLUGINS" vlan ADD a "$(config vlan '"master":"eth0","vlanId":5')"
look vlan-leases-twice ls /run/networks/net
ip link set eth0 down; ip link del eth0
call vlan-del-without-master "$PLUGINS" vlan DEL a "$(config vlan '"master":"eth0","vlanId":5')"
look vlan-leases-after ls /run/networks/net
call vlan-status "$PLUGINS" vlan STATUS a "$(config vlan '"master":"eth0","vlanId":5,"cniVersion":"1.1.0"')"
rm -rf /run/networks /run/results/*

# The master in the container, and a name that the container has.
ip link add eth1 type veth peer name net1 netns b
ip link set eth1 up; ip -n b link set net1 up
call inside-add "$PLUGINS" macvlan ADD b "$(config macvlan '"master":"net1","linkInContainer":true')"
look inside-link ip -n b -j -d link show dev eth0
call inside-again "$PLUGINS" macvlan ADD b "$(config macvlan '"master":"net1","linkInContainer":true')"
call inside-foreign-del "$PLUGINS" dummy DEL b "$(config dummy '"name":"other"')"
look inside-still ip -n b -br link show dev eth0
call inside-del "$PLUGINS" macvlan DEL b "$(config macvlan '"master":"net1","linkInContainer":true')"
look inside-left ip -n b -br link
call dummy-keys "$PLUGINS" dummy ADD b "$(config dummy '"mtu":1300,"mac":"02:00:00:00:00:07"')"
look dummy-keys-link ip -n b -j -d link show dev eth0

. "$ROOT/tests/EndToEnd/Guest/dhcp.sh"
finish
