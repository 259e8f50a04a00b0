# Sourced by child-links.sh: addresses by DHCP for ipvlan and vlan, from dnsmasq on the host "far", by our daemon.
mkdir -p /run/cni
ip link add m0 type veth peer name s0 netns far
ip link set m0 up
ip -n far link set s0 up
ip -n far address add 192.168.50.1/24 dev s0
ip -n far link add link s0 name s0.7 type vlan id 7
ip -n far link set s0.7 up
ip -n far address add 192.168.57.1/24 dev s0.7
ip netns exec far dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --no-ping --interface=s0 --interface=s0.7 --bind-interfaces \
    --dhcp-range=192.168.50.50,192.168.50.150,255.255.255.0,2m --dhcp-range=192.168.57.50,192.168.57.150,255.255.255.0,2m \
    --dhcp-leasefile=/run/dhcp-leases --log-facility=/run/dhcp-log --pid-file= --user=root > /run/dhcp-server 2>&1 &
server=$!
"$PLUGINS/dhcp" daemon -results "" > /run/dhcp-daemon 2>&1 &
daemon=$!
for i in $(seq 100); do grep -q 'sockets bound' /run/dhcp-log && grep -q serving /run/dhcp-daemon && break; sleep 0.1; done

# by_dhcp TYPE KEYS: as config, with an address by DHCP.
by_dhcp() { echo '{"cniVersion":"1.0.0","name":"net","type":"'"$1"'","master":"m0","ipam":{"type":"dhcp"}'"${2:+,$2}}"; }
# leases STEP COUNT: the server's leases, once there are so many.
leases() {
    for i in $(seq 100); do [ "$(wc -l < /run/dhcp-leases)" = "$2" ] && break; sleep 0.1; done
    look "$1" cut -d ' ' -f 3 /run/dhcp-leases
}

for pod in a b; do
    ip -n $pod link del eth0
    call dhcp-ipvlan-$pod "$PLUGINS" ipvlan ADD $pod "$(by_dhcp ipvlan)"
    look dhcp-ipvlan-$pod-reach ip netns exec $pod ping -c 1 -W 2 192.168.50.1
    call dhcp-ipvlan-$pod-check "$PLUGINS" ipvlan CHECK $pod "$(by_dhcp ipvlan)"
done
leases dhcp-ipvlan-leases 2
call dhcp-ipvlan-a-del "$PLUGINS" ipvlan DEL a "$(by_dhcp ipvlan)"
leases dhcp-ipvlan-left 1
call dhcp-ipvlan-b-del "$PLUGINS" ipvlan DEL b "$(by_dhcp ipvlan)"
leases dhcp-ipvlan-none 0
call dhcp-ipvlan-l3 "$PLUGINS" ipvlan ADD a "$(by_dhcp ipvlan '"mode":"l3"')"
call dhcp-vlan "$PLUGINS" vlan ADD a "$(by_dhcp vlan '"vlanId":7')"
look dhcp-vlan-reach ip netns exec a ping -c 1 -W 2 192.168.57.1
call dhcp-vlan-check "$PLUGINS" vlan CHECK a "$(by_dhcp vlan '"vlanId":7')"
leases dhcp-vlan-leases 1
call dhcp-vlan-del "$PLUGINS" vlan DEL a "$(by_dhcp vlan '"vlanId":7')"
leases dhcp-vlan-none 0
kill $server $daemon
