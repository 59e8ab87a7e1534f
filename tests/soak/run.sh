#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: hours of calls through everything that may happen to a guard lose no call and leak nothing
#
# Calls all the time, and one disturbance after the other: floods from one source and from spoofed
# ones, of scanners and of garbage, reloads, kill -9, a restart, a daemon that stands still, full
# tables, an interface that goes down and up, steps of the wall clock. After each, what must hold is
# checked; after each round of them, memory, descriptors and table rows against the round before.
#
#   SOAK_SECONDS=3600   how long; at least one disturbance of each kind is made
#   SOAK_ONLY='flood_spoofed kill'   only these, in this order
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../net/check.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/check.sh"

SOAK_SECONDS=${SOAK_SECONDS:-3600}
BETWEEN_CALLS=" interface_down " # the others come amid them
DISTURBANCES=(calm flood_one_source flood_spoofed reloads kill scanners clock_forward garbage
	restart link_down interface_down stalled flood_everything clock_back fragments)
read -ra ONLY <<<"${SOAK_ONLY:-${DISTURBANCES[*]}}"

CALLS=20              # a second
CALL_SECONDS=5        # of calls around each disturbance
FLOOD_PPS=100000
RSS_SLACK_KB=4096     # that the daemon's memory may differ from one round to the next
REGISTERED_SECONDS=300 # after which the phones register again; they ask for 600
CLOCK_STEP=7200

# Small, so that floods fill them.
TABLES="tables: {sources: 4096, bans: 1024, provisional: 4096, fragments: 1024, calls: 4096}
on_exit: keep"

started=$SECONDS
disturbances=0 calls_tried=0
declare -A seen=()
registered_at=0

say() { printf '[%4d s] %s\n' $((SECONDS - started)) "$*"; }

config() { # [SERVICE-LINES]
	lab_config enforce "${1:-}" "$TABLES" >"$lab_tmp/sipxdp.yaml"
}

status() { lab_ctl --json status | jq -r "$1"; }

wait_until_answers() {
	lab_until 30 lab_sipxdp_decided || fail "the daemon does not answer"
}

# ---- disturbances: each is over when it returns ----

flood() { # SECONDS OPTION...
	local seconds=$1
	shift
	lab_flood flood --rate "$FLOOD_PPS" --seconds "$seconds" "$@"
	flooded=$((flooded + $(lab_get flood '.packets - .undelivered')))
}

disturb_calm() { sleep 2; }
disturb_flood_one_source() { flood 4 --from 10.77.4.66 --from-port 5060; }
disturb_flood_spoofed() { flood 4 --from 16.0.0.0/4; }
disturb_scanners() { flood 4 --from 16.0.0.0/4 --mix invite=1 --user-agent friendly-scanner; }
disturb_garbage() { flood 4 --from 16.0.0.0/8 --mix garbage=1,response=1,bye=1; }
disturb_flood_everything() {
	flood 3 --from 16.0.0.0/4 --mix invite=4,register=3,options=2,bye=1,response=1,garbage=1
	flood 2 --to "$LAB_SERVER6" --from 2001:db8::/32
}

disturb_fragments() {
	lab_phones long office --phones 5 --register 5 --calls 2 --seconds 3 --padding 3000 ||
		fail "long messages: $(cat "$lab_tmp/long.out")"
}

disturb_reloads() {
	local rate
	for rate in 7 70 700 5; do
		config "    limits: {per_source: {options: $rate/s}}"
		lab_reload_sipxdp
		sleep 0.7
	done
}

disturb_kill() {
	lab_start_flood flood --from 16.0.0.0/4 --rate "$FLOOD_PPS" --seconds 4
	sleep 1
	lab_kill_sipxdp
	sleep 1
	start_daemon
	lab_wait flood
	flooded=$((flooded + $(lab_get flood '.packets - .undelivered')))
}

disturb_restart() {
	lab_stop_sipxdp
	sleep 1
	start_daemon
}

# Longer than the ring has room for.
disturb_stalled() {
	kill -STOP "${lab_pids[sipxdpd]}"
	flood 3 --from 16.0.0.0/4
	kill -CONT "${lab_pids[sipxdpd]}"
	wait_until_answers
}

# The cable is out for a second: what is sent meanwhile is lost, and sent again.
disturb_link_down() {
	sleep 1
	ip -n "$LAB_PREFIX-router" link set server down
	sleep 1
	ip -n "$LAB_PREFIX-router" link set server up
	ip -n "$LAB_PREFIX-router" addr replace fd77::1/64 dev server nodad
}

# Between calls, as a server without its interface tells its callers that it has no way to anyone.
disturb_interface_down() {
	ip -n "$LAB_PREFIX-server" link set eth0 down
	sleep 1
	ip -n "$LAB_PREFIX-server" link set eth0 up
	# What goes with an interface that is down.
	ip -n "$LAB_PREFIX-server" addr replace "$LAB_SERVER6/64" dev eth0 nodad
	ip -n "$LAB_PREFIX-server" route replace default via 10.77.0.1
	ip -n "$LAB_PREFIX-server" route replace default via fd77::1
	lab_until 20 lab_answers callers || fail "the interface does not come up"
}

step_clock() { # SECONDS AHEAD, of the machine's clock
	perl -e 'print pack "q<", shift' -- "$1" | dd of="$lab_tmp/clock" conv=notrunc status=none
	sleep 2
}
disturb_clock_forward() { step_clock "$CLOCK_STEP"; }
disturb_clock_back() { step_clock 0; }

