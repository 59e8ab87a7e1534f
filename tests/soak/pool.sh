#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: hours of calls over backends that come and go lose no call, move none from a live backend, and leave nothing behind
#
# Backends are added, removed, weighted, drained, taken down by hand and killed; the file of
# destinations and the configuration change; the daemon is killed, and restarted; the backends'
# interface goes down; floods and steps of the wall clock. The backends share no state, but a proxy
# in the route of a call needs none to pass on what belongs to it: so none is lost with a dead one.
#
#   SOAK_SECONDS=3600   how long; at least one disturbance of each kind is made
#   SOAK_POOL='death drain'   only these, in this order
#   SOAK_END=no         do not wait until the last call is forgotten
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=soak.sh
source "$(dirname "${BASH_SOURCE[0]}")/soak.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

DISTURBANCES=(calm drain weights death list reloads kill down flood_spoofed remove restart clock_forward
	lan_down stalled clock_back)
read -ra ONLY <<<"${SOAK_POOL:-${DISTURBANCES[*]}}"
# After which a call may have been seen by two backends, as the first did not answer or lost it.
MOVES=" death down lan_down "

# A backend that waits for its turn on a busy machine is not dead.
POOL_PROBE="interval: 1s, timeout: 900ms, rise: 2, fall: 3"
POOL_IPV6=no
ROOM="tables: {sources: 4096, calls: 4096, dialogs: 65536}
on_exit: keep"

config() { # BACKEND...: as pool_config has them
	{
		pool_config nat "$@"
		printf '%s\n' "$ROOM"
	} >"$lab_tmp/sipxdp.yaml"
}

