#!/bin/sh
# The first process of a guest kernel: SMB volumes whose server is not there, says nothing, hangs, is gone and comes back.
. "$ROOT/tests/EndToEnd/Guest/smb-server.sh"
. "$ROOT/tests/EndToEnd/Guest/dead-server.sh"
echo '{"unmountTimeoutSeconds":2,"mountTimeoutSeconds":2}' > /etc/flexvolume/plugboard~cifs.json
volume=$PODS/plugboard~cifs
options=$(options "$cifs,\"mountOptions\":\"actimeo=1,nosharesock,echo_interval=1\",$(secret "$encoded")")

call none plugboard~cifs mount $volume/none "$options"
busybox nc -ll -p 445 -e sleep 60 > /run/silent 2>&1 & listener=$!
sleep 1
timed call silent plugboard~cifs mount $volume/silent "$options"
call silent-again plugboard~cifs mount $volume/silent "$options"
look silent-left sh -c "ls -A $volume; ls -A /run/flexvolume/locks; ps ax | grep ' [w]orker'"
kill $listener
sleep 1
mkdir -p /srv/share/sub
serve
echo '{"unmountTimeoutSeconds":2,"mountTimeoutSeconds":60}' > /etc/flexvolume/plugboard~cifs.json
for name in idle nested again; do call $name-mount plugboard~cifs mount $volume/$name "$options"; done
mount -t tmpfs below $volume/nested/sub
sleep 2
echo '{"unmountTimeoutSeconds":2,"mountTimeoutSeconds":2}' > /etc/flexvolume/plugboard~cifs.json
silence 445
timed call dead-new plugboard~cifs mount $volume/new "$options"
timed look dead-list "$PLUGINS/installer" flexvolume list
call dead-again plugboard~cifs mount $volume/again "$options"
timed call dead-idle plugboard~cifs unmount $volume/idle
timed call dead-never plugboard~cifs unmount $volume/nested
look dead-never-line grep -c " $volume/nested" /proc/self/mountinfo
echo '{"unmountTimeoutSeconds":2,"force":"unreachable"}' > /etc/flexvolume/plugboard~cifs.json
timed call dead-force plugboard~cifs unmount $volume/nested
look dead-force-line grep -c " $volume/nested" /proc/self/mountinfo
answers
echo '{"mountTimeoutSeconds":60,"unmountTimeoutSeconds":60}' > /etc/flexvolume/plugboard~cifs.json
call alive-again plugboard~cifs unmount $volume/again
call alive-mount plugboard~cifs mount $volume/nested "$options"
look alive-file cat $volume/nested/file
call alive-unmount plugboard~cifs unmount $volume/nested
look left sh -c "grep -c $PODS /proc/self/mountinfo; ls -A $volume; ps ax | grep ' [w]orker'"
finish
