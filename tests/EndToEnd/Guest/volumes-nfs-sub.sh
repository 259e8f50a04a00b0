#!/bin/sh
# The first process of a guest kernel: sub-directories of an export, and NFS 3 beside 4, from a server that has both.
. "$ROOT/tests/EndToEnd/Guest/nfs-server.sh"
echo '/srv/export *(rw,fsid=0,insecure,no_subtree_check,no_root_squash)' > /etc/exports
mkdir -p /srv/squashed
echo '/srv/squashed *(rw,fsid=1,insecure,no_subtree_check,root_squash)' >> /etc/exports
rpcbind -w > /run/rpcbind.log 2>&1
rpc.mountd > /run/mountd.log 2>&1
export_all 2
mkdir -p /srv/export/a/b /srv/export/other
echo inside > /srv/export/a/b/file
echo secret > /srv/export/other/secret
ln -s ../other /srv/export/a/link
ln -s /other /srv/export/a/absolute
chmod 700 /srv/squashed

for version in 4.2 4.1 4.0 3; do
    share=/; [ $version = 3 ] && share=/srv/export
    options="\"server\":\"127.0.0.1\",\"share\":\"$share\",\"vers\":\"$version\""
    call sub-$version-mount plugboard~nfs mount $PODS/sub$version "$(options "$options,\"subDir\":\"a/b\"")"
    look sub-$version-names ls -A $PODS/sub$version
    look sub-$version-above stat -c %i $PODS/sub$version/.. $PODS
    look sub-$version-line grep "sub$version" /proc/self/mountinfo
    call sub-$version-again plugboard~nfs mount $PODS/sub$version "$(options "$options,\"subDir\":\"a/b\"")"
    call sub-$version-unmount plugboard~nfs unmount $PODS/sub$version
    made="\"subDir\":\"made/$version\",\"create\":\"true\",\"mode\":\"2750\",\"uid\":\"1000\",\"gid\":\"2000\""
    call made-$version-mount plugboard~nfs mount $PODS/made "$(options "$options,$made")"
    look made-$version-owner stat -c '%a %u %g' $PODS/made /srv/export/made/$version
    look made-$version-write sh -c "echo $version > $PODS/made/file && cat /srv/export/made/$version/file"
    call made-$version-unmount plugboard~nfs unmount $PODS/made
    call link-$version plugboard~nfs mount $PODS/link "$(options "$options,\"subDir\":\"a/link\",\"create\":\"true\"")"
done
call absolute plugboard~nfs mount $PODS/link "$(options "$nfs,\"subDir\":\"a/absolute\"")"
call missing plugboard~nfs mount $PODS/link "$(options "$nfs,\"subDir\":\"a/none\"")"
call climb plugboard~nfs mount $PODS/link "$(options "$nfs,\"subDir\":\"a/../other\"")"
squashed='"server":"127.0.0.1","share":"/srv/squashed","vers":"3"'
call squashed plugboard~nfs mount $PODS/link "$(options "$squashed,\"subDir\":\"x\",\"create\":\"true\"")"
call squashed-group plugboard~nfs mount $PODS/squashed "$(options "$squashed,\"kubernetes.io/mounterArgs.FsGroup\":\"2000\"")"
call squashed-again plugboard~nfs mount $PODS/squashed "$(options "$squashed")"
call squashed-unmount plugboard~nfs unmount $PODS/squashed
call v3-line-mount plugboard~nfs mount $PODS/v3 "$(options '"server":"127.0.0.1","share":"/srv/export","vers":"3"')"
look v3-line grep "/v3" /proc/self/mountinfo
call v3-read-only plugboard~nfs mount $PODS/v3ro "$(options '"server":"127.0.0.1","share":"/srv/export","vers":"3","readOnly":"true"')"
look v3-read-only-write sh -c "touch $PODS/v3ro/file"
call v3-unmount plugboard~nfs unmount $PODS/v3
call v3-read-only-unmount plugboard~nfs unmount $PODS/v3ro
# The names of another driver: the whole path is one option, and what is missing of it is made.
nas='"server":"127.0.0.1","path":"/nas/data","vers":"4.0"'
call nas-mount alicloud~nas mount $PODS/nas "$(options "$nas,\"mode\":\"755\",\"options\":\"noresvport\"")"
look nas-mode stat -c %a /srv/export/nas/data
call nas-unmount alicloud~nas unmount $PODS/nas
# One that is there already is mounted as it is, and a share may be without its slash.
call nas-again alicloud~nas mount $PODS/nas "$(options "$nas,\"options\":\"none\"")"
look nas-line grep "/nas " /proc/self/mountinfo
call nas-again-unmount alicloud~nas unmount $PODS/nas
call k8s-share k8s~nfs mount $PODS/k8s "$(options '"server":"127.0.0.1","share":"other","protocol":"udp"')"
look k8s-file cat $PODS/k8s/secret
call k8s-unmount k8s~nfs unmount $PODS/k8s

# offers STEP ARGUMENTS…: the server starts again with these arguments of rpc.nfsd, and a volume that asks for no version is mounted.
offers() {
    offer=$1; share=$2; shift 2
    rpc.nfsd 0; export_all "$@" 2
    call $offer-mount plugboard~nfs mount $PODS/plugboard~nfs/any "$(options "\"server\":\"127.0.0.1\",\"share\":\"$share\"")"
    look $offer-line grep "/any " /proc/self/mountinfo
    call $offer-unmount plugboard~nfs unmount $PODS/plugboard~nfs/any
}
offers any-all /
offers any-4.1 / -N 4.2
offers any-4.0 / -N 4.2 -N 4.1
call four plugboard~nfs mount $PODS/four "$(options "$nfs,\"mountOptions\":\"vers=4, _netdev\"")"
call four-unmount plugboard~nfs unmount $PODS/four
call only-4.2 plugboard~nfs mount $PODS/only "$(options "$nfs,\"vers\":\"4.2\"")"
offers any-3 /srv/export -N 4
call nothing-3 plugboard~nfs mount $PODS/nothing "$(options '"server":"127.0.0.1","share":"/nothing"')"
# Another port, which rpcbind gets too.
offers any-port / -p 20490
call port plugboard~nfs mount $PODS/plugboard~nfs/port "$(options "$nfs,\"mountOptions\":\"port=20490\"")"
look port-line grep "/port " /proc/self/mountinfo
look port-list "$PLUGINS/installer" flexvolume list
call port-unmount plugboard~nfs unmount $PODS/plugboard~nfs/port
rmdir $PODS/plugboard~nfs
rpc.nfsd 0; export_all 2
call krb5 plugboard~nfs mount $PODS/krb5 "$(options "$nfs,\"sec\":\"krb5\"")"
look left sh -c "grep -c $PODS /proc/self/mountinfo; ls -A /run/flexvolume/locks $PODS"
finish
