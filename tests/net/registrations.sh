#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: registrations of several devices are listed as the registrar grants them, refreshed, run out by the clock, and go when they are taken back; trust goes with them
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

SCENARIOS=$(dirname "${BASH_SOURCE[0]}")/sipp
USERS=20

registrations() { # FILTER: how many meet it
	lab_ctl --json registrations | jq "[.registrations[] | select($1)] | length"
}
# has NUMBER FILTER
has() { [[ $(registrations "$2") == "$1" ]]; }
trust_left() { # seconds that the phones' port is still trusted
	lab_ctl --json trust list | jq '[.trusted[] | select(.address == "10.77.1.10:7010") | .left_s] | add'
}

[[ $EUID == 0 ]] || skip "needs root"
[[ -e /sys/kernel/btf/vmlinux ]] || skip "the kernel has no BTF"
lab_up
lab_config enforce "" "networks: {exempt: [10.77.1.0/24]}" >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_spawn registrar server sipp -i "$LAB_SERVER" -p 5060 -nostdin -sf "$SCENARIOS/uas-register.xml"
lab_until 5 lab_listens server 5060 || fail "sipp does not serve"
lab_spawn phones callers sipp -i 10.77.1.10 -p 7010 -nostdin -s user -m "$USERS" -r 100 \
	-sf "$SCENARIOS/uac-register.xml" -trace_stat -fd 1 -stf "$lab_tmp/phones.csv" -timeout 40s "$LAB_SERVER:5060"

lab_until 3 has $((2 * USERS)) true || true
check "two devices of each user" "$(registrations true)" -eq $((2 * USERS))
check "with the time that was granted, not asked for" "$(registrations '.granted_s == 600')" -eq "$USERS"
check "with source, q, flow and path" "$(registrations '.source == "10.77.1.10:7010"
	and .q_thousandths == 700 and .reg_id == 1 and .path == "sip:edge@198.51.100.1;lr"')" -eq "$USERS"
trust=$(trust_left)
check "trusted for that time and 32 s: $trust" "$((trust > 300 && trust <= 632))" = 1

lab_until 5 has "$USERS" '.refreshes == 1' || true
check "refreshed from another address" \
	"$(registrations '.refreshes == 1 and .contact == "sip:user@10.77.1.10:9999"')" -eq "$USERS"
lab_until 5 has "$USERS" true || true
check "once the other device's two seconds are over" "$(registrations true)" -eq "$USERS"

lab_wait phones || true
check "sipp's users that got all their answers" "$(lab_sipp_count phones SuccessfulCall)" -eq "$USERS"
lab_until 2 has 0 true || true
check "when all are taken back" "$(registrations true)" -eq 0
trust=$(trust_left)
check "trusted no longer than what is under way may take: $trust" "$((${trust:-0} <= 32))" = 1
check "REGISTERs counted, and granted" "$(lab_ctl --json stats |
	jq -c '.quality[0] | [.registers, .registers_granted]')" = "[$((3 * USERS)),$((3 * USERS))]"
