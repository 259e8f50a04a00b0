# Sourced by a guest's first script: an NFS server in the guest, all versions, and the volume's options for it.
. "$ROOT/tests/EndToEnd/Guest/volumes.sh"
modprobe -d "$MODULES" -q -a nfsd nfs nfsv4 nfsv3
nfs='"server":"127.0.0.1","share":"/"'

mount -t nfsd nfsd /proc/fs/nfsd
: > /var/lib/nfs/etab; : > /var/lib/nfs/rmtab
# The daemon that remembers the server's clients. Without it a new kernel waits for them a minute and a half, in which nothing is opened.
mkdir -p /run/rpc /run/nfsdcld
mount -t rpc_pipefs rpc /run/rpc
nfsdcld -F -d -p /run/rpc -s /run/nfsdcld > /run/nfsdcld.log 2>&1 &
for attempt in $(seq 50); do ! grep -q 'event dispatch' /run/nfsdcld.log || break; sleep 0.1; done
# start_nfs ARGUMENTS…: the server with these arguments of rpc.nfsd.
start_nfs() { rpc.nfsd "$@" > /run/nfsd.log 2>&1; }
# export_all ARGUMENTS…: what /etc/exports says, by a server with these arguments of rpc.nfsd.
export_all() {
    exportfs -ra > /run/exportfs.log 2>&1
    start_nfs "$@"
}
