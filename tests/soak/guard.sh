#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: hours of calls through everything that may happen to a guard lose no call and leak nothing
#
# Floods from one source and from spoofed ones, of scanners and of garbage, reloads, kill -9, a
# restart, a daemon that stands still, full tables, an interface that goes down and up, steps of the
# wall clock.
#
#   SOAK_SECONDS=3600   how long; at least one disturbance of each kind is made
#   SOAK_GUARD='flood_spoofed kill'   only these, in this order
#   SOAK_END=no         do not wait until the last call is forgotten
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=soak.sh
source "$(dirname "${BASH_SOURCE[0]}")/soak.sh"

# shellcheck disable=SC2034 # read by soak.sh
BETWEEN_CALLS=" interface_down "
DISTURBANCES=(calm flood_one_source flood_spoofed reloads kill scanners clock_forward garbage
	restart link_down interface_down stalled flood_everything clock_back full_tables fragments)
read -ra ONLY <<<"${SOAK_GUARD:-${DISTURBANCES[*]}}"

REGISTERED_SECONDS=300 # after which the phones register again; they ask for 600
BANS=1024

# Small, so that floods fill them.
TABLES="tables: {sources: 4096, bans: $BANS, provisional: 4096, fragments: 1024, calls: 4096}
on_exit: keep"

registered_at=0

config() { # [SERVICE-LINES]
	lab_config enforce "${1:-}" "$TABLES" >"$lab_tmp/sipxdp.yaml"
}

soak_prepare() {
	((SECONDS - registered_at > REGISTERED_SECONDS)) || return 0
	lab_stop callee
	lab_start_callees callee
	register_callers
	registered_at=$SECONDS
}

soak_start_calls() {
	lab_start_phones calls callers --calls "$CALLS" --seconds "$CALL_SECONDS" --hold 2000
}

soak_check() { :; }

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

disturb_kill() { kill_amid_flood; }

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

# Bans until no more are taken, and a flood that makes rows wherever it can. They run out by themselves.
disturb_full_tables() {
	local refused
	refused=$(seq 0 $((BANS + 63)) | awk '{ printf "198.18.%d.%d\n", $1 / 256, $1 % 256 }' |
		nsenter --net="/run/netns/$LAB_PREFIX-server" -- xargs -n 1 -I ADDR "$LAB_BUILD/sipxdpctl" \
			--instance "$LAB_INSTANCE" ban add ADDR --for 20s 2>&1 >/dev/null | grep -c full || true)
	check "bans that did not find room" "$refused" -ge 1
	flood 3 --from 16.0.0.0/4 --mix invite=1,register=1
	check "fill of the sources' table, %" "$(status '.tables[] | select(.name == "sources") | .entries * 100 / .room | floor')" -ge 90
	lab_until 40 no_bans || fail "bans that have run out are in the table: $(bans | wc -l)"
}
no_bans() { [[ $(status '.tables[] | select(.name == "bans") | .entries') == 0 ]]; }

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

disturb_clock_forward() { step_clock "$CLOCK_STEP"; }
disturb_clock_back() { step_clock 0; }

# Nor does anything stay of calls in the packet path's table, but for those whose end was lost while the
# cable was out.
few_dialogs() {
	(($(status '.tables[] | select(.name == "dialogs") | .entries') <= calls_tried / 200))
}
check_dialogs_end() {
	lab_until 120 few_dialogs || fail "dialogs: $(status '.tables[] | select(.name == "dialogs") | .entries')"
	check "dialogs left" "$(status '.tables[] | select(.name == "dialogs") | .entries')" -le $((calls_tried / 200))
}

main() {
	skip_unless_possible
	lab_up
	make_clock
	config
	start_daemon
	lab_start_server
	lab_start_callees callee
	register_callers
	registered_at=$SECONDS
	soak "${ONLY[@]}"
	[[ ${SOAK_END:-yes} == no ]] || check_dialogs_end
}

main
