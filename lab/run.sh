#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `make run` runs: a lab with a SIP server that sipxdp guards. Phones register and call, a
# flood comes from one source, then from spoofed ones, then a scanner; progress is shown while it
# happens, and a table at the end. Exit status 0: at least 99.9 % of the calls were completed.
#
#   MODE=guard     sipxdp on the host of the SIP server
#        balance   sipxdp in front of three of them: see lab/balance.sh
#   GUARD=enforce  or monitor: counts what would be dropped, and drops nothing;
#                  or off: the same without sipxdp, to see what the floods do to the server
#   CALLS=100      calls a second   PPS=200000  packets of a flood a second   SECS=12  of a phase
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/lab.sh"

MODE=${MODE:-guard}
GUARD=${GUARD:-enforce}
CALLS=${CALLS:-100}
PPS=${PPS:-200000}
SECS=${SECS:-12}
SIPP_CALLS=$((CALLS > 20 ? CALLS / 20 : 1)) # a second, besides the phones'
FLOOD_LEAD=1 # seconds for which a flood runs before the calls and after

phases=()
most_calls=0
started=$SECONDS

say() { printf '[%3d s] %s\n' $((SECONDS - started)) "$*"; }
headline() { printf '\n[%3d s] == %s\n' $((SECONDS - started)) "$*"; }

