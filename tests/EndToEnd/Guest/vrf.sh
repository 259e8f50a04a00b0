#!/bin/sh
# The first process of a guest kernel: vrf beside the reference's, for VrfTests.
# The pod v has two uplinks to the host "beyond", net1 and net2.
# From the environment: PLUGINS and REFERENCE, two directories of executables.
. "$ROOT/tests/EndToEnd/Guest/prepare.sh"
ip netns add v
ip netns add beyond

# uplinks: both as a plugin before vrf leaves them. A guest is slow at starting processes: ip(8) gets many commands at once.
uplinks() {
    ip -batch - <<-END
	link add net1 netns v type veth peer name net1 netns beyond
	link add net2 netns v type veth peer name net2 netns beyond
	END
    ip -n beyond -batch - <<-END
	address add 192.168.1.1/24 dev net1
	address add fd00:1::1/64 dev net1 nodad
	link set net1 up
	address add 192.168.2.1/24 dev net2
	address add fd00:2::1/64 dev net2 nodad
	link set net2 up
	END
    # The reference keeps its VRF's addresses only as long as the kernel does.
    ip netns exec v sysctl -qw net.ipv6.conf.net1.accept_dad=0
    ip -n v -batch - <<-END
	address add 192.168.1.2/24 dev net1
	address add fd00:1::2/64 dev net1 nodad
	link set net1 up
	address add 192.168.2.2/24 dev net2
	address add fd00:2::2/64 dev net2 nodad
	link set net2 up
	route add default via 192.168.1.1
	route add 10.50.0.0/16 dev net1
	route add 172.16.0.0/12 via 192.168.1.1 metric 7 mtu 1400
	route add 10.60.0.0/16 via 192.168.1.1 table 77
	END
    sleep 0.3
    ip -n v -6 route add default nexthop via fd00:1::1 dev net1 nexthop via fd00:2::1 dev net2
}

# vrf STEP BIN VERB IFNAME KEYS
vrf() {
    interfaces='[{"name":"'$4'","sandbox":"/run/netns/v"}]'
    result='{"cniVersion":"1.0.0","interfaces":'$interfaces',"ips":[{"address":"192.168.1.2/24","interface":0}]}'
    output=$(echo '{"cniVersion":"1.0.0","name":"net","type":"vrf","prevResult":'"$result,$5}" \
        | CNI_COMMAND="$3" CNI_CONTAINERID=v CNI_NETNS=/run/netns/v CNI_IFNAME="$4" CNI_PATH="$2" $TRACE "$2/vrf")
    printf '%s\nexit %s\n' "$output" $? > "/run/out/$1"
}

