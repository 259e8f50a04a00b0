#!/bin/sh
# The first process of a guest kernel: the VLANs of ports, for VlanTests.
. "$ROOT/tests/EndToEnd/Guest/calls.sh"

# One untagged VLAN.
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
call keep-add ADD a "$(layer2 '"vlan":100,"preserveDefaultVlan":true')"
vlans keep-port "$(host_end a)"
call keep-trunk-add ADD b "$(layer2 '"vlanTrunk":[{"id":30}],"preserveDefaultVlan":true')"
vlans keep-trunk-port "$(host_end b)"
call none-add ADD c "$(layer2 '"mtu":1500')"
vlans none-port "$(host_end c)"
fresh

# Tagged VLANs.
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

# A bridge that does not filter, made before: nothing is changed, what the port gets is there when filtering is switched on.
ip link add cni0 type bridge
call plain-add ADD a "$(layer2 '"vlan":100')"
vlans plain-port "$(host_end a)"
look plain-bridge ip -d -j link show dev cni0
fresh

# A bridge whose ports get another VLAN than 1.
ip link add cni0 type bridge vlan_filtering 1 vlan_default_pvid 7
call default-add ADD a "$(layer2 '"vlan":100')"
vlans default-port "$(host_end a)"
call default-trunk-add ADD b "$(layer2 '"vlanTrunk":[{"id":30}]')"
vlans default-trunk-port "$(host_end b)"
fresh

finish