# thousands 1234567: 1,234,567
thousands() {
	local n=$1 grouped=
	while [[ ${#n} -gt 3 ]]; do
		grouped=,${n: -3}$grouped
		n=${n:0:-3}
	done
	printf '%s%s' "$n" "$grouped"
}

# Answered calls in the map now; the largest number and the first rows of that moment are kept.
look_at_calls() {
	local now
	[[ $GUARD != off ]] || return 0
	now=$(lab_ctl --json calls --state confirmed | jq '.calls | length')
	if ((now > most_calls)); then
		most_calls=$now
		lab_ctl calls --state confirmed >"$lab_tmp/calls.txt"
	fi
}

# watch_phase NAME: a line every two seconds until the phones of the phase have ended.
watch_phase() {
	local name=$1 pid=${lab_pids[phones-$1]} dropped passed
	while kill -0 "$pid" 2>/dev/null; do
		sleep 2
		local line
		line=$(tail -n 1 "$lab_tmp/phones-$name.log")
		line=${line#*: *: *registered, }
		if [[ $GUARD != off ]]; then
			look_at_calls
			lab_stats now
			dropped=$(lab_packets "before-$name" now '.verdict == "drop" or .verdict == "would-drop"')
			passed=$(lab_packets "before-$name" now '.verdict == "pass"')
			line+="; packets passed $(thousands "$passed"), dropped $(thousands "$dropped")"
		fi
		say "   $line"
	done
}

# call_phase NAME HEADLINE [FLOOD-OPTION...]: calls, and a flood around them if it has options.
call_phase() {
	local name=$1 title=$2
	shift 2
	headline "$title"
	[[ $GUARD == off ]] || lab_stats "before-$name"
	if [[ $# -gt 0 ]]; then
		lab_start_flood "flood-$name" --rate "$PPS" --seconds $((SECS + 2 * FLOOD_LEAD)) "$@"
		sleep "$FLOOD_LEAD"
	fi
	lab_start_phones "phones-$name" callers --calls "$CALLS" --seconds "$SECS" --progress \
		--give-up 16000
	lab_start_sipp_calls "sipp-$name" "$SIPP_CALLS" $((SIPP_CALLS * SECS))
	watch_phase "$name"
	lab_wait "phones-$name" || true
	lab_wait "sipp-$name" || true
	[[ $# -eq 0 ]] || lab_wait "flood-$name" || lab_die "$(cat "$lab_tmp/flood-$name.log")"
	[[ $GUARD == off ]] || lab_stats "after-$name"
	phases+=("$name")
}

register_phase() {
	headline "phones register: $LAB_PHONES callers, $LAB_PHONES callees, sipp"
	lab_start_callees callee
	lab_phones register callers --register 50 || lab_die "callers do not register"
	lab_start_sipp_callee
	say "   $(lab_get register .register.registered) of $LAB_PHONES callers registered," \
		"$(lab_get register .register.took.median_ms) ms each"
}

scan_phase() {
	headline "a scan with sipvicious: servers, then users"
	[[ $GUARD == off ]] || lab_stats before-scan
	lab_scan 6
	say "   svmap: $(grep -c "$LAB_SERVER:5060" "$lab_tmp/svmap.out" || true) server found;" \
		"svwar: $(tail -n 1 "$lab_tmp/svwar.out")"
	[[ $GUARD == off ]] || lab_stats after-scan
	if lab_answers attacker; then
		say "   the attacker is still answered"
	else
		say "   the attacker is no longer answered"
	fi
}

# ---- what came of it ----

show_calls() {
	local name sent
	printf '\n%-14s %6s %10s %8s %8s %10s %10s %7s %9s %14s\n' CALLS tried completed "" \
		"in 1 s" median p95 resent sipp "flood arrived"
	for name in "${phases[@]}"; do
		sent=-
		[[ ! -s $lab_tmp/flood-$name.out ]] || sent=$(thousands "$(lab_get "flood-$name" '.packets - .undelivered')")
		printf '%-14s %6d %10d %6.1f %% %6.1f %% %7.1f ms %7.1f ms %7d %5d/%-3d %14s\n' "$name" \
			"$(lab_get "phones-$name" .calls.tried)" \
			"$(lab_get "phones-$name" .calls.completed)" \
			"$(lab_get "phones-$name" '100 * .calls.completed / .calls.tried')" \
			"$(lab_get "phones-$name" '100 * .calls.setup.within_1s / .calls.tried')" \
			"$(lab_get "phones-$name" '.calls.setup.median_ms // 0')" \
			"$(lab_get "phones-$name" '.calls.setup.p95_ms // 0')" \
			"$(lab_get "phones-$name" .calls.sent_again)" \
			"$(lab_sipp_count "sipp-$name" SuccessfulCall)" \
			$((SIPP_CALLS * SECS)) "$sent"
	done
}

show_packets() {
	local name
	printf '\n%-22s %-11s %-20s %14s\n' PACKETS verdict reason packets
	for name in "${phases[@]}" scan; do
		lab_stats_between "before-$name" "after-$name" |
			jq -r 'group_by([.verdict, .reason])[]
				| [.[0].verdict, .[0].reason, (map(.packets) | add)] | @tsv' |
			sort -k1,1 -k3,3nr |
			while IFS=$'\t' read -r verdict reason packets; do
				printf '%-22s %-11s %-20s %14s\n' "$name" "$verdict" "$reason" \
					"$(thousands "$packets")"
				name=
			done
	done
}

show_map() {
	printf '\nCALLS IN THE MAP while they ran: %d answered at most; the latest of them:\n' "$most_calls"
	head -n 9 "$lab_tmp/calls.txt" 2>/dev/null
	printf '\nBANS\n'
	lab_ctl ban list
}

all_completed() {
	local name
	for name in "${phases[@]}"; do
		[[ $(lab_get "phones-$name" '.calls.completed / .calls.tried >= 0.999') == true ]] || return 1
		[[ $(lab_sipp_count "sipp-$name" FailedCall) == 0 ]] || return 1
	done
}

main() {
	[[ $MODE != balance ]] || exec "$LAB_ROOT/lab/balance.sh"
	[[ $MODE == guard ]] || lab_die "MODE is guard or balance; GUARD=monitor drops nothing"
	[[ $GUARD == enforce || $GUARD == monitor || $GUARD == off ]] ||
		lab_die "GUARD is enforce, monitor or off"
	say "a lab of network namespaces: callers, callees, an attacker, kamailio on $LAB_SERVER"
	lab_up
	lab_start_server
	if [[ $GUARD != off ]]; then
		lab_config "$GUARD" >"$lab_tmp/sipxdp.yaml"
		lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
		say "sipxdpd guards it, mode $GUARD, with the default limits"
	else
		say "without sipxdp"
	fi
	register_phase
	call_phase baseline "$CALLS calls a second, and nothing else"
	call_phase one-source "the same, and $(thousands "$PPS") packets a second from one source" \
		--from 10.77.4.66 --from-port 5060
	call_phase spoofed "the same, and $(thousands "$PPS") packets a second from spoofed sources" \
		--from 16.0.0.0/4
	scan_phase
	show_calls
	if [[ $GUARD != off ]]; then
		show_packets
		show_map
	fi
	if all_completed; then
		printf '\nThe calls were completed.\n'
	else
		printf '\nCalls failed.\n'
		return 1
	fi
}

main
