# Sourced by child-links.sh: vrf beside the reference's. The pod v has two uplinks to the host "beyond", net1 and net2.
ip netns add v
ip netns add beyond

# uplinks: both as a plugin before vrf leaves them.
uplinks() {
    for n in 1 2; do
        ip link add net$n netns v type veth peer name net$n netns beyond
        ip -n beyond address add 192.168.$n.1/24 dev net$n
        ip -n beyond address add fd00:$n::1/64 dev net$n nodad
        ip -n beyond link set net$n up
        ip -n v address add 192.168.$n.2/24 dev net$n
        ip -n v address add fd00:$n::2/64 dev net$n nodad
        ip -n v link set net$n up
    done
    sleep 0.3
    ip -n v route add default via 192.168.1.1
    ip -n v route add 10.50.0.0/16 dev net1
    ip -n v route add 172.16.0.0/12 via 192.168.1.1 metric 7 mtu 1400
    ip -n v route add 10.60.0.0/16 via 192.168.1.1 table 77
    ip -n v -6 route add default nexthop via fd00:1::1 dev net1 nexthop via fd00:2::1 dev net2
    # The reference keeps its VRF's addresses only as long as the kernel does.
    ip netns exec v sysctl -qw net.ipv6.conf.net1.accept_dad=0
}

# vrf STEP BIN VERB IFNAME KEYS
vrf() {
    result='{"cniVersion":"1.0.0","interfaces":[{"name":"'$4'","sandbox":"/run/netns/v"}],"ips":[{"address":"192.168.1.2/24","interface":0}]}'
    output=$(echo '{"cniVersion":"1.0.0","name":"net","type":"vrf","prevResult":'"$result,$5}" \
        | env CNI_COMMAND="$3" CNI_CONTAINERID=v CNI_NETNS=/run/netns/v CNI_IFNAME="$4" CNI_PATH="$2" "$2/vrf")
    printf '%s\nexit %s\n' "$output" $? > "/run/out/$1"
}

# tables STEP: the pod's routes and global addresses, without what the kernel adds of its own.
tables() {
    {
        for table in main 1 77 1001; do
            { ip -n v route show table $table; ip -n v -6 route show table $table; } 2>/dev/null \
                | grep -vE '^(fe80|ff00|broadcast|local|anycast|multicast)' | sed "s/^/$table: /"
        done
        ip -n v -br address show dev net1 | tr -s ' ' '\n' | grep / | grep -v ^fe80
    } > "/run/out/$1"
    echo "exit 0" >> "/run/out/$1"
}

for who in ours reference; do
    other=$REFERENCE bin=$PLUGINS
    [ $who = ours ] || { bin=$REFERENCE; other=$PLUGINS; }
    uplinks
    tables vrf-$who-before
    vrf vrf-$who-add "$bin" ADD net1 '"vrfname":"blue"'
    tables vrf-$who-state
    look vrf-$who-link ip -n v -j -d link show dev blue
    look vrf-$who-master ip -n v -j link show dev net1
    look vrf-$who-reach ip netns exec v ping -c 1 -W 2 -I blue 192.168.1.1
    look vrf-$who-reach6 ip netns exec v ping -c 1 -W 2 -I blue fd00:1::1
    vrf vrf-$who-check "$other" CHECK net1 '"vrfname":"blue"'
    vrf vrf-$who-del "$other" DEL net1 '"vrfname":"blue"'
    look vrf-$who-left ip -n v -br link show type vrf
    ip -n v link del net1; ip -n v link del net2
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
