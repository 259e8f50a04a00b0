#!/bin/sh
# The first process of a guest kernel: makes the calls and looks, for VlanTests. From the environment: PLUGINS, the executables.
. "$ROOT/tests/EndToEnd/Guest/prepare.sh"
mkdir /run/results

# config KEYS: a bridge config with host-local; a later key wins over an earlier one.
config() {
    echo '{"cniVersion":"1.0.0","name":"test","type":"bridge","bridge":"cni0","ipam":{"type":"host-local","dataDir":"/run/networks",' \
        '"ranges":[[{"subnet":"10.1.0.0/16"}]]},'"$1"'}'
}

# layer2 KEYS: the same without addresses.
layer2() { config "$1,\"ipam\":{}"; }

# call STEP VERB POD CONFIG: as a runtime calls; CHECK and DEL get what ADD returned. A step is what was printed, then a line with the exit code.
call() {
    input=$4
    [ "$2" = ADD ] || input="${4%\}},\"prevResult\":$(cat "/run/results/$3")}"
    output=$(echo "$input" | env CNI_COMMAND="$2" CNI_CONTAINERID="$3" CNI_NETNS="/run/netns/$3" CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" "$PLUGINS/bridge")
    printf '%s\nexit %s\n' "$output" $? > "/run/out/$1"
    [ "$2" != ADD ] || echo "$output" > "/run/results/$3"
}

pods() { for pod in "$@"; do ip netns add "$pod"; done; }
host_end() { ip -j link show | tr ',{' '\n\n' | sed -n "/\"ifname\"/h; /\"ifalias\":\"cni:test\\/$1\\//{g;s/.*:\"\\(.*\\)\"/\\1/p}"; }
vlans() { look "$1" bridge -j vlan show dev "$2"; }
reach() { look "$1" ip netns exec "$2" ping -c 1 -W 1 "$3"; }
addresses() { look "$1" ip -j addr show dev "$2"; }
# fresh: what a scenario left is gone.
fresh() { for each in $(ip netns list | cut -d' ' -f1); do ip netns del "$each"; done; ip link del cni0; ip link del cni0.100; ip link del cni0.200; rm -rf /run/networks /run/results/*; } 2> /run/fresh

# One untagged VLAN.
pods a b c
call vlan-add ADD a "$(layer2 '"vlan":100')"
look vlan-bridge ip -d -j link show dev cni0
vlans vlan-port "$(host_end a)"
call vlan-check CHECK a "$(layer2 '"vlan":100')"
call vlan-b-add ADD b "$(layer2 '"vlan":100')"
call vlan-c-add ADD c "$(layer2 '"vlan":200')"
for pod in a:1 b:2 c:3; do ip -n "${pod%:*}" addr add "192.0.2.${pod#*:}/24" dev eth0; done
reach vlan-same a 192.0.2.2
reach vlan-other a 192.0.2.3
call vlan-del DEL a "$(layer2 '"vlan":100')"
look vlan-after-del ip -j link show master cni0
fresh

# The default VLAN is kept where it is asked for, and without any of the keys.
pods a b c
call keep-add ADD a "$(layer2 '"vlan":100,"preserveDefaultVlan":true')"
vlans keep-port "$(host_end a)"
call keep-trunk-add ADD b "$(layer2 '"vlanTrunk":[{"id":30}],"preserveDefaultVlan":true')"
vlans keep-trunk-port "$(host_end b)"
call none-add ADD c "$(layer2 '"mtu":1500')"
vlans none-port "$(host_end c)"
fresh

# Tagged VLANs.
pods a b c d
call trunk-add ADD a "$(layer2 '"vlanTrunk":[{"minID":10,"maxID":12},{"id":20},{"id":11}]')"
vlans trunk-port "$(host_end a)"
call trunk-check CHECK a "$(layer2 '"vlanTrunk":[{"minID":10,"maxID":12},{"id":20}]')"
call both-add ADD b "$(layer2 '"vlan":100,"vlanTrunk":[{"id":20}]')"
vlans both-port "$(host_end b)"
ip -n a link add link eth0 name tagged type vlan id 20
ip -n b link add link eth0 name tagged type vlan id 20
ip -n a addr add 192.0.2.1/24 dev tagged
ip -n b addr add 192.0.2.2/24 dev tagged
ip -n a link set tagged up
ip -n b link set tagged up
reach trunk-reach a 192.0.2.2
call wide-add ADD c "$(layer2 '"vlanTrunk":[{"minID":1,"maxID":4094}]')"
look wide-port bridge -j -compressvlans vlan show dev "$(host_end c)"
call native-add ADD d "$(layer2 '"vlan":100,"vlanTrunk":[{"minID":98,"maxID":102},{"id":104}]')"
vlans native-port "$(host_end d)"
call trunk-del DEL a "$(layer2 '"vlanTrunk":[{"id":20}]')"
fresh

# A gateway per VLAN.
blue='"vlan":100,"isDefaultGateway":true'
green='"name":"green","vlan":200,"isGateway":true,"ipam":{"type":"host-local","dataDir":"/run/networks","ranges":[[{"subnet":"10.2.0.0/16"}]]}'
pods a b c d
call gateway-add ADD a "$(config "$blue")"
addresses gateway-device cni0.100
addresses gateway-bridge cni0
call gateway-check CHECK a "$(config "$blue")"
call gateway-b-add ADD b "$(config "$blue")"
call gateway-c-add ADD c "$(config "$green")"
look gateway-devices ip -j link show type veth
look gateway-vlans bridge -j vlan show
reach gateway-reach a 10.1.0.1
reach gateway-b-reach b 10.1.0.1
reach gateway-same a 10.1.0.3
reach gateway-c-reach c 10.2.0.1
ip -n c addr add 10.1.0.9/16 dev eth0
reach gateway-other c 10.1.0.2
look gateway-route ip -n a -4 route show default
ip addr del 10.1.0.1/16 dev cni0.100
call gateway-check-lost CHECK a "$(config "$blue")"
ip link del cni0.100
call gateway-check-gone CHECK a "$(config "$blue")"
call gateway-again-add ADD d "$(config "$blue")"
reach gateway-again-reach d 10.1.0.1
call gateway-again-check CHECK a "$(config "$blue")"
call gateway-del DEL a "$(config "$blue")"
call gateway-b-del DEL b "$(config "$blue")"
call gateway-c-del DEL c "$(config "$green")"
call gateway-d-del DEL d "$(config "$blue")"
look gateway-leases find /run/networks -name '10.*'
fresh

# A gateway's device outlives a bridge that somebody deletes.
pods a b
call orphan-first-add ADD a "$(config "$blue")"
ip link del cni0
call orphan-add ADD b "$(config "$blue")"
reach orphan-reach b 10.1.0.1
look orphan-vlans bridge -j vlan show
fresh

# What fails leaves nothing, and takes away nothing that was there.
pods a b
call failed-add ADD a "$(config '"vlan":100,"isGateway":true,"ipam":{"type":"host-local","dataDir":"/run/networks","ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"10.2.0.0/16"}]]}')"
look failed-links ip -j link show type veth
look failed-bridge ip link show cni0
call failed-long-add ADD a "$(config '"vlan":1000,"isGateway":true,"bridge":"a-bridge-name"')"
look failed-long-links ip link show a-bridge-name
call failed-first-add ADD b "$(config '"vlan":100,"isGateway":true')"
call failed-second-add ADD a "$(config '"name":"other","vlan":100,"isGateway":true,"ipam":{"type":"host-local","dataDir":"/run/networks","ranges":[[{"subnet":"10.2.0.0/16"}]]}')"
addresses failed-device cni0.100
reach failed-reach b 10.1.0.1
fresh

# A bridge that does not filter, made before: nothing is changed, what the port gets is there when filtering is switched on.
pods a
ip link add cni0 type bridge
call plain-add ADD a "$(layer2 '"vlan":100')"
vlans plain-port "$(host_end a)"
look plain-bridge ip -d -j link show dev cni0
fresh

# A bridge whose ports get another VLAN than 1.
pods a b
ip link add cni0 type bridge vlan_filtering 1 vlan_default_pvid 7
call default-add ADD a "$(layer2 '"vlan":100')"
vlans default-port "$(host_end a)"
call default-trunk-add ADD b "$(layer2 '"vlanTrunk":[{"id":30}]')"
vlans default-trunk-port "$(host_end b)"
fresh

# Both families behind one gateway's device.
pods a b
both='"vlan":100,"isDefaultGateway":true,"ipam":{"type":"host-local","dataDir":"/run/networks","ranges":[[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]]}'
call dual-add ADD a "$(config "$both")"
call dual-b-add ADD b "$(config "$both")"
addresses dual-device cni0.100
reach dual-reach a fd00:1::1
reach dual-same a fd00:1::3
call dual-check CHECK a "$(config "$both")"
fresh

finish
