#!/usr/bin/env bash
# Three nodes on one machine, each with a coordinator and a pod: the pods talk over vxlan, something is broken, and it heals.
# All of it happens in namespaces of its own that end with this script.
# With --policy a network policy cuts a pod off instead, and its deletion heals that.
# usage: cluster.sh DIRECTORY_OF_EXECUTABLES [vxlan|host-gw] [--policy]
set -euo pipefail
bin=$(readlink -f "${1:?usage: cluster.sh DIRECTORY_OF_EXECUTABLES [vxlan|host-gw] [--policy]}")
backend=vxlan
policy=
for word in "${@:2}"; do
    case $word in --policy) policy=yes ;; *) backend=$word ;; esac
done

if [ -z "${CLUSTER_INSIDE:-}" ]; then
    CLUSTER_INSIDE=1 exec unshare --net --mount --pid --fork --kill-child --propagation private "$0" "$bin" "${@:2}"
fi

mount -t proc proc /proc
mount -t tmpfs cluster /run
mkdir -p /run/netns /run/cluster
cd /run/cluster

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '\033[2m$ %s\033[0m\n' "$*"; "$@"; }
on() { ip netns exec "$@"; }
# on_node NODE COMMAND…: with the node's own /run/plugboard, which nodes that are machines do not share.
on_node() {
    local node=$1; shift
    mkdir -p /run/plugboard "$node/run"
    on "$node" sh -c 'mount --bind "$0" /run/plugboard && exec "$@"' "$PWD/$node/run" "$@"
}

