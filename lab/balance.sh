#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `make run MODE=balance` runs: calls over three kamailio backends behind sipxdp. Many calls
# first, to see their shares; then calls while a backend is added, one is drained and one is killed.
# What the backends themselves captured is held against it. Exit status 0: no call failed but those
# that the killed one had, no call changed backend, shares are within 5 % of the weights.
#
#   FORWARD=nat    or dsr, ipip: how packets reach the backends
#   TOTAL=10000    calls of the first phase    CALLS=150  of them a second
#   RATE=60        calls a second while backends come and go, each of 3 s
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/lab.sh"
# shellcheck source-path=SCRIPTDIR source=pool.sh
source "$LAB_ROOT/lab/pool.sh"

FORWARD=${FORWARD:-nat}
TOTAL=${TOTAL:-10000}
CALLS=${CALLS:-150}
RATE=${RATE:-60}
STEP_SECONDS=5  # between one change and the next
CALL_MS=3000    # of the calls meanwhile
# A backend that waits for its turn on a busy machine is not dead.
POOL_PROBE="interval: 2s, timeout: 1s, rise: 2, fall: 3"
DETECT_SECONDS=6 # fall * interval
# Of few calls chance alone makes shares uneven: 3.5 standard deviations.
ALLOWED_PERCENT=$(awk -v n="$TOTAL" 'BEGIN { p = 350 * sqrt(2 / n); print (p > 5 ? p : 5) }')
POOL_IPV6=no

started=$SECONDS
problems=0

say() { printf '[%3d s] %s\n' $((SECONDS - started)) "$*"; }
headline() { printf '\n[%3d s] == %s\n' $((SECONDS - started)) "$*"; }

problem() {
	problems=$((problems + 1))
	say "   NOT AS IT SHOULD BE: $*"
}

now() { date +%s.%N; }

# watch NAME UNTIL: a line every two seconds, until sipp ends or that moment
watch_calls() {
	local pid=${lab_pids[$1]} until=${2:-}
	while kill -0 "$pid" 2>/dev/null; do
		[[ -z $until ]] || ((SECONDS < until)) || return 0
		sleep 2
		say "   $(lab_ctl --json backend list | jq -r '[.backends[] |
			"\(.name) \(.state) \(.calls) calls \(.share_percent * 10 | round / 10) %"] | join(", ")' || true)"
	done
}

prepare() {
	local n
	headline "a lab of network namespaces: callers, a callee, sipxdp on $LAB_SERVER, backends; forward: $FORWARD"
	pool_up "$FORWARD"
	for ((n = 1; n <= POOL_SIZE; n++)); do
		pool_start_kamailio "$n"
		pool_start_capture "$n"
	done
	pool_start_callee
	POOL_SERVICE_LINES=$POOL_LIMITS pool_config "$FORWARD" 1 2 3 >"$lab_tmp/sipxdp.yaml"
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
	lab_until 10 pool_is b3 up || lab_die "the backends are not up"
	say "sipxdpd balances over three kamailio; a fourth waits"
}

share_phase() {
	headline "$TOTAL calls, $CALLS a second"
	shares_pid=
	pool_start_calls shares "$CALLS" "$TOTAL" 200
	shares_pid=${lab_pids[shares]}
	watch_calls shares
	lab_wait shares || true
	say "   $(lab_sipp_count shares SuccessfulCall) completed, $(lab_sipp_count shares FailedCall) failed"
}

change_phase() {
	local calls=$((RATE * STEP_SECONDS * 5))
	headline "$RATE calls a second of $((CALL_MS / 1000)) s, while backends come and go"
	pool_start_calls changes "$RATE" "$calls" "$CALL_MS"
	changes_pid=${lab_pids[changes]}
	watch_calls changes $((SECONDS + STEP_SECONDS))
	say "b4 is added: $(lab_ctl backend add b4 10.77.5.14:5060)"
	watch_calls changes $((SECONDS + STEP_SECONDS))
	say "b2 is drained: $(lab_ctl backend drain b2)"
	drained=$(now)
	watch_calls changes $((SECONDS + STEP_SECONDS))
	say "b3 is killed"
	killed=$(now)
	pool_kill 3
	watch_calls changes
	lab_wait changes || true
	say "   $(lab_sipp_count changes SuccessfulCall) completed, $(lab_sipp_count changes FailedCall) failed"
}

# ---- what came of it ----

# Of each backend "CALL-ID FIRST-SEEN MESSAGES", into $lab_tmp/bN.calls
read_captures() {
	local n
	for ((n = 1; n <= POOL_SIZE; n++)); do
		lab_stop "capture-b$n" INT
		pool_read_capture "capture-b$n" >"$lab_tmp/b$n.calls"
	done
}

