# Sourced by a guest's first script: a server that falls silent, and what a call takes then.
modprobe -d "$MODULES" -q -a ip_tables iptable_filter xt_tcpudp

# silence PORT, answers: nothing comes to the server or from it; all does again.
silence() { for way in dport sport; do xtables-legacy-multi iptables -I INPUT -p tcp --$way "$1" -j DROP; done; }
answers() { xtables-legacy-multi iptables -F INPUT; }
# timed STEP COMMAND…: as look, and how many milliseconds it took in the step STEP-ms.
timed() {
    started=$(date +%s%N)
    "$@"
    echo "$(( ($(date +%s%N) - started) / 1000000 ))" > /run/ms
    look "$1-$2-ms" cat /run/ms
}