# destinations NUMBER[:WEIGHT]...: the file that `import` names, put in place at once
destinations() {
	local each
	for each in "$@"; do
		printf '1 sip:10.77.5.%d 0 0 duid=b%d;weight=%d\n' $((10 + ${each%%:*})) "${each%%:*}" \
			"$([[ $each == *:* ]] && echo "${each#*:}" || echo 1)"
	done >"$lab_tmp/list.new"
	chmod 644 "$lab_tmp/list.new"
	mv "$lab_tmp/list.new" "$lab_tmp/dispatcher.list"
}

# Backends as those of the other tests, but who calls nobody's name is told so: calls of a flood are not
# to be answered, as nobody would ever end them.
make_backend_config() {
	# shellcheck disable=SC2016 # of kamailio
	sed 's/^\trecord_route();/\tif (!($rU =~ "^sip-callee")) {\n\t\tsl_send_reply("404", "Not Found");\n\t\texit;\n\t}\n&/' \
		"$LAB_ROOT/lab/kamailio-backend.cfg" >"$lab_tmp/backend.cfg"
	chmod 644 "$lab_tmp/backend.cfg"
}
start_backend() { # NUMBER
	pool_start_kamailio "$1" "$(realpath --relative-to="$LAB_ROOT/lab" "$lab_tmp/backend.cfg")"
}

wait_for() { # NAME STATE
	lab_until 30 pool_is "$1" "$2" || fail "$1 is $(pool_backend "$1" .state), not $2"
}

# What the pool is before each disturbance: b1 and b2 by the configuration, b3 by the list.
soak_prepare() {
	local n
	destinations 3
	config 1 2
	lab_reload_sipxdp
	for n in 1 2 3; do
		lab_ctl backend up "b$n" >/dev/null 2>&1 || true
		wait_for "b$n" up
	done
	for n in 1 2 3 4; do
		pool_start_capture "$n" "capture-b$n"
	done
}

soak_start_calls() {
	lab_start_phones calls callers --calls "$CALLS" --seconds "$CALL_SECONDS" --hold 2000 \
		--callee sip-callee
}

# Into $lab_tmp/moved "CALL-ID FIRST-SEEN MESSAGES BACKEND" of calls that two backends have seen. A server
# that was cut off goes on for a while with transactions that another has finished: only the calls of
# this disturbance count, whose Call-IDs end alike, and of which there are the most messages.
find_moved_calls() {
	local n run
	for n in 1 2 3 4; do
		lab_stop "capture-b$n" INT
		pool_read_capture "capture-b$n" >"$lab_tmp/b$n.calls"
	done
	run=$(cat "$lab_tmp"/b[1234].calls | awk '{ sub(/.*-/, "", $1); messages[$1] += $3 }
		END { for (run in messages) print messages[run], run }' | sort -n | awk 'END { print $2 }')
	for n in 1 2 3 4; do
		sed -n "s/^[^ ]*-$run .*/& b$n/p" "$lab_tmp/b$n.calls"
	done | tee "$lab_tmp/all.calls" | sort | awk '$1 == last { if (shown != last) print line; print; shown = last }
		{ last = $1; line = $0 }' >"$lab_tmp/moved"
}

soak_check() {
	local name=$1
	find_moved_calls
	[[ $MOVES == *" $name "* ]] || check "calls that two backends had: $(head -n 4 "$lab_tmp/moved")" \
		"$(wc -l <"$lab_tmp/moved")" -eq 0
	check "calls that backends had" "$(cut -d' ' -f1 "$lab_tmp/all.calls" | sort -u | wc -l)" \
		-eq "$(lab_get calls .calls.tried)"
	check "backends" "$(status '.services[0].backends')" -le 4
}

disturb_calm() { sleep 2; }
disturb_flood_spoofed() { flood 4 --from 16.0.0.0/4; }
disturb_kill() { kill_amid_flood; }
disturb_clock_forward() { step_clock "$CLOCK_STEP"; }
disturb_clock_back() { step_clock 0; }

disturb_drain() {
	lab_ctl backend drain b1
	sleep 2
	lab_ctl backend up b1
	lab_ctl backend drain b3
}

disturb_weights() {
	local weight
	for weight in 10 1 100 3; do
		lab_ctl backend weight b2 "$weight"
		sleep 0.5
	done
}

disturb_remove() {
	lab_ctl backend add b4 10.77.5.14:5060
	wait_for b4 up
	lab_ctl backend remove b2
	sleep 1
	lab_ctl backend remove b4
	sleep 1
	lab_ctl backend add b2 10.77.5.12:5060 --weight 3
}

disturb_down() {
	lab_ctl backend down b1
	sleep 2
	lab_ctl backend up b1
}

# Its processes die, its host says so by ICMP; then it is there again.
disturb_death() {
	pool_kill 2
	wait_for b2 down
	sleep 1
	start_backend 2
	wait_for b2 up
}

disturb_list() {
	destinations 3:5 4
	wait_for b4 up
	sleep 1
	destinations 4
	sleep 1
	echo "1 nonsense" >>"$lab_tmp/dispatcher.list"
	sleep 1
	destinations 3 4:2
}

disturb_reloads() {
	local pool
	for pool in "1 2 4" "2:7 4" "4 1" "1 2"; do
		# shellcheck disable=SC2086
		config $pool
		lab_reload_sipxdp
		sleep 1
	done
}

# The pool that it finds in the file is another one.
disturb_restart() {
	lab_stop_sipxdp
	config 1 4
	sleep 1
	start_daemon
	wait_for b4 up
}

# No probe and no health for longer than it takes to be dead.
disturb_stalled() {
	kill -STOP "${lab_pids[sipxdpd]}"
	flood 4 --from 16.0.0.0/4
	kill -CONT "${lab_pids[sipxdpd]}"
	wait_until_answers
}

disturb_lan_down() {
	sleep 1
	ip -n "$(pool_ns lan)" link set server down
	sleep 2
	ip -n "$(pool_ns lan)" link set server up
}

# Of calls that are over nothing stays at the backends. One whose answer was lost counts for five minutes.
check_backends_end() {
	no_calls_at_backends() {
		lab_ctl --json backend list | jq -e 'all(.backends[]; .calls == 0)'
	}
	lab_until 330 no_calls_at_backends || fail "calls at backends: $(lab_ctl backend list)"
}

callee_is_there() { [[ $(lab_in callee ss -Huna "sport = :7000") ]]; }

main() {
	local n
	skip_unless_possible
	pool_up nat
	make_clock
	make_backend_config
	for n in 1 2 3 4; do
		start_backend "$n"
	done
	# Who is called: kamailio sends every call there.
	lab_spawn callee callee "$LAB_BIN/phones" --server "$LAB_SERVER" --address 10.77.2.10 --port 7000 \
		--user sip-callee --answer
	lab_until 5 callee_is_there || fail "the callee does not start"
	POOL_LINES=$'      import: dispatcher.list\n      import_set: 1'
	destinations 3
	config 1 2
	start_daemon
	soak "${ONLY[@]}"
	[[ ${SOAK_END:-yes} == no ]] || check_backends_end
}

main
