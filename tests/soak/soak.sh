# SPDX-License-Identifier: GPL-2.0-only
# What the soak tests share: one disturbance after the other with calls around each, and after each
# what must hold. To be sourced by guard.sh and pool.sh, which say what the disturbances are
# (disturb_NAME), how the calls are made (soak_start_calls) and what else is to hold (soak_check).
# shellcheck shell=bash

# shellcheck source-path=SCRIPTDIR source=../net/check.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/check.sh"

SOAK_SECONDS=${SOAK_SECONDS:-3600}
# shellcheck disable=SC2034 # read by guard.sh and pool.sh
CLOCK_STEP=7200
BETWEEN_CALLS=" " # disturbances that are over before calls begin; the others come amid them

CALLS=20       # a second
CALL_SECONDS=5 # of calls around each disturbance
FLOOD_PPS=100000
HEAP_SLACK_KB=2048 # that the daemon's heap may be larger than after the first round
MAPPINGS_SLACK=4   # and its mappings more
ROUNDS_A_LIFE=3    # of the daemon: what ends it comes in the first of them only
ENDS_OF_LIFE=" kill restart "

started=$SECONDS
disturbances=0 calls_tried=0 flooded=0
declare -A seen=()

say() { printf '[%4d s] %s\n' $((SECONDS - started)) "$*"; }

status() { lab_ctl --json status | jq -r "$1"; }

wait_until_answers() {
	lab_until 60 lab_sipxdp_decided || fail "the daemon does not answer"
}

skip_unless_possible() {
	[[ $EUID == 0 ]] || skip "needs root"
	[[ -x $LAB_BUILD/sipxdpd && -x $LAB_BIN/phones ]] || fail "not built: make all lab"
	gcc -shared -fPIC -O2 -o "$LAB_BUILD/soak-clock.so" "$LAB_ROOT/tests/soak/clock.c"
}

# ---- what is done to it ----

flood() { # SECONDS OPTION...
	local seconds=$1
	shift
	lab_flood flood --rate "$FLOOD_PPS" --seconds "$seconds" "$@"
	flooded=$((flooded + $(lab_get flood '.packets - .undelivered')))
}

# The daemon's clock can be set from here on.
make_clock() {
	head -c 8 /dev/zero >"$lab_tmp/clock"
	chmod 644 "$lab_tmp/clock"
}

step_clock() { # SECONDS AHEAD, of the machine's clock
	perl -e 'print pack "q<", shift' -- "$1" | dd of="$lab_tmp/clock" conv=notrunc status=none
	sleep 2
}

start_daemon() {
	local LAB_DAEMON_ENV=(env "LD_PRELOAD=$LAB_BUILD/soak-clock.so" "SOAK_CLOCK=$lab_tmp/clock")
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
}

# Under a flood, and begun again.
kill_amid_flood() {
	lab_start_flood flood --from 16.0.0.0/4 --rate "$FLOOD_PPS" --seconds 4
	sleep 1
	lab_kill_sipxdp
	sleep 1
	start_daemon
	lab_wait flood
	flooded=$((flooded + $(lab_get flood '.packets - .undelivered')))
}

# ---- what must hold ----

descriptors() { find "/proc/${lab_pids[sipxdpd]}/fd" -mindepth 1 -printf x | wc -c; }
memory_kb() { awk '/^VmRSS/ { print $2 }' "/proc/${lab_pids[sipxdpd]}/status"; }
mappings() { wc -l <"/proc/${lab_pids[sipxdpd]}/maps"; }
# Without the tables of calls and what is remembered of their messages, which have mappings of their own,
# are of a fixed size, and are touched little by little.
heap_kb() { awk '/^[0-9a-f]+-/ { heap = $6 == "[heap]" } heap && /^Rss:/ { print $2 }' "/proc/${lab_pids[sipxdpd]}/smaps"; }

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
	local interface
	kill -0 "${lab_pids[sipxdpd]}" 2>/dev/null || fail "the daemon is gone"
	for interface in $(status '.interfaces[].name'); do
		check "XDP on $interface" \
			"$(status ".interfaces[] | select(.name == \"$interface\").ingress")" = native
		check "egress on $interface" \
			"$(status ".interfaces[] | select(.name == \"$interface\").egress")" != none
	done
	check "records of the tap that were damaged" "$(status .daemon.tap_damaged)" -eq 0
	check "facts that could not be written" "$(status .daemon.facts_failed)" -eq 0
	check "tables over their room" "$(status '[.tables[] | select(.entries > .room)] | length')" -eq 0
}

# The same after each round; within a daemon's life, and from one daemon to the next.
check_leaks() {
	local heap fds maps
	heap=$(heap_kb) fds=$(descriptors) maps=$(mappings)
	say "heap $heap of $(memory_kb) kB, mappings $maps, descriptors $fds," \
		"$(status '[.tables[] | "\(.name) \(.entries)"] | join(", ")')"
	if [[ ${round_heap:-} ]]; then
		check "growth of the heap since the first round, kB" $((heap - round_heap)) -le "$HEAP_SLACK_KB"
		check "mappings more than then" $((maps - round_maps)) -le "$MAPPINGS_SLACK"
		check "descriptors" "$fds" -eq "$round_fds"
	else
		round_heap=$heap round_fds=$fds round_maps=$maps
	fi
}

# Calls that are over leave the table: those of the phones are known by their source.
# shellcheck disable=SC2317 # called by lab_until
no_calls() {
	lab_ctl --json calls --state confirmed |
		jq -e '[.calls[] | select(.source | startswith("10.77.1."))] | length == 0'
}
check_ends() {
	lab_until 60 no_calls || fail "calls that have ended are in progress in the table"
	check "dialogs' table" "$(status '.tables[] | select(.name == "dialogs") | .entries < .room')" = true
}

# ---- one after the other ----

# disturb NAME: with calls around it, all of which complete.
disturb() {
	local name=$1
	say "$name"
	flooded=0
	soak_prepare
	lab_stats before
	[[ $BETWEEN_CALLS != *" $name "* ]] || "disturb_$name"
	soak_start_calls
	sleep 0.5
	[[ $BETWEEN_CALLS == *" $name "* ]] || "disturb_$name"
	lab_wait calls || true
	check_calls calls
	calls_tried=$((calls_tried + $(lab_get calls .calls.tried)))
	sleep 0.5
	lab_stats after
	check_counters before after
	check_daemon
	soak_check "$name"
	disturbances=$((disturbances + 1))
	seen[$name]=1
}

# soak NAME...: these in turn, until the time is over and each was there once
soak() {
	local name round=0
	while ((SECONDS - started < SOAK_SECONDS || ${#seen[@]} < $#)); do
		for name in "$@"; do
			((SECONDS - started < SOAK_SECONDS || !${seen[$name]:-0})) || continue
			((round % ROUNDS_A_LIFE == 0)) || [[ $ENDS_OF_LIFE != *" $name "* ]] || continue
			disturb "$name"
		done
		round=$((round + 1))
		check_leaks
	done
	check_ends
	say "$disturbances disturbances in $round rounds, $calls_tried calls, none lost"
}
