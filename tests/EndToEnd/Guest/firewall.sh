#!/bin/sh
# The first process of a guest kernel whose nftables has neither inet tables nor NAT: ports and masquerading by iptables, for FirewallTests.
. "$ROOT/tests/EndToEnd/Guest/calls.sh"
modprobe -d "$MODULES" -a nf_tables nf_conntrack nf_nat ip_tables iptable_nat ip6_tables ip6table_nat iptable_filter ip6table_filter \
    xt_conntrack xt_nat xt_MASQUERADE xt_addrtype xt_comment xt_multiport xt_mark xt_tcpudp

# This kernel knows iptables-legacy only.
mkdir /run/legacy
for tool in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -s /usr/sbin/xtables-legacy-multi /run/legacy/$tool
done
export PATH=/run/legacy:$PATH

# portmap STEP VERB KEYS: as a runtime calls it after bridge.
portmap() {
    ports='{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}'
    input='{"cniVersion":"1.1.0","name":"test","type":"portmap",'"$3"'"runtimeConfig":'"$ports"',"prevResult":'"$(cat /run/results/a)"'}'
    output=$(echo "$input" |
        env CNI_COMMAND="$2" CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" "$PLUGINS/portmap")
    printf '%s\nexit %s\n' "$output" $? > "/run/out/$1"
}

# firewall STEP VERB: likewise.
firewall() {
    input='{"cniVersion":"1.1.0","name":"test","type":"firewall","ingressPolicy":"isolated","prevResult":'"$(cat /run/results/a)"'}'
    output=$(echo "$input" |
        env CNI_COMMAND="$2" CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" "$PLUGINS/firewall")
    printf '%s\nexit %s\n' "$output" $? > "/run/out/$1"
}

# doctor STEP: what it finds on this node.
mkdir /run/net.d
bridge=$(config '"isGateway":true,"ipMasq":true,"macspoofchk":true')
echo '{"cniVersion":"1.0.0","name":"test","plugins":['"$bridge"']}' > /run/net.d/10-test.conflist
doctor() { look "$1" "$PLUGINS/installer" doctor --output json --conf-dir /run/net.d --bin-dir "$PLUGINS"; }
# Without its module, which this kernel does not find by itself.
modprobe -d "$MODULES" -r bridge
doctor doctor-before
modprobe -d "$MODULES" bridge
doctor doctor-after

call bridge-nftables ADD b "$(config '"isGateway":true,"ipMasq":true,"ipMasqBackend":"nftables"')"
call bridge-add ADD a "$(config '"isGateway":true,"ipMasq":true')"
portmap nftables-add ADD '"backend":"nftables",'
portmap status STATUS ''
portmap add ADD ''
portmap check CHECK ''
look nat iptables-save -t nat
ip netns exec a busybox httpd -p 80 -h /etc
look page timeout 10 busybox wget -qO- http://10.1.0.1:8080/hostname
portmap del DEL ''
firewall accept ADD
firewall accept-check CHECK
look filter iptables-save -t filter
firewall accept-del DEL
look filter-after iptables-save -t filter
call bridge-del DEL a "$(config '"isGateway":true,"ipMasq":true')"
look nat-after iptables-save -t nat
look records find /run/plugboard -type f ! -path '*/locks/*'
finish
