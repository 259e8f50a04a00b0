# Sourced by a guest's first script: an NFS server in the guest, all versions, and the volume's options for it.
. "$ROOT/tests/EndToEnd/Guest/volumes.sh"
modprobe -d "$MODULES" -q -a nfsd nfs nfsv4 nfsv3
nfs='"server":"127.0.0.1","share":"/"'

mount -t nfsd nfsd /proc/fs/nfsd
: > /var/lib/nfs/etab; : > /var/lib/nfs/rmtab
# export_all ARGUMENTS…: what /etc/exports says, by a server with these arguments of rpc.nfsd.
export_all() {
    exportfs -ra > /run/exportfs.log 2>&1
    rpc.nfsd "$@" > /run/nfsd.log 2>&1
}