# calls_of PID NUMBER: Call-IDs of a sipp that a backend saw
calls_of() {
	grep -E "^[0-9]+-$1@" "$lab_tmp/b$2.calls" | cut -d' ' -f1
}

show_shares() {
	local n calls all=0 percent
	printf '\n%-8s %7s %10s %8s %9s\n' BACKEND weight calls share "of due"
	for n in 1 2 3; do
		all=$((all + $(calls_of "$shares_pid" "$n" | wc -l)))
	done
	for n in 1 2 3; do
		calls=$(calls_of "$shares_pid" "$n" | wc -l)
		percent=$(awk -v c="$calls" -v a="$all" 'BEGIN { printf "%.1f", a ? 300 * c / a : 0 }')
		printf '%-8s %7d %10d %6.1f %% %7.1f %%\n' "b$n" 1 "$calls" \
			"$(awk -v c="$calls" -v a="$all" 'BEGIN { print a ? 100 * c / a : 0 }')" "$percent"
		awk -v p="$percent" -v d="$ALLOWED_PERCENT" 'BEGIN { exit !(p >= 100 - d && p <= 100 + d) }' ||
			problem "b$n has $percent % of its share"
	done
	[[ $all == "$TOTAL" ]] || problem "$all calls were seen at backends, of $TOTAL"
}

# Calls that more than one backend saw. The killed one may have been asked in vain.
show_moves() {
	local moved off
	cat "$lab_tmp"/b[0-9].calls | cut -d' ' -f1 | sort | uniq -d >"$lab_tmp/moved"
	off=$(comm -12 "$lab_tmp/moved" <(cut -d' ' -f1 "$lab_tmp/b3.calls" | sort) | wc -l)
	moved=$(($(wc -l <"$lab_tmp/moved") - off))
	printf '\n%6d calls seen by backends\n%6d of them by two backends, both alive\n' \
		"$(cat "$lab_tmp"/b[0-9].calls | cut -d' ' -f1 | sort -u | wc -l)" "$moved"
	printf '%6d of them at the killed one, and taken on by another\n' "$off"
	[[ $moved == 0 ]] || problem "calls changed backend: $(head -n 3 "$lab_tmp/moved" | tr '\n' ' ')"
}

show_drain() {
	local late
	late=$(grep -E "^[0-9]+-$changes_pid@" "$lab_tmp/b2.calls" |
		awk -v t="$drained" '$2 > t + 0.5' | wc -l)
	printf '%6d new calls at the drained one later than half a second after\n' "$late"
	[[ $late == 0 ]] || problem "a drained backend got new calls"
}

# A failed call must be one that the killed backend had then.
show_failures() {
	local failed other
	failed=$(lab_sipp_count changes FailedCall)
	grep -oE "[0-9]+-$changes_pid@[0-9.]+" "$lab_tmp/changes.errors" 2>/dev/null | sort -u >"$lab_tmp/failed" || true
	awk -v t="$killed" -v d="$DETECT_SECONDS" -v l=$((CALL_MS / 1000 + 1)) \
		'$2 < t + d && $2 > t - l { print $1 }' "$lab_tmp/b3.calls" | sort >"$lab_tmp/in-flight"
	other=$(comm -23 "$lab_tmp/failed" "$lab_tmp/in-flight" | wc -l)
	printf '%6d calls failed, %d of them not in flight on the killed one (%d were)\n' "$failed" "$other" \
		"$(wc -l <"$lab_tmp/in-flight")"
	[[ $other == 0 ]] || problem "calls failed elsewhere: $(comm -23 "$lab_tmp/failed" "$lab_tmp/in-flight" | head -n 3 | tr '\n' ' ')"
	((failed <= $(wc -l <"$lab_tmp/in-flight"))) || problem "more calls failed than were in flight"
	[[ $(lab_sipp_count shares FailedCall) == 0 ]] || problem "calls failed in the first phase"
}

show_taken() {
	[[ $(calls_of "$changes_pid" 4 | wc -l) -gt 0 ]] || problem "the added backend got no calls"
	printf '\nBACKENDS at the end\n'
	lab_ctl backend list
	printf '\nLOG\n'
	grep -E 'backend|pool' "$lab_tmp/sipxdpd.log" | sed 's/^/  /'
}

[[ $FORWARD == nat || $FORWARD == dsr || $FORWARD == ipip ]] || lab_die "FORWARD is nat, dsr or ipip"
prepare
share_phase
change_phase
read_captures
show_shares
show_moves
show_drain
show_failures
show_taken
if [[ $problems == 0 ]]; then
	printf '\nAll calls were completed but those in flight on the killed backend; none changed backend.\n'
else
	printf '\n%d things are not as they should be.\n' "$problems"
	exit 1
fi
