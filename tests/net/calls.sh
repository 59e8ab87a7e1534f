#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: calls of sipp in every manner are in the table of calls and in the counters exactly as sipp counted them, and a HEP collector gets their messages
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

SCENARIOS=$(dirname "${BASH_SOURCE[0]}")/sipp

# sipp as the server itself, then sipp as its callers; each scenario has a port of its callers, by
# which its calls are told apart.
serve() { # OPTION...: of sipp
	lab_spawn sipp-server server sipp -i "$LAB_SERVER" -p 5060 -nostdin "$@"
	lab_until 5 lab_listens server 5060 || fail "sipp does not serve: $*"
}

start_calls() { # NAME PORT CALLS RATE OPTION...
	local name=$1 port=$2 calls=$3 rate=$4
	shift 4
	lab_spawn "$name" callers sipp -i 10.77.1.10 -p "$port" -nostdin -s callee -m "$calls" \
		-r "$rate" -l 3000 -trace_stat -fd 1 -stf "$lab_tmp/$name.csv" -timeout 60s "$@" \
		"$LAB_SERVER:5060"
}

calls_of() { # PORT FILTER: how many calls of that port meet it
	lab_ctl --json calls --source 10.77.1.10 |
		jq "[.calls[] | select((.source | endswith(\":$1\")) and ($2))] | length"
}

quality() { # FILTER
	lab_ctl --json status | jq ".quality[0] | $1"
}

none_goes_on() { [[ $(calls_of "$1" '.state != "ended" and .state != "failed"') == 0 ]]; }

# scenario NAME PORT CALLS: what both sides of tests/net/sipp/*-NAME.xml make of so many calls
scenario() {
	local name=$1 port=$2 calls=$3
	serve -sf "$SCENARIOS/uas-$name.xml"
	start_calls "$name" "$port" "$calls" 50 -sf "$SCENARIOS/uac-$name.xml" -d 300
	lab_wait "$name" || true
	lab_until 3 none_goes_on "$port" || true
	lab_stop sipp-server
	check "$name: calls that succeeded, says sipp" "$(lab_sipp_count "$name" SuccessfulCall)" -eq "$calls"
	check "$name: calls that failed, says sipp" "$(lab_sipp_count "$name" FailedCall)" -eq 0
	check "$name: calls in the table" "$(calls_of "$port" true)" -eq "$calls"
}

[[ $EUID == 0 ]] || skip "needs root"
[[ -e /sys/kernel/btf/vmlinux ]] || skip "the kernel has no BTF"
lab_up
lab_config enforce "" "networks: {exempt: [10.77.1.0/24]}
hep: {address: \"127.0.0.1:9060\", capture_id: 2001, password: secret}" >"$lab_tmp/sipxdp.yaml"
lab_spawn collector server sngrep -F -N -q -L udp:127.0.0.1:9060 -O "$lab_tmp/hep.pcap"
lab_until 5 lab_listens server 9060 || fail "sngrep does not listen"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"

scenario busy 7001 40
check "busy: failed with 486" "$(calls_of 7001 '.state == "failed" and .final_status == 486')" -eq 40
scenario cancel 7002 40
check "cancel: failed with 487" "$(calls_of 7002 '.state == "failed" and .final_status == 487')" -eq 40
scenario reinvite 7003 40
check "reinvite: two of them, one hold, resumed, with another codec" "$(calls_of 7003 \
	'.state == "ended" and .reinvites == 2 and .holds == 1 and .held_by == null and
	.codec == "PCMU" and .codec_changes == 1')" -eq 40
# One of them, drawn and as a capture file.
id=$(lab_ctl --json calls --source 10.77.1.10 | jq -r '[.calls[] | select(.reinvites == 2)][0].call_id')
lab_ctl ladder "$id" | sed 's/^/# /'
check "ladder: INVITEs drawn" "$(lab_ctl ladder "$id" | grep -c ' INVITE (PCM')" -eq 3
check "ladder: the hold is marked" "$(lab_ctl ladder "$id" | grep -c 'PCMA hold')" -eq 1
messages=$(lab_ctl --json calls "$id" | jq '.messages | length')
check "messages of it" "$messages" -eq "$(lab_ctl --json calls "$id" | jq '.calls[0].messages')"
lab_ctl ladder --pcap "$lab_tmp/call.pcap" "$id"
if command -v tshark >/dev/null; then
	check "messages that tshark finds in the capture file" \
		"$(tshark -r "$lab_tmp/call.pcap" -Y sip 2>/dev/null | wc -l)" -eq "$messages"
	check "of them with a wrong checksum" "$(tshark -r "$lab_tmp/call.pcap" -o udp.check_checksum:TRUE \
		-Y 'udp.checksum.status != 1' 2>/dev/null | wc -l)" -eq 0
fi

# As sngrep has it from our HEP packets; from here on nobody collects.
lab_stop collector
check "messages not sent to the collector" "$(lab_ctl --json status | jq .daemon.hep_lost)" -eq 0
if command -v tshark >/dev/null; then
	check "messages of it that the collector has" \
		"$(tshark -r "$lab_tmp/hep.pcap" -Y "sip.Call-ID == \"$id\"" 2>/dev/null | wc -l)" -eq "$messages"
fi

scenario prack 7004 40
check "prack: one of them" "$(calls_of 7004 '.state == "ended" and .pracks == 1 and .codec == "PCMA"')" -eq 40
scenario forked 7005 40
check "forked: three dialogs" "$(calls_of 7005 '.state == "ended" and .forks == 3')" -eq 40

# The callers and the server that sipp has built in; 2,000 calls at a time.
serve -sn uas
start_calls many 7006 2000 400 -sn uac -d 12000
all_up() { [[ $(calls_of 7006 '.state == "confirmed"') == 2000 ]]; }
lab_until 12 all_up || true
check "many: calls up at a time" "$(calls_of 7006 '.state == "confirmed"')" -eq 2000
lab_wait many || true
lab_until 3 none_goes_on 7006 || true
lab_stop sipp-server
check "many: calls that succeeded, says sipp" "$(lab_sipp_count many SuccessfulCall)" -eq 2000
check "many: calls that failed, says sipp" "$(lab_sipp_count many FailedCall)" -eq 0
check "many: calls answered and ended" "$(calls_of 7006 '.state == "ended" and .final_status == 200')" -eq 2000

check "attempts counted" "$(quality .attempts)" -eq 2200
check "answered" "$(quality .answered)" -eq 2120
check "failed with 4xx" "$(quality .failed_4xx)" -eq 80
check "of them declined, and cancelled" "$(quality '[.declined, .cancelled] | tostring')" = '"[40,40]"'
check "completed" "$(quality .completed)" -eq 2120
check "session establishment ratio and effectiveness" "$(quality '[.ser_percent, .seer_percent] | map(floor) | tostring')" = '"[96,98]"'
check "time from BYE to 200 in ms" "$(quality .sdd_ms)" -lt 1000

# Messages of calls are remembered when the calls have left the table.
check "messages remembered of a call of long before" \
	"$(lab_ctl --json ladder "$id" | jq '.messages | length')" -eq "$messages"

check "messages that the collector was no more there for" "$(lab_ctl --json status | jq .daemon.hep_lost)" -gt 0
check "warnings about it" "$(lab_ctl --json status |
	jq '[.warnings[] | select(contains("HEP collector: Connection refused"))] | length')" -eq 1
