#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: a pool of a thousand of which three are there, one that flaps every second, and tables made anew all the time, under a flood: calls of the others go on
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

CALLS=225
NOBODY=997 # addresses where no host is

up_of_service() {
	lab_ctl --json status | jq '.services[0].backends_up'
}

is_up() { [[ $(up_of_service) == "$1" ]]; }

# No host has these: the first of them are on the link, without a neighbour, the others behind the router.
nobody() {
	local i
	for ((i = 0; i < NOBODY; i++)); do
		printf '        - {name: n%d, address: "10.%s:5060"}\n' "$i" \
			"$([[ $i -lt 100 ]] && echo "77.5.$((100 + i))" || echo "78.$((i / 250)).$((1 + i % 250))")"
	done
}

# A backend that takes nothing for a second, then everything for one, and so on.
flap() { # SITE SECONDS
	local i
	for ((i = 0; i < $2; i += 2)); do
		lab_in "$1" nft 'table inet flap { chain in { type filter hook input priority 0; udp dport 5060 drop; }; }'
		sleep 1
		lab_in "$1" nft delete table inet flap
		sleep 1
	done
}

change_weights() { # SECONDS
	local end=$((SECONDS + $1)) weight=1
	until ((SECONDS >= end)); do
		weight=$((weight % 9 + 1))
		lab_ctl backend weight b2 "$weight" >/dev/null
		sleep 0.1
	done
}

shares() {
	lab_ctl --json backend list | jq '[.backends[].share_percent] | add | round'
}

[[ $EUID == 0 ]] || skip "needs root"
[[ -x $LAB_BUILD/sipxdpd && -x $LAB_BIN/flood ]] || fail "not built: make all lab"
# What passes of a flood is work for the backends: it is them that are looked at here, not kamailio's memory.
export POOL_SERVICE_LINES="    limits: {unknown: {invite: 50/s}}"
export POOL_IPV6=no POOL_PROBE="interval: 400ms, timeout: 200ms, rise: 2, fall: 2"
pool_up nat
for n in 1 2 3; do
	pool_start_kamailio "$n"
	pool_start_capture "$n"
done
{
	pool_config nat 1 2 3
	nobody
} >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
check "backends that are listed" "$(lab_ctl --json backend list | jq '.backends | length')" -eq $((NOBODY + 3))
lab_until 30 is_up 3 || fail "backends up: $(up_of_service)"
check "shares of those that are there" "$(shares)" -eq 100
pool_start_callee
pool_start_calls known 5 5 200 # the caller earns trust
lab_wait known || true
check "calls before" "$(lab_sipp_count known SuccessfulCall)" -eq 5

lab_stats before
pool_start_calls calls 15 "$CALLS" 2000 # for 15 s
lab_start_flood flood --rate 50000 --seconds 14 --from 16.0.0.0/4
flap b3 14 &
flapping=$!
change_weights 14
wait "$flapping"
lab_wait flood || fail "$(cat "$lab_tmp/flood.log")"
lab_wait calls || true
lab_stats after
for n in 1 2 3; do
	lab_stop "capture-b$n" INT
	pool_read_capture "capture-b$n" | grep -E "@10\.77\.1\.10 " | cut -d' ' -f1 | sort -u >"$lab_tmp/b$n.calls"
	echo "calls that b$n had: $(wc -l <"$lab_tmp/b$n.calls")"
done
completed=$(lab_sipp_count calls SuccessfulCall)
check "calls that failed, at most those that b3 had" "$((CALLS - completed))" -le "$(wc -l <"$lab_tmp/b3.calls")"
check "calls that b1 and b2 had both" "$(comm -12 "$lab_tmp/b1.calls" "$lab_tmp/b2.calls" |
	comm -23 - "$lab_tmp/b3.calls" | wc -l)" -eq 0
check "tables that were made" "$(grep -c 'has weight' "$lab_tmp/sipxdpd.log")" -gt 20
# Seven times away in 14 s: held down for longer each time, it does not come and go with that.
falls=$(grep -c 'backend b3 is down' "$lab_tmp/sipxdpd.log")
check "falls of the one that flaps" "$falls" -ge 1
check "falls of it, not more" "$falls" -le 4
check "INVITEs of the flood that were dropped" "$(lab_packets before after '.class == "invite" and .verdict == "drop"')" -gt 100000
check "packets for which there was no backend" "$(lab_packets before after '.reason == "no-backend"')" -eq 0
check "shares" "$(shares)" -eq 100
lab_until 70 pool_is b3 up || fail "b3 is $(pool_backend b3 .state)"
