# SPDX-License-Identifier: GPL-2.0-only
# What balance_nat.sh, balance_dsr.sh and balance_ipip.sh share: calls by way of three backends, with
# IPv4 and IPv6, small and in fragments. To be sourced, with FORWARD set.
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

LARGE_SUBJECT=$(printf 'x%.0s' {1..2600}) # makes an INVITE of more than 3,000 octets

start_pool() { # FORWARD
	local n
	[[ $EUID == 0 ]] || skip "needs root"
	[[ -x $LAB_BUILD/sipxdpd && -x $LAB_BIN/phones ]] || fail "not built: make all lab"
	pool_up "$1"
	for n in 1 2 3; do
		pool_start_kamailio "$n"
		pool_start_capture "$n"
	done
	POOL_SERVICE_LINES=$POOL_LIMITS pool_config "$1" 1 2 3 >"$lab_tmp/sipxdp.yaml"
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
	lab_until 10 pool_is b3 up || fail "b3 is $(pool_backend b3 .state)"
	lab_until 10 pool_is b3-6 up || fail "b3-6 is $(pool_backend b3-6 .state)"
}

# calls NAME FAMILY COUNT [SUBJECT]
calls() {
	local name=$1 family=$2 count=$3
	local -x LAB_SIPP_TARGET=$LAB_SERVER POOL_CALLER=10.77.1.10 POOL_CALLEE=10.77.2.10 POOL_SUBJECT=${4:-}
	[[ $family == 4 ]] || LAB_SIPP_TARGET="[$LAB_SERVER6]" POOL_CALLER=fd77:0:0:1::10 POOL_CALLEE=fd77:0:0:2::10
	pool_start_callee
	pool_start_calls "$name" 20 "$count" 300
	lab_wait "$name" || true
	lab_stop pool-callee
	check_sipp "$name" "$count"
}

# Every call was seen by one backend, with all of its messages, and each backend had some.
check_captures() { # MESSAGES-A-CALL
	local n
	for n in 1 2 3; do
		lab_stop "capture-b$n" INT
		pool_read_capture "capture-b$n" >"$lab_tmp/b$n.calls"
		check "calls that b$n had" "$(wc -l <"$lab_tmp/b$n.calls")" -gt 0
	done
	check "calls that two backends had" "$(cat "$lab_tmp"/b[123].calls | cut -d' ' -f1 | sort | uniq -d | wc -l)" -eq 0
	check "calls of which a backend missed messages" \
		"$(cat "$lab_tmp"/b[123].calls | awk -v wanted="$1" '$3 < wanted' | wc -l)" -eq 0
}

# The whole of a test: FORWARD MESSAGES-A-CALL
show_forwarding() {
	start_pool "$1"
	lab_stats before
	calls small-4 4 60
	calls small-6 6 60
	calls large-4 4 20 "$LARGE_SUBJECT"
	calls large-6 6 20 "$LARGE_SUBJECT"
	lab_stats after
	check_captures "$2"
	lab_stats_between before after | jq -c '.[] | select(.verdict == "drop") | [.class, .reason, .packets]'
}
