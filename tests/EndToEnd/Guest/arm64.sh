#!/bin/busybox sh
# The first process of an arm64 guest: each executable does what it is for, for Arm64Tests.
# A step is "STEP name", what the command printed, then "EXIT code".
DEVICE_MODULES="virtio_net virtio_pci virtio_rng bridge veth br_netfilter vxlan dummy"
NFT_MODULES="nf_tables nft_chain_nat nft_nat nft_masq nft_ct nft_fib_inet nft_limit nft_reject_inet nf_conntrack_netlink"
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mkdir -p /run/netns /run/results /var/lib/kubelet
for module in $DEVICE_MODULES $NFT_MODULES; do modprobe $module 2> /dev/null; done
hostname arm
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
P=/opt/plugboard

# look STEP COMMAND…: what a command printed, and its exit code.
look() {
    echo "STEP $1"; shift
    "$@" 2>&1
    echo "
EXIT $?"
}

# pod NAME: a network namespace that stays.
pod() {
    unshare -n sleep 100000 &
    : > /run/netns/$1
    sleep 1
    mount --bind /proc/$!/ns/net /run/netns/$1
}

ipam='{"type":"host-local","dataDir":"/run/networks","ranges":[[{"subnet":"10.1.0.0/16"}]],"routes":[{"dst":"0.0.0.0/0"}]}'
bridge='{"cniVersion":"1.0.0","name":"test","type":"bridge","bridge":"cni0","isGateway":true,"ipMasq":true,"hairpinMode":true'
bridge="$bridge,\"ipam\":$ipam"
ports='{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"}]}'
portmap="{\"cniVersion\":\"1.0.0\",\"name\":\"test\",\"type\":\"portmap\",\"runtimeConfig\":$ports"

# call VERB PLUGIN POD CONFIG: as a runtime calls; behind the first ADD each call gets the result so far.
call() {
    input="$4}"
    [ ! -s /run/results/$3 ] || input="$4,\"prevResult\":$(cat /run/results/$3)}"
    echo "STEP $2-$1-$3"
    output=$(echo "$input" | env CNI_COMMAND=$1 CNI_CONTAINERID=$3 CNI_NETNS=/run/netns/$3 CNI_IFNAME=eth0 CNI_PATH=$P $P/$2)
    code=$?
    printf '%s\nEXIT %s\n' "$output" $code
    [ $1 != ADD ] || echo "$output" > /run/results/$3
}

look machine uname -m
look loopback env CNI_COMMAND=VERSION $P/loopback
pod a
pod b
for pod in a b; do call ADD bridge $pod "$bridge"; done
call ADD portmap a "$portmap"
call CHECK bridge a "$bridge"
call CHECK portmap a "$portmap"
echo served > /run/page
nsenter --net=/run/netns/a nc -ll -p 80 -e cat /run/page &
sleep 1
look published nsenter --net=/run/netns/b nc -w 10 10.1.0.1 8080
look reached nc -w 10 10.1.0.2 80
call DEL portmap a "$portmap"
call DEL bridge a "$bridge"
call DEL bridge b "$bridge"
look left find /run/networks /sys/class/net -name '10.1.*' -o -name 'veth*'

V=/var/lib/kubelet/pods/0e6d1c2a-1111-2222-3333-444455556666/volumes/plugboard~tmpfs/v
mkdir -p /opt/drivers/plugboard~tmpfs $V /etc/flexvolume
cp $P/flexvolume /opt/drivers/plugboard~tmpfs/tmpfs
pod='"kubernetes.io/pod.name":"p","kubernetes.io/pod.namespace":"default","kubernetes.io/pod.uid":"0e6d1c2a-1111-2222-3333-444455556666"'
options='{"kubernetes.io/fsType":"","kubernetes.io/readwrite":"rw","kubernetes.io/pvOrVolumeName":"v",'"$pod"',"size":"1Mi"}'
look init /opt/drivers/plugboard~tmpfs/tmpfs init
look mount /opt/drivers/plugboard~tmpfs/tmpfs mount $V "$options"
look mounted grep -c " $V tmpfs " /proc/mounts
look unmount /opt/drivers/plugboard~tmpfs/tmpfs unmount $V
look unmounted grep -c " $V tmpfs " /proc/mounts

# A link in place of a directory must not be followed.
L=${V%plugboard~tmpfs/v}plugboard~local/v
mkdir -p /opt/drivers/plugboard~local $L /var/lib/flexvolume/local /run/beyond
cp $P/flexvolume /opt/drivers/plugboard~local/local
ln -s /run/beyond /var/lib/flexvolume/local/default
look link /opt/drivers/plugboard~local/local mount $L "${options%,*\}}}"
look beyond ls /run/beyond

mkdir -p /opt/cni/bin
look install $P/installer install
look installed sh -c "cmp $P/bridge /opt/cni/bin/bridge && ls -1 /opt/cni/bin"

mkdir -p /run/flannel
$P/coordinator run --node-name arm --source etcd --etcd-endpoints https://10.0.2.2:2379 --etcd-cafile /etc/ca.pem --iface eth0 \
    --public-ip 10.0.2.15 --subnet-file /run/flannel/subnet.env --state-dir /run/state > /run/coordinator.log 2>&1 &
for i in $(seq 60); do [ ! -s /run/flannel/subnet.env ] || break; sleep 1; done
look subnet cat /run/flannel/subnet.env
look route ip route show dev flannel.1
look coordinator cat /run/coordinator.log
echo DONE
poweroff -f
