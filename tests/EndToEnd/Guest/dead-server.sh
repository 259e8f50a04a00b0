# Sourced by a guest's first script: a server that falls silent, and what a call takes then.
modprobe -d "$MODULES" -q -a sch_ingress cls_u32 act_gact

# silence PORT, answers: nothing comes to the server or from it; all does again.
silence() {
    tc qdisc add dev lo clsact
    for way in dport sport; do tc filter add dev lo ingress protocol ip u32 match ip $way "$1" 0xffff action drop; done
}
# mute PORT: the server lets connect, and hears nothing that is said to it (PSH, the flag of what is written).
mute() {
    tc qdisc add dev lo clsact
    tc filter add dev lo ingress protocol ip u32 match ip dport "$1" 0xffff match u8 8 8 at 33 action drop
}
answers() { tc qdisc del dev lo clsact; }
# timed STEP COMMAND…: as look, and how many milliseconds it took in the step STEP-ms.
timed() {
    started=$(date +%s%N)
    "$@"
    echo "$(( ($(date +%s%N) - started) / 1000000 ))" > /run/ms
    look "$1-$2-ms" cat /run/ms
}
