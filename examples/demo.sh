#!/usr/bin/env bash
# Two pods on a bridge, without a container runtime. All of it happens in namespaces of its own that end with this script.
# usage: demo.sh DIRECTORY_OF_EXECUTABLES
set -euo pipefail
bin=$(readlink -f "${1:?usage: demo.sh DIRECTORY_OF_EXECUTABLES}")
here=$(dirname "$(readlink -f "$0")")

if [ -z "${DEMO_INSIDE:-}" ]; then
    # A network namespace plays the node; the mount namespace keeps /run/netns and the leases to ourselves.
    DEMO_INSIDE=1 exec unshare --net --mount --propagation private "$0" "$bin"
fi

mkdir -p /run/netns
mount -t tmpfs demo /run/netns
state=/run/netns/.demo
mkdir -p "$state"
ip link set lo up

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '\033[2m$ %s\033[0m\n' "$*"; "$@"; }

# cni VERB POD [PREVRESULT]: what a container runtime does: the plugin's config on stdin, the rest in the environment.
cni() {
    plugin_config "${3:-}" | CNI_COMMAND=$1 CNI_CONTAINERID=demo-$2 CNI_NETNS=/run/netns/$2 CNI_IFNAME=eth0 CNI_PATH=$bin "$bin/bridge"
}

# A runtime takes the plugin out of the conflist and adds name, version and, after ADD, prevResult.
plugin_config() {
    local body
    body=$(sed -n '/"type": "bridge"/,/^    }$/p' "$here/bridge.conflist" | sed '$d' | sed "s|\"type\": \"host-local\",|&\n        \"dataDir\": \"$state/networks\",|")
    printf '{"cniVersion":"1.0.0","name":"pods",%s%s}' "${1:+\"prevResult\":$1,}" "$body"
}

address() { sed -n 's/.*"address": "\([0-9.]*\)\/.*/\1/p' "$state/$1.json" | head -1; }

step "1. Two pods: each is a network namespace"
run ip netns add blue
run ip netns add green

step "2. ADD: bridge makes cni0 and a veth pair, host-local gives an IPv4 and an IPv6 address"
for pod in blue green; do
    echo "CNI_COMMAND=ADD CNI_NETNS=/run/netns/$pod CNI_IFNAME=eth0 bridge < $(basename "$here")/bridge.conflist"
    cni ADD $pod > "$state/$pod.json"
done
cat "$state/green.json"; echo

step "3. What the node and a pod have now"
run ip -brief address show cni0
run ip -brief link show type veth
run ip netns exec blue ip -brief address show eth0
run ip netns exec blue ip route

step "4. Traffic: blue to green, blue to the node, and a page over HTTP"
mkdir -p "$state/www"
echo "hello from green" > "$state/www/index.html"
ip netns exec green busybox httpd -p 80 -h "$state/www"
run ip netns exec blue ping -c 2 -i 0.2 -W 2 "$(address green)"
run ip netns exec blue ping -c 1 -W 2 10.88.0.1
run ip netns exec blue busybox wget -qO- "http://$(address green)/"

step "5. CHECK: is blue still connected as its ADD left it?"
cni CHECK blue "$(cat "$state/blue.json")" && echo "yes"

step "6. DEL: nothing stays but the bridge, which the next pod uses again"
for pod in blue green; do
    cni DEL $pod "$(cat "$state/$pod.json")"
    ip netns pids $pod | xargs -r kill
    ip netns del $pod
done
run ip -brief link show type veth
leases=$(find "$state/networks/pods" -type f -name '[0-9]*')
[ -z "$leases" ] || { echo "leases left: $leases"; exit 1; }
[ -z "$(ip -brief link show type veth)" ] || { echo "a veth is left"; exit 1; }
echo "no veth, no lease left"
step "It works. Put artifacts/bin in your runtime's plugin directory: README.md says how."
