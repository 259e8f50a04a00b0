#!/bin/sh
# The first process of a guest kernel: bandwidth on a kernel that lacks what it needs, and then has it, for BandwidthTests.
# From the environment: PLUGINS and REFERENCE, two directories of executables.
. "$ROOT/tests/EndToEnd/Guest/prepare.sh"
ip netns add a
ip link add end type veth peer name eth0 netns a
ip link set end up
ip address add 10.1.0.1/24 dev end
ip -n a link set eth0 up
ip -n a address add 10.1.0.2/24 dev eth0

# call STEP BIN VERB KEYS
call() {
    result='{"cniVersion":"1.1.0","interfaces":[{"name":"end"}]}'
    output=$(echo '{"cniVersion":"1.1.0","name":"net","type":"bandwidth","prevResult":'"$result,$4}" | sed "s/1\.1\.0/$VERSION/g" |
        env CNI_COMMAND="$3" CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=eth0 CNI_PATH="$2" "$2/bandwidth")
    printf '%s\nexit %s\n' "$output" $? > "/run/out/$1"
}
VERSION=1.1.0
ingress='"ingressRate":8000000,"ingressBurst":800000'
egress='"egressRate":8000000,"egressBurst":800000'

# nothing STEP: what a refused ADD has left.
nothing() { look "$1" sh -c 'tc qdisc show dev end; ip -br link show type ifb'; }

nothing before
call tbf-status "$PLUGINS" STATUS "$ingress"
call tbf-add "$PLUGINS" ADD "$ingress"
nothing tbf-left
call none-status "$PLUGINS" STATUS '"capabilities":{"bandwidth":true}'
modprobe -d "$MODULES" sch_tbf
call tbf-status-with "$PLUGINS" STATUS "$ingress"
call ifb-status "$PLUGINS" STATUS "$ingress,$egress"
call ifb-add "$PLUGINS" ADD "$ingress,$egress"
nothing ifb-left
modprobe -d "$MODULES" ifb numifbs=0
call mirred-status "$PLUGINS" STATUS "$egress"
call mirred-add "$PLUGINS" ADD "$ingress,$egress"
nothing mirred-left
modprobe -d "$MODULES" -a act_mirred sch_ingress cls_u32
call status "$PLUGINS" STATUS "$ingress,$egress"

VERSION=1.0.0
for who in ours reference; do
    bin=$PLUGINS other=$REFERENCE
    [ $who = ours ] || { bin=$REFERENCE other=$PLUGINS; }
    call $who-add "$bin" ADD "$ingress,$egress"
    look $who-qdiscs sh -c 'tc qdisc show | grep -v noqueue | sed "s/refcnt [0-9]*//"
        tc filter show dev end ingress | sed "s/index [0-9]*//"'
    look $who-reach ip netns exec a ping -c 1 -W 2 10.1.0.1
    call $who-check "$other" CHECK "$ingress,$egress"
    call $who-del "$other" DEL "$ingress,$egress"
    call $who-del-again "$PLUGINS" DEL "$ingress,$egress"
    nothing $who-left
done

finish
