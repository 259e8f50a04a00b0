#!/usr/bin/env bash
# Two pods on a bridge, one with a published port, without a container runtime.
# All of it happens in namespaces of its own that end with this script.
# usage: demo.sh DIRECTORY_OF_EXECUTABLES
set -euo pipefail
bin=$(readlink -f "${1:?usage: demo.sh DIRECTORY_OF_EXECUTABLES}")
here=$(dirname "$(readlink -f "$0")")

if [ -z "${DEMO_INSIDE:-}" ]; then
    # A network namespace plays the node; the mount namespace keeps /run and the leases to ourselves.
    DEMO_INSIDE=1 exec unshare --net --mount --propagation private "$0" "$bin"
fi

mount -t tmpfs demo /run
mkdir -p /run/netns /run/demo
state=/run/demo
ip link set lo up

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
run() { printf '\033[2m$ %s\033[0m\n' "$*"; "$@"; }

# plugin VERB TYPE POD [PREVRESULT]: what a container runtime does: the plugin's config on stdin, the rest in the environment.
plugin() {
    plugin_config "$2" "$3" "${4:-}" |
        CNI_COMMAND=$1 CNI_CONTAINERID=demo-$3 CNI_NETNS=/run/netns/$3 CNI_IFNAME=eth0 CNI_PATH=$bin "$bin/$2"
}

# A runtime takes the plugin out of the conflist and adds name, version, the pod's ports and the result of the plugin before.
plugin_config() {
    local body
    body=$(sed -n "/\"type\": \"$1\"/,/^    }/p" "$here/bridge.conflist" | sed '$d' |
        sed "s|\"type\": \"host-local\",|&\n        \"dataDir\": \"$state/networks\",|")
    printf '{"cniVersion":"1.0.0","name":"pods",%s%s%s}' "${3:+\"prevResult\":$3,}" "$(ports "$1" "$2")" "$body"
}

# Only green publishes a port: 8080 of the node is its port 80.
ports() {
    [ "$1 $2" != "portmap green" ] || printf '"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]},'
}

# ADD goes through the conflist in order, the other verbs as the specification has it.
add() { plugin ADD bridge "$1" > "$state/$1.bridge.json" && plugin ADD portmap "$1" "$(cat "$state/$1.bridge.json")" > "$state/$1.json"; }
check() { plugin CHECK bridge "$1" "$(cat "$state/$1.json")" && plugin CHECK portmap "$1" "$(cat "$state/$1.json")"; }
del() { plugin DEL portmap "$1" "$(cat "$state/$1.json")" && plugin DEL bridge "$1" "$(cat "$state/$1.json")"; }

address() { sed -n 's/.*"address": "\([0-9.]*\)\/.*/\1/p' "$state/$1.json" | head -1; }

step "1. Two pods, and another host beside the node: each is a network namespace"
run ip netns add blue
run ip netns add green
run ip netns add elsewhere
ip link add eth1 type veth peer name eth0 netns elsewhere
ip address add 192.0.2.1/24 dev eth1
ip link set eth1 up
ip -n elsewhere address add 192.0.2.2/24 dev eth0
ip -n elsewhere link set eth0 up

step "2. ADD: bridge makes cni0 and a veth pair, host-local gives addresses, portmap publishes port 8080 for green"
for pod in blue green; do
    for plugin in bridge portmap; do
        echo "CNI_COMMAND=ADD CNI_NETNS=/run/netns/$pod CNI_IFNAME=eth0 $plugin < $(basename "$here")/bridge.conflist"
    done
    add $pod
done
cat "$state/green.json"; echo

step "3. What the node and a pod have now"
run ip -brief address show cni0
run ip -brief link show type veth
run ip netns exec blue ip -brief address show eth0
run ip netns exec blue ip route

step "4. Traffic: blue to green, blue to the node, and a page over HTTP"
mkdir -p "$state/www/cgi-bin"
printf '#!/bin/sh\nprintf "\\nhello from green to $REMOTE_ADDR\\n"\n' > "$state/www/cgi-bin/hello"
chmod +x "$state/www/cgi-bin/hello"
ip netns exec green busybox httpd -p 80 -h "$state/www"
run ip netns exec blue ping -c 2 -i 0.2 -W 2 "$(address green)"
run ip netns exec blue ping -c 1 -W 2 10.77.0.1
run ip netns exec blue timeout 5 busybox wget -qO- "http://$(address green)/cgi-bin/hello"

step "5. The published port: from the other host (green sees who it is), from the node itself, from the other pod"
run ip netns exec elsewhere timeout 5 busybox wget -qO- http://192.0.2.1:8080/cgi-bin/hello
run timeout 5 busybox wget -qO- http://127.0.0.1:8080/cgi-bin/hello
run ip netns exec blue timeout 5 busybox wget -qO- http://192.0.2.1:8080/cgi-bin/hello

step "6. ipMasq: what blue sends to the other host arrives with the node's address"
ip netns exec elsewhere busybox httpd -p 80 -h "$state/www"
run ip netns exec blue timeout 5 busybox wget -qO- http://192.0.2.2/cgi-bin/hello | sed 's/from green/from elsewhere/'

step "7. CHECK: is green still connected as its ADD left it?"
check green && echo "yes"

step "8. DEL: nothing stays but what the next pod uses again: the bridge and the node's part of the rules"
for pod in blue green; do
    del $pod
done
for ns in blue green elsewhere; do
    ip netns pids $ns | xargs -r kill
    ip netns del $ns
done
left=$(ip -brief link show master cni0; find "$state/networks/pods" -type f -name '[0-9]*.*'
    find /run/plugboard -type f ! -path '*/locks/*')
[ -z "$left" ] || { echo "left: $left"; exit 1; }
echo "no veth, no lease, no port left"
step "It works. ./build.sh compiles all plugins; how a runtime gets them: README.md."
