#!/bin/sh
# The first process of a guest kernel: gateways of VLANs, for VlanGatewayTests.
. "$ROOT/tests/EndToEnd/Guest/calls.sh"

# ranges LISTS: the key ipam with these lists of ranges.
ranges() { echo '"ipam":{"type":"host-local","dataDir":"/run/networks","ranges":['"$1"']}'; }

# A gateway per VLAN.
blue='"vlan":100,"isDefaultGateway":true'
green='"name":"green","vlan":200,"isGateway":true,'"$(ranges '[{"subnet":"10.2.0.0/16"}]')"
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

# The new pod of an address is heard in its VLAN.
again='"vlan":100,"isDefaultGateway":true,"runtimeConfig":{"ips":["10.1.0.50"]}'
call again-other-add ADD a "$(config "$blue")"
call again-old-add ADD b "$(config "$again")"
reach again-met a 10.1.0.50
reach again-node-met b 10.1.0.1
call again-old-del DEL b "$(config "$again")"
call again-new-add ADD c "$(config "$again")"
look again-mac cat /run/results/c
look again-pod ip -n a -j neigh show 10.1.0.50
look again-node ip -j neigh show 10.1.0.50 dev cni0.100
fresh

# A gateway's device outlives a deleted bridge.
call orphan-first-add ADD a "$(config "$blue")"
ip link del cni0
call orphan-add ADD b "$(config "$blue")"
reach orphan-reach b 10.1.0.1
look orphan-vlans bridge -j vlan show
fresh

# What fails leaves nothing, and takes away nothing that was there.
two='"vlan":100,"isGateway":true,'"$(ranges '[{"subnet":"10.1.0.0/16"}],[{"subnet":"10.2.0.0/16"}]')"
call failed-add ADD a "$(config "$two")"
look failed-links ip -j link show type veth
look failed-bridge ip link show cni0
call failed-long-add ADD a "$(config '"vlan":1000,"isGateway":true,"bridge":"a-bridge-name"')"
look failed-long-links ip link show a-bridge-name
call failed-first-add ADD b "$(config '"vlan":100,"isGateway":true')"
other='"name":"other","vlan":100,"isGateway":true,'"$(ranges '[{"subnet":"10.2.0.0/16"}]')"
call failed-second-add ADD a "$(config "$other")"
addresses failed-device cni0.100
reach failed-reach b 10.1.0.1
fresh

# Both families behind one gateway's device.
both='"vlan":100,"isDefaultGateway":true,'"$(ranges '[{"subnet":"10.1.0.0/16"}],[{"subnet":"fd00:1::/64"}]')"
call dual-add ADD a "$(config "$both")"
call dual-b-add ADD b "$(config "$both")"
addresses dual-device cni0.100
reach dual-reach a fd00:1::1
reach dual-same a fd00:1::3
call dual-check CHECK a "$(config "$both")"
fresh

finish
