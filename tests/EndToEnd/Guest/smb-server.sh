# Sourced by a guest's first script: an SMB server in the guest, and the volume's options for it.
. "$ROOT/tests/EndToEnd/Guest/volumes.sh"
modprobe -d "$MODULES" -q -a cmac ccm gcm sha512_generic hmac md5 nls_utf8 cifs

password='a,b=c "d'"'"'e$!'
encoded=$(printf %s "$password" | base64)
cifs='"source":"//127.0.0.1/share"'
secret() { echo '"kubernetes.io/secret/username":"cm9vdA==","kubernetes.io/secret/password":"'"$1"'"'; }
mkdir -p /run/samba/private /run/samba/lock
cat > /run/smb.conf <<END
[global]
  workgroup = TEST
  server role = standalone server
  private dir = /run/samba/private
  lock directory = /run/samba/lock
  state directory = /run/samba/lock
  cache directory = /run/samba/lock
  pid directory = /run/samba
  ncalrpc dir = /run/samba/ncalrpc
  log file = /run/samba/log
  passdb backend = smbpasswd:/run/samba/private/passwd
  load printers = no
  disable spoolss = yes
  bind interfaces only = no
  map to guest = bad user
  guest account = nobody
[share]
  path = /srv/share
  read only = no
[public]
  path = /srv/share
  read only = yes
  guest ok = yes
END
cp /run/smb.conf /etc/samba/smb.conf
printf '%s\n%s\n' "$password" "$password" | smbpasswd -c /run/smb.conf -s -a root > /run/smbpasswd.log 2>&1
echo shared > /srv/share/file
# serve [PORT [OPTION]]: starts it, and waits until it listens.
serve() {
    smbd -D -s /run/smb.conf -p "${1:-445}" ${2:+"--option=$2"} > /run/smbd.log 2>&1
    for _ in $(seq 100); do [ -n "$(ss -Hltn "sport = :${1:-445}")" ] && break; sleep 0.2; done
}
# stop: ends it with all its connections.
stop() {
    kill -KILL $(pidof smbd) 2> /run/kill
    for _ in $(seq 100); do pidof smbd > /run/pidof || break; sleep 0.2; done
    rm -f /run/samba/smbd.pid
}