# until SECONDS COMMAND…: waits until it succeeds.
until_() {
    local left=$(($1 * 20)); shift
    while ! "$@" >/dev/null 2>&1; do
        [ $((left -= 1)) -gt 0 ] || { echo "not so: $*" >&2; cat ./*.log >&2; exit 1; }
        sleep 0.05
    done
}

step "1. A switch, an internet, and three nodes; each is a network namespace"
ip link set lo up
ip link add switch type bridge
ip link set switch up
ip netns add internet
for node in internet n1 n2 n3; do
    number=${node#n}; [ "$node" = internet ] && number=254 || ip netns add "$node"
    ip link add "$node" type veth peer name eth0 netns "$node"
    ip link set "$node" master switch up
    ip -n "$node" address add "192.168.0.$number/24" dev eth0
    ip -n "$node" link set eth0 up
    ip -n "$node" link set lo up
    [ "$node" = internet ] || ip -n "$node" route add default via 192.168.0.254
done
ip -n internet address add 203.0.113.1/32 dev lo

step "2. One file says who the nodes are; every node has it"
cat > peers.yaml <<YAML
network:
  Network: 10.244.0.0/16
  Backend: { Type: $backend }
nodes:
- { name: n1, podCIDRs: [10.244.1.0/24], addresses: [192.168.0.1] }
- { name: n2, podCIDRs: [10.244.2.0/24], addresses: [192.168.0.2] }
- { name: n3, podCIDRs: [10.244.3.0/24], addresses: [192.168.0.3] }
YAML
run cat peers.yaml

coordinator() { # VERB NODE [OPTION…]
    local verb=$1 node=$2; shift 2
    on_node "$node" "$bin/coordinator" "$verb" --node-name "$node" --peers-file peers.yaml --net-config-path "" \
        --subnet-file "$node/subnet.env" --state-dir "$node/state" --conflist bridge \
        --conflist-file "$node/net.d/10-plugboard.conflist" --masquerade flannel --cni-bin-dir "$bin" "${policies[@]}" "$@"
}

# pods ADDRESSES: the pods as the API serves them; kubelet writes the addresses when the pods run.
pods() {
    local node number
    for node in n1 n2 n3; do
        number=${node#n}
        printf -- '---\nkind: Pod\nmetadata: {name: pod-%s, namespace: shop, labels: {app: %s}}\nspec: {nodeName: %s}\n' \
            "$node" "$(case $node in n1) echo web ;; n2) echo db ;; n3) echo cron ;; esac)" "$node"
        [ -z "$1" ] || printf 'status: {podIPs: [{ip: %s}]}\n' "$(pod_address "$node")"
    done > policy/pods.new
    mv policy/pods.new policy/pods.yaml
}

policies=()
if [ -n "$policy" ]; then
    mkdir policy
    policies=(--network-policy files --policy-dir "$PWD/policy" --policy-start closed)
    printf 'kind: List\nitems: []\n' > policy/policies.yaml
    pods ""
fi

# start NODE: its coordinator, in the background.
start() { coordinator run "$1" >> "$1.log" 2>&1 & }

step "3. A coordinator on each node: coordinator run --node-name NODE --peers-file peers.yaml"
for node in n1 n2 n3; do
    mkdir -p "$node/net.d"
    start "$node"
done
for node in n1 n2 n3; do until_ 20 test -s "$node/net.d/10-plugboard.conflist"; done
run cat n1.log
run cat n1/subnet.env

step "4. A pod on each node, by the bridge plugin with what the coordinator wrote"
for node in n1 n2 n3; do
    ip netns add "pod-$node"
    # What a container runtime does: the plugin's part of the conflist, with the list's version and name.
    sed -n '/"type": "bridge"/,/^    }/p' "$node/net.d/10-plugboard.conflist" | sed '$d' |
        sed -e '1s|^|{"cniVersion":"1.0.0","name":"cbr0",|' -e "s|\"type\": \"host-local\",|&\"dataDir\": \"$PWD/$node/leases\",|" \
            -e '$s|$|}|' > "$node/bridge.json"
    CNI_COMMAND=ADD CNI_CONTAINERID="$node" CNI_NETNS="/run/netns/pod-$node" CNI_IFNAME=eth0 CNI_PATH=$bin \
        CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=pod-$node" \
        on_node "$node" "$bin/bridge" < "$node/bridge.json" > "$node/result.json"
    sed -n 's/.*"address": "\(10[0-9.]*\)\/.*/pod-'"$node"' has \1/p' "$node/result.json" | head -1
done

# portmap comes after bridge: port 8080 of n1 leads to pod-n1's port 80.
ports='{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}'
printf '{"cniVersion":"1.0.0","name":"cbr0","type":"portmap","runtimeConfig":%s,"prevResult":%s}' "$ports" "$(cat n1/result.json)" |
    CNI_COMMAND=ADD CNI_CONTAINERID=n1 CNI_NETNS=/run/netns/pod-n1 CNI_IFNAME=eth0 CNI_PATH=$bin on_node n1 "$bin/portmap" > /dev/null
on pod-n1 busybox httpd -f -p 80 -h /run/netns &

pod_address() { sed -n 's/.*"address": "\(10[0-9.]*\)\/.*/\1/p' "$1/result.json" | head -1; }
reach() { on "pod-$1" ping -c 1 -W 0.2 "$(pod_address "$2")"; }
published() { on n2 timeout 0.2 bash -c '< /dev/tcp/192.168.0.1/8080'; }

step "5. Pods on different nodes talk, and reach the internet with their node's address"
for from in n1 n2 n3; do
    for to in n1 n2 n3; do
        [ "$from" = "$to" ] || { until_ 5 reach "$from" "$to"; echo "pod-$from -> pod-$to: reached"; }
    done
done
until_ 5 on pod-n1 ping -c 1 -W 0.2 203.0.113.1
echo "pod-n1 -> internet: reached, though the internet knows no way back to pods: it sees their node's address"
until_ 5 published
echo "n2 -> port 8080 of n1: reached"
run on n1 ip route
run coordinator audit n1
run coordinator explain n1 "$(pod_address n1)" "$(pod_address n2)"
run coordinator explain n1 "$(pod_address n1)" 203.0.113.1

if [ -n "$policy" ]; then
    pods with-addresses
    connect() { on "pod-$1" timeout 0.3 bash -c "< /dev/tcp/$(pod_address "$2")/5432"; }
    on pod-n2 busybox nc -ll -p 5432 -e cat > /dev/null 2>&1 &

    step "6. All pods reach the database in pod-n2; a connection from pod-n3 is kept open"
    for from in n1 n3; do until_ 10 connect "$from" n2; echo "pod-$from -> pod-n2 port 5432: connected"; done
    on pod-n3 bash -c "exec 3<>/dev/tcp/$(pod_address n2)/5432
        while sleep 0.05; do echo alive >&3; read -r -t 5 line <&3 && echo \$line; done" > stream.txt &
    until_ 5 grep -q alive stream.txt

    step "7. A policy: only pods with app=web may connect to it"
    cat > policies.new <<'YAML'
kind: NetworkPolicy
metadata: { name: db-only-for-web, namespace: shop }
spec:
  podSelector: { matchLabels: { app: db } }
  ingress:
  - from:
    - podSelector: { matchLabels: { app: web } }
    ports:
    - port: 5432
YAML
    run cat policies.new
    began=$(date +%s%N)
    mv policies.new policy/policies.yaml
    until_ 5 bash -c '[ "$(wc -c < stream.txt)" = "$(sleep 0.3; wc -c < stream.txt)" ]'
    echo "the open connection of pod-n3 got its last answer at most $((($(date +%s%N) - began) / 1000000 - 300)) ms later"
    until_ 5 connect n1 n2
    echo "pod-n1 -> pod-n2 port 5432: connected"
    ! connect n3 n2 2>/dev/null || { echo "pod-n3 is not cut off" >&2; exit 1; }
    echo "pod-n3 -> pod-n2 port 5432: nothing"

    step "8. Why?"
    run coordinator policies n2
    run coordinator explain n3 shop/pod-n3 shop/pod-n2 --port 5432 --protocol tcp > why.txt || true
    cat why.txt
    grep -q 'refused on node n2: shop/pod-n2 is isolated by policy shop/db-only-for-web' why.txt

    step "9. The policy is deleted"
    printf 'kind: List\nitems: []\n' > policy/policies.new
    began=$(date +%s%N)
    mv policy/policies.new policy/policies.yaml
    until_ 10 connect n3 n2
    took=$((($(date +%s%N) - began) / 1000000))
    echo "pod-n3 -> pod-n2 port 5432: connected, $took ms later: a file that lost objects is taken after half a second"
    size=$(wc -c < stream.txt)
    until_ 10 bash -c "[ \$(wc -c < stream.txt) -gt $size ]"
    echo "its open connection goes on"
    printf '\n\033[1mIt works.\033[0m Everything ends with this script.\n'
    exit 0
fi

step "6. Another process breaks it: the rules go, the routes go, and the tunnel with them"
run on n1 nft flush ruleset
run on n1 ip route flush proto 110
[ "$backend" != vxlan ] || run on n1 ip link delete flannel.1
began=$(date +%s%N)
until_ 5 reach n1 n2
until_ 5 on pod-n1 ping -c 1 -W 0.2 203.0.113.1
until_ 5 published
echo "pod-n1 reaches pod-n2 and the internet again after $((($(date +%s%N) - began) / 1000000)) ms, and n2 the port that pod-n1 publishes"
run tail -n 4 n1.log

step "7. Coordinators are killed again and again while a stream of TCP runs: it does not break"
lines=$((${CLUSTER_STREAM_SECONDS:-3} * 20))
on pod-n2 busybox nc -l -p 9000 -e /bin/sh -c 'cat > stream.txt' &
server=$!
until_ 5 sh -c 'ip netns exec pod-n2 ss -ltn | grep -q :9000'
on pod-n1 bash -c "exec > /dev/tcp/$(pod_address n2)/9000; for i in \$(seq $lines); do echo \$i; sleep 0.05; done" &
kills=0
while kill -0 "$server" 2>/dev/null; do
    victim=n$((RANDOM % 2 + 1))
    pkill -9 -f "coordinator run --node-name $victim" && kills=$((kills + 1))
    start "$victim"
    sleep 0.4
done
[ "$(wc -l < stream.txt)" -eq "$lines" ] || { echo "the stream broke: $(wc -l < stream.txt) of $lines lines" >&2; exit 1; }
echo "$lines lines arrived, $kills coordinators were killed"
for node in n1 n2; do until_ 20 coordinator plan $node; done
run coordinator plan n2

step "8. Node n3 leaves: it is taken out of the file"
sed -i '/name: n3/d' peers.yaml
until_ 5 bash -c '! ip -n n1 route | grep -q 10.244.3.0'
run on n1 ip route show proto 110

step "9. What the coordinator made on a node goes with one command"
pkill -f "coordinator run --node-name n1"
run coordinator cleanup n1
printf '\n\033[1mIt works.\033[0m Everything ends with this script.\n'
