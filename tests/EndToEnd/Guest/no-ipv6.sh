#!/bin/sh
# The first process of a guest kernel that was booted without IPv6, for WithoutIPv6Tests;
# and a VRF, which few kernels of test machines have.
. "$ROOT/tests/EndToEnd/Guest/calls.sh"

look conf ls /proc/sys/net/ipv6/conf

# IPv4 needs nothing of it.
four='"isDefaultGateway":true,"ipMasq":false'
call four-add ADD a "$(config "$four")"
call four-b-add ADD b "$(config "$four")"
reach four-gateway a 10.1.0.1
reach four-pod a 10.1.0.3
call four-check CHECK a "$(config "$four")"

# An IPv6 range cannot be had.
six='"isGateway":true,"ipam":{"type":"host-local","dataDir":"/run/networks","ranges":[[{"subnet":"fd00:1::/64"}]]}'
call six-add ADD c "$(config "$six")"
look six-links ip -n c -j link show type veth
look six-leases find /run/networks -name '*:*'

# What the plugin vrf does: the interface into the VRF, the routes of the main table after it; those of scope link and of other
# tables are gone.
routes='[{"dst":"0.0.0.0/0"},{"dst":"169.254.1.1/32","scope":253},{"dst":"192.168.0.0/16","table":77}]'
ipam='"type":"host-local","dataDir":"/run/networks","ranges":[[{"subnet":"10.1.0.0/16"}]]'
vrf='"isDefaultGateway":true,"ipam":{'"$ipam,\"routes\":$routes}"
call vrf-add ADD d "$(config "$vrf")"
ip -n d link add blue type vrf table 10
ip -n d link set blue up
ip -n d link set eth0 master blue
look vrf-routes-before ip -n d route show vrf blue
ip -n d route add default via 10.1.0.1 dev eth0 table 10
call vrf-check CHECK d "$(config "$vrf")"
ip -n d route del default table 10
call vrf-check-lost CHECK d "$(config "$vrf")"
call four-del DEL a "$(config "$four")"
call vrf-del DEL d "$(config "$vrf")"

finish
