#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: on a gateway in front of the server sipxdp learns trust from the answers that go out by it, and calls go on through a flood of spoofed sources that the server sees next to nothing of
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

[[ $EUID == 0 ]] || skip "needs root"
[[ -x $LAB_BUILD/sipxdpd && -x $LAB_BIN/flood ]] || fail "not built: make all lab"

# As on the server, but the commands are given on the gateway.
lab_ctl() {
	lab_in router "$LAB_BUILD/sipxdpctl" --instance "$LAB_INSTANCE" "$@"
}

lab_up
lab_claim_instance
lab_config enforce | sed 's/^interfaces: .*/interfaces: [callers, callee, attacker]/' >"$lab_tmp/sipxdp.yaml"
# The flood comes out of the attacker's end of the cable; frames of an XDP program are taken there only
# if the other end has one as well, which is ours.
lab_in attacker ip link set dev eth0 xdpdrv obj "$LAB_BIN/wire.bpf.o" sec xdp
lab_start_server
lab_spawn sipxdpd router "$LAB_BUILD/sipxdpd" -c "$lab_tmp/sipxdp.yaml"
lab_until 60 lab_sipxdp_decided || fail "sipxdpd does not start"
for site in callers callee attacker; do
	check "XDP on $site" "$(lab_ctl --json status | jq -r ".interfaces[] | select(.name == \"$site\").ingress")" = native
done
lab_start_callees callee
register_callers
check "trusted" "$(lab_ctl --json trust list | jq '.trusted | length')" -eq $((2 * LAB_PHONES))
lab_stats before
lab_start_phones calls callers --calls 20 --seconds 10 --hold 2000
sleep 1
mac=$(ip -n "$LAB_PREFIX-router" -json link show attacker | jq -r '.[0].address')
LAB_PEER_CPUS=$LAB_FLOOD_CPU
lab_spawn flood attacker "$LAB_BIN/flood" --dev eth0 --to-mac "$mac" --to "$LAB_SERVER" \
	--cpu "$LAB_FLOOD_CPU" --from 16.0.0.0/4 --rate 50000 --seconds 8
lab_wait flood || fail "$(cat "$lab_tmp/flood.log")"
lab_wait calls || true
lab_stats after
check_calls calls
check "packets of the flood dropped" "$(lab_packets before after '.verdict == "drop"')" -gt 100000
check "packets of trusted phones dropped" "$(lab_packets before after '.reason == "trusted-limit"')" -eq 0
