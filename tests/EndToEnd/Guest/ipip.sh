#!/bin/sh
# The first process of a guest kernel that has ipip: three nodes with a coordinator each, two of them in one network and one behind a
# router, for IpipTests.
. "$ROOT/tests/EndToEnd/Guest/prepare.sh"
mkdir -p /run/netns /run/cluster
mount -t tmpfs tmpfs /var/lib
cd /run/cluster || exit

# node NAME ADDRESS GATEWAY: a namespace at the router, with a pod of 10.244.N.0/24.
node() {
    ip netns add "$1"; ip netns add "pod-$1"
    ip link add "$1" type veth peer name eth0 netns "$1"
    ip -n "$1" link set lo up
    ip -n "$1" addr add "$2/24" dev eth0
    ip -n "$1" link set eth0 up
    ip -n "$1" route add default via "$3"
    ip -n "$1" link add pod type veth peer name eth0 netns "pod-$1"
    ip -n "$1" addr add "10.244.${1#n}.1/24" dev pod
    ip -n "$1" link set pod up
    ip -n "pod-$1" addr add "10.244.${1#n}.2/24" dev eth0
    ip -n "pod-$1" link set eth0 up
    ip -n "pod-$1" route add default via "10.244.${1#n}.1"
}

# The guest itself is the router, and drops what has a pod's address: that may cross it only in a tunnel.
ip link add one type bridge
ip addr add 192.168.0.254/24 dev one
ip link set one up
node n1 192.168.0.1 192.168.0.254
node n2 192.168.0.2 192.168.0.254
node n3 192.168.1.3 192.168.1.254
for name in n1 n2; do ip link set $name master one up; done
ip addr add 192.168.1.254/24 dev n3
ip link set n3 up
echo 1 > /proc/sys/net/ipv4/ip_forward
ip route add blackhole 10.244.0.0/16

# peers DIRECT: the file that every node has.
peers() {
    cat > peers.new <<X
{"network":{"Network":"10.244.0.0/16","Backend":{"Type":"ipip","DirectRouting":$1}},"nodes":[
{"name":"n1","podCIDRs":["10.244.1.0/24"],"addresses":["192.168.0.1"]},
{"name":"n2","podCIDRs":["10.244.2.0/24"],"addresses":["192.168.0.2"]},
{"name":"n3","podCIDRs":["10.244.3.0/24"],"addresses":["192.168.1.3"]}]}
X
    mv peers.new peers.json
}

coordinator() {
    verb=$1; name=$2; shift 2
    ip netns exec "$name" "$PLUGINS/coordinator" "$verb" --node-name "$name" --peers-file peers.json --net-config-path "" \
        --subnet-file "$name/subnet.env" --state-dir "$name/state" "$@"
}

# settled: waits until nothing is left to do on any node.
settled() {
    for name in n1 n2 n3; do
        for i in $(seq 100); do coordinator plan $name > $name.plan 2>&1 && break; sleep 0.1; done
        cat $name.plan
    done
}

reach() { ip netns exec "pod-$1" ping -c 1 -W 2 "$2"; }

peers true
for name in n1 n2 n3; do mkdir $name; coordinator run $name > /run/out/$name.log 2>&1 & done
look settled settled
look link ip -n n1 -d link show flannel.ipip
look routes ip -n n1 route show proto 110
look near reach n1 10.244.2.2
look far reach n1 10.244.3.2
look big ip netns exec pod-n1 ping -c 1 -W 2 -M do -s 1452 10.244.3.2
look explain coordinator explain n1 10.244.1.2 10.244.3.2
look subnet cat n1/subnet.env
ip -n n1 link del flannel.ipip
look healed settled
look far-again reach n1 10.244.3.2
peers false
look tunnelled settled
look routes-tunnelled ip -n n1 route show proto 110
look near-tunnelled reach n1 10.244.2.2
pkill -f "coordinator run --node-name n1"
sleep 0.5
look cleanup coordinator cleanup n1
look left sh -c 'ip -n n1 -o link show type ipip | grep flannel; ip -n n1 route show proto 110'
finish