# tables STEP: the pod's routes and global addresses, without what the kernel adds of its own: "TABLE: ROUTE", and the addresses.
tables() {
    {
        ip -n v route show table all
        ip -n v -6 route show table all
        ip -n v -br address show dev net1
    } 2>/dev/null | awk '
        /^net1[@ ]/ { for (i = 3; i <= NF; i++) if ($i ~ /\// && $i !~ /^fe80/) print $i; next }
        { sub(/ linkdown/, "") }
        /^(fe80|ff00|broadcast|local|anycast|multicast)/ { next }
        /^[ \t]/ { print table ": " $0; next }
        { table = "main"; if (match($0, / table [^ ]+/)) { table = substr($0, RSTART + 7, RLENGTH - 7); sub(/ table [^ ]+/, "") }
          print table ": " $0 }
        END { print "exit 0" }' > "/run/out/$1"
}

for who in ours reference; do
    other=$REFERENCE bin=$PLUGINS
    [ $who = ours ] || { bin=$REFERENCE; other=$PLUGINS; }
    uplinks
    tables vrf-$who-before
    vrf vrf-$who-add "$bin" ADD net1 '"vrfname":"blue"'
    look vrf-$who-local ip -n v -6 route show table 1 type local
    tables vrf-$who-state
    look vrf-$who-link ip -n v -j -d link show dev blue
    look vrf-$who-master ip -n v -j link show dev net1
    look vrf-$who-reach ip netns exec v ping -c 1 -W 2 -I blue 192.168.1.1
    look vrf-$who-reach6 ip netns exec v ping -c 1 -W 2 -I blue fd00:1::1
    vrf vrf-$who-check "$other" CHECK net1 '"vrfname":"blue"'
    vrf vrf-$who-del "$other" DEL net1 '"vrfname":"blue"'
    look vrf-$who-left ip -n v -br link show type vrf
    printf 'link del net1\nlink del net2\n' | ip -n v -batch -
done

uplinks
vrf vrf-first "$PLUGINS" ADD net1 '"vrfname":"blue"'
tables vrf-first-state
vrf vrf-again "$PLUGINS" ADD net1 '"vrfname":"blue"'
tables vrf-again-state
vrf vrf-other-table "$PLUGINS" ADD net2 '"vrfname":"blue","table":1001'
vrf vrf-second "$PLUGINS" ADD net2 '"vrfname":"blue"'
vrf vrf-foreign-del "$PLUGINS" DEL net1 '"vrfname":"red"'
look vrf-foreign-master ip -n v -j link show dev net1
vrf vrf-foreign-check "$PLUGINS" CHECK net1 '"vrfname":"red"'
vrf vrf-del-first "$PLUGINS" DEL net1 '"vrfname":"blue"'
tables vrf-del-first-state
look vrf-still ip -n v -br link show type vrf
vrf vrf-check-after "$PLUGINS" CHECK net1 '"vrfname":"blue"'
vrf vrf-check-kind "$PLUGINS" CHECK net1 '"vrfname":"net2"'
vrf vrf-check-table "$PLUGINS" CHECK net2 '"vrfname":"blue","table":7'
vrf vrf-check-absent "$PLUGINS" CHECK net9 '"vrfname":"blue"'
ip -n v link set blue down
vrf vrf-check-down "$PLUGINS" CHECK net2 '"vrfname":"blue"'
ip -n v link set blue up
ip -n v link add br0 type bridge
ip -n v link set net2 master br0
vrf vrf-check-other "$PLUGINS" CHECK net2 '"vrfname":"blue"'
ip -n v link set net2 master blue
ip -n v link del br0
vrf vrf-del-second "$PLUGINS" DEL net2 '"vrfname":"blue"'
look vrf-gone ip -n v -br link show type vrf
vrf vrf-del-again "$PLUGINS" DEL net2 '"vrfname":"blue"'

# Tables that routes or rules have are not free; a name of another interface, a master, a failed ADD.
ip -n v route add 10.70.0.0/16 dev net1 table 1
ip -n v rule add from 10.70.0.1 lookup 2
vrf vrf-free "$PLUGINS" ADD net1 '"vrfname":"green"'
look vrf-free-link ip -n v -j -d link show dev green
vrf vrf-free-del "$PLUGINS" DEL net1 '"vrfname":"green"'
vrf vrf-name "$PLUGINS" ADD net1 '"vrfname":"net2"'
ip -n v link add br0 type bridge
ip -n v link set net2 master br0
vrf vrf-master "$PLUGINS" ADD net2 '"vrfname":"green"'
look vrf-master-left ip -n v -br link show type vrf
vrf vrf-absent "$PLUGINS" ADD net9 '"vrfname":"green"'
vrf vrf-reserved "$PLUGINS" ADD net1 '"vrfname":"green","table":254'

# ADD and DEL killed and refused before each message that changes something; killed before the first, nothing has been done. What is not as
# it should be is printed; the exit code is the number of messages.
interface() {
    ip -n v link del net1 2> /run/fresh
    ip -n beyond -batch - <<-END
	link add net1 type veth peer name net1 netns v
	link set net1 up
	END
    ip -n v -batch - <<-END
	address add 192.168.1.2/24 dev net1
	address add fd00:1::2/64 dev net1 nodad
	link set net1 up
	route add default via 192.168.1.1
	route add 10.60.0.0/16 via 192.168.1.1 table 77
	END
}
expect() { [ -z "$(ip -n v -br link show type vrf)" ] || echo "$fault $verb $number: a VRF is left"; }
succeed() {
    vrf called "$PLUGINS" "$1" net1 '"vrfname":"blue"'
    grep -q '^exit 0' /run/out/called || echo "$fault $verb $number: $1: $(cat /run/out/called)"
}
changing() {
    TRACE="strace --seccomp-bpf -f -qq -o /run/trace -e trace=sendto"
    vrf called "$PLUGINS" "$1" net1 '"vrfname":"blue"'
    TRACE=
    # Of each four types the third only asks.
    awk '/sendto\(/ { n++; if ($0 !~ /nlmsg_type=(0x[0-9a-f]*[26ae] |RTM_GET)/) print n }' /run/trace
}
kill_at() {
    TRACE="$FAULT_AT sendto $number kill"
    vrf called "$PLUGINS" "$verb" net1 '"vrfname":"blue"'
    TRACE=
    grep -q '^exit 137' /run/out/called || echo "$fault $verb $number: nothing happened"
}
refuse() {
    TRACE="strace --seccomp-bpf -f -q -o /run/injected -e trace=sendto -e inject=sendto:error=EPERM:when=$number"
    vrf called "$PLUGINS" "$verb" net1 '"vrfname":"blue"'
    TRACE=
    grep -q INJECTED /run/injected || echo "$fault $verb $number: nothing happened"
}
printf 'link del net1\nlink del net2\nlink del br0\nrule del from 10.70.0.1 lookup 2\n' | ip -n v -batch -
interface
tables seen; before=$(cat /run/out/seen)
adds=$(echo $(changing ADD)); dels=$(echo $(changing DEL))
{
    fault=killed verb=ADD
    for number in ${adds#* }; do
        interface; kill_at
        succeed DEL; expect
    done
    interface; succeed ADD; succeed CHECK; succeed DEL; expect
    fault=refused
    for number in $adds; do
        interface; refuse; expect; tables seen
        [ "$before" = "$(cat /run/out/seen)" ] || echo "refused ADD $number: $(cat /run/out/called /run/out/seen)"
    done
    fault=killed verb=DEL
    for number in ${dels#* }; do
        interface; succeed ADD; kill_at
        succeed DEL; expect
    done
    set -- $adds $dels
    echo "exit $#"
} > /run/out/vrf-faults
finish
