# A node for the commands of a page: eth0 with an address and a default route, /etc, /opt, /var/lib and /run of its own, the
# executables on PATH.
# usage: node.sh EXECUTABLES DIRECTORY STEPS, in new namespaces; DIRECTORY has .step-N, and gets .output-N and .code-N.
bin=$1 page=$2 steps=$3
mount -t proc proc /proc
mkdir -p /run/own/etc && cp -a /etc/. /run/own/etc && mount --bind /run/own/etc /etc
mkdir -p /etc/cni/net.d
rm -f /etc/cni/net.d/*
for directory in /opt /var/lib /usr/libexec /usr/local/sbin; do mount -t tmpfs page "$directory"; done
mkdir -p /opt/cni/bin /usr/libexec/kubernetes/kubelet-plugins/volume/exec /run/netns
hostname n1
ip link set lo up
ip link add eth0 type veth peer name wire
ip address add 192.168.0.1/24 dev eth0
ip link set wire up
ip link set eth0 up
ip route add default via 192.168.0.254
export PATH=$bin:$PATH
cd "$page" || exit 1

code=0
for ((step = 0; step < steps; step++)); do
    restore() { return "$code"; }
    restore
    # In this shell, so that a page can change directory, set variables and start what stays.
    . "$page/.step-$step" > "$page/.output-$step" 2>&1
    code=$?
    echo "$code" > "$page/.code-$step"
done
