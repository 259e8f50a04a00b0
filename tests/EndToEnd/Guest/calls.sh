# Sourced by a guest's first script: four pods, a to d, and a runtime's calls. From the environment: PLUGINS, the executables.
. "$ROOT/tests/EndToEnd/Guest/prepare.sh"
mkdir /run/results

# config KEYS: a bridge config with host-local; a later key wins over an earlier one.
config() {
    echo '{"cniVersion":"1.0.0","name":"test","type":"bridge","bridge":"cni0","ipam":{"type":"host-local","dataDir":"/run/networks",' \
        '"ranges":[[{"subnet":"10.1.0.0/16"}]]},'"$1"'}'
}

# layer2 KEYS: the same without addresses.
layer2() { config "$1,\"ipam\":{}"; }

# call STEP VERB POD CONFIG: as a runtime calls; CHECK and DEL get what ADD returned.
# A step is what was printed, then a line with the exit code.
call() {
    input=$4
    [ "$2" = ADD ] || input="${4%\}},\"prevResult\":$(cat "/run/results/$3")}"
    output=$(echo "$input" |
        env CNI_COMMAND="$2" CNI_CONTAINERID="$3" CNI_NETNS="/run/netns/$3" CNI_IFNAME=eth0 CNI_PATH="$PLUGINS" "$PLUGINS/bridge")
    printf '%s\nexit %s\n' "$output" $? > "/run/out/$1"
    [ "$2" != ADD ] || echo "$output" > "/run/results/$3"
}

# host_end POD: the name of its host end, as ADD reported it.
host_end() { sed -n '/"name": "veth/{s/.*"\(veth.*\)".*/\1/p;q}' "/run/results/$1"; }
vlans() { look "$1" bridge -j vlan show dev "$2"; }
reach() { look "$1" ip netns exec "$2" ping -c 1 -W 1 "$3"; }
addresses() { look "$1" ip -j addr show dev "$2"; }
# fresh: what a scenario left is gone; the pods stay, because a guest is slow at making namespaces.
fresh() {
    for pod in a b c d; do ip -n $pod link del eth0; done
    for device in cni0 cni0.100 cni0.200; do ip link del $device; done
    rm -rf /run/networks /run/results/*
} 2> /run/fresh

for pod in a b c d; do ip netns add $pod; done