# ---- what must hold ----

start_daemon() {
	local LAB_DAEMON_ENV=(env "LD_PRELOAD=$LAB_BUILD/soak-clock.so" "SOAK_CLOCK=$lab_tmp/clock")
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
}

descriptors() { find "/proc/${lab_pids[sipxdpd]}/fd" -mindepth 1 -printf x | wc -c; }
memory_kb() { awk '/^VmRSS/ { print $2 }' "/proc/${lab_pids[sipxdpd]}/status"; }

check_counters() { # BEFORE AFTER
	local all back
	back=$(jq -n --slurpfile old "$lab_tmp/$1.stats" --slurpfile new "$lab_tmp/$2.stats" '
		def row: [.service, .class, .verdict, .reason] | join("|");
		($new[0].stats | map({key: row, value: .packets}) | from_entries) as $now
		| [$old[0].stats[] | select(.packets > ($now[row] // 0))] | length')
	check "counters that went backwards" "$back" -eq 0
	all=$(lab_packets "$1" "$2" true)
	# What is no flood is calls and registrations: a few dozen packets each, resent ones included.
	check "packets counted, less those of floods" "$((all - flooded))" -ge 0
	check "packets counted, less those of floods" "$((all - flooded))" -le \
		$((CALLS * CALL_SECONDS * 100 + 20000))
	check "packets of trusted callers dropped" \
		"$(lab_packets "$1" "$2" '.reason == "trusted-limit"')" -eq 0
	check "packets for which a map was missing" "$(lab_packets "$1" "$2" '.reason == "internal"')" -eq 0
}

check_daemon() {
	kill -0 "${lab_pids[sipxdpd]}" 2>/dev/null || fail "the daemon is gone"
	check "XDP" "$(status '.interfaces[] | select(.name == "eth0").ingress')" = native
	check "egress" "$(status '.interfaces[] | select(.name == "eth0").egress')" != none
	check "records of the tap that were damaged" "$(status .daemon.tap_damaged)" -eq 0
	check "facts that could not be written" "$(status .daemon.facts_failed)" -eq 0
	check "tables over their room" "$(status '[.tables[] | select(.entries > .room)] | length')" -eq 0
}

# The same after each round; within a daemon's life, and from one daemon to the next.
check_leaks() {
	local rss fds
	rss=$(memory_kb) fds=$(descriptors)
	say "memory $rss kB, descriptors $fds, $(status '[.tables[] | "\(.name) \(.entries)"] | join(", ")')"
	if [[ ${round_rss:-} ]]; then
		check "growth of memory since the first round, kB" $((rss - round_rss)) -le "$RSS_SLACK_KB"
		check "descriptors" "$fds" -eq "$round_fds"
	else
		round_rss=$rss round_fds=$fds
	fi
}

register_again() {
	((SECONDS - registered_at > REGISTERED_SECONDS)) || return 0
	lab_stop callee
	lab_start_callees callee
	register_callers
	registered_at=$SECONDS
}

# disturb NAME: with calls around it, all of which complete.
disturb() {
	local name=$1 seconds=$CALL_SECONDS
	say "$name"
	register_again
	flooded=0
	lab_stats before
	[[ $BETWEEN_CALLS != *" $name "* ]] || "disturb_$name"
	lab_start_phones calls callers --calls "$CALLS" --seconds "$seconds" --hold 2000
	sleep 0.5
	[[ $BETWEEN_CALLS == *" $name "* ]] || "disturb_$name"
	lab_wait calls || true
	check_calls calls
	calls_tried=$((calls_tried + $(lab_get calls .calls.tried)))
	sleep 0.5
	lab_stats after
	check_counters before after
	check_daemon
	disturbances=$((disturbances + 1))
	seen[$name]=1
}

# Calls that are over leave the table: those of the phones are known by their source.
check_ends() {
	no_calls() {
		lab_ctl --json calls --state confirmed |
			jq -e '[.calls[] | select(.source | startswith("10.77.1."))] | length == 0'
	}
	lab_until 60 no_calls || fail "calls that have ended are in progress in the table"
	check "dialogs' table" "$(status '.tables[] | select(.name == "dialogs") | .entries < .room')" = true
}

skip_unless_possible() {
	[[ $EUID == 0 ]] || skip "needs root"
	gcc -shared -fPIC -O2 -o "$LAB_BUILD/soak-clock.so" "$LAB_ROOT/tests/soak/clock.c"
}

main() {
	local name round=0
	skip_unless_possible
	start_guarded_lab enforce "" "$TABLES"
	# From here on with a clock that can be set.
	head -c 8 /dev/zero >"$lab_tmp/clock"
	chmod 644 "$lab_tmp/clock"
	lab_stop_sipxdp
	start_daemon
	registered_at=$SECONDS
	register_callers
	while ((SECONDS - started < SOAK_SECONDS || ${#seen[@]} < ${#ONLY[@]})); do
		for name in "${ONLY[@]}"; do
			((SECONDS - started < SOAK_SECONDS || ! ${seen[$name]:-0})) || continue
			disturb "$name"
		done
		round=$((round + 1))
		check_leaks
	done
	check_ends
	say "$disturbances disturbances in $round rounds, $calls_tried calls, none lost"
}

main
