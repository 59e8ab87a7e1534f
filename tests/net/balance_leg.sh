# SPDX-License-Identifier: GPL-2.0-only
# What balance_leg_nat.sh, balance_leg_dsr.sh and balance_leg_ipip.sh share: calls that backends start
# by way of the balancer, while the pool changes. To be sourced.
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

SCENARIOS=$(dirname "${BASH_SOURCE[0]}")/sipp
LEGS=40 # of each backend

# The phones that are called: to the service's address goes all that they send.
start_phone() { # NAME ADDRESS SERVICE
	lab_spawn "$1" callee sipp -i "$2" -p 7000 -sf "$SCENARIOS/uas-leg.xml" -rsa "$3:5060" -nostdin -d 4000
}

# It listens on the backend's own address and on the service's, and sends from the former.
start_legs() { # BACKEND
	local site=b$1
	lab_spawn "legs-$site" "$site" sipp -i 0.0.0.0 -p 5060 -sf "$SCENARIOS/uac-leg.xml" \
		-oocsf "$SCENARIOS/options.xml" -s phone -key own "$LAB_SERVER" -r 8 -m "$LEGS" -nostdin \
		-trace_stat -fd 1 -stf "$lab_tmp/legs-$site.csv" -timeout 60s -recv_timeout 30000 \
		-trace_err -error_file "$lab_tmp/legs-$site.errors" 10.77.2.10:7000
}

# The whole of a test: FORWARD
show_legs() {
	local n
	[[ $EUID == 0 ]] || skip "needs root"
	[[ -x $LAB_BUILD/sipxdpd ]] || fail "not built: make all lab"
	export POOL_IPV6=no
	pool_up "$1"
	for n in 1 2 3; do # with dsr and ipip, too, what they send goes by the balancer
		ip -n "$(pool_ns "b$n")" route replace default via 10.77.5.1
		pool_start_capture "$n"
	done
	POOL_SERVICE_LINES=$POOL_LIMITS pool_config "$1" 1 2 3 >"$lab_tmp/sipxdp.yaml"
	start_phone phone 10.77.2.10 "$LAB_SERVER"
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
	for n in 1 2 3; do
		start_legs "$n"
	done
	sleep 4 # some ring, some are answered, some are yet to come
	check "calls that are counted" "$(lab_ctl --json backend list | jq '[.backends[].calls] | add')" -gt 20
	lab_ctl backend drain b1
	lab_ctl backend weight b2 9
	sleep 1
	lab_kill_sipxdp
	sleep 1
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
	for n in 1 2 3; do
		lab_wait "legs-b$n" || true
		check_sipp "legs-b$n" "$LEGS"
		lab_stop "capture-b$n" INT
		pool_read_capture "capture-b$n" >"$lab_tmp/b$n.calls"
		check "calls that b$n had" "$(wc -l <"$lab_tmp/b$n.calls")" -eq "$LEGS"
	done
	check "calls of which a backend missed messages" \
		"$(cat "$lab_tmp"/b[123].calls | awk '$3 < 6' | wc -l)" -eq 0
	check "calls that two backends had" "$(cat "$lab_tmp"/b[123].calls | cut -d' ' -f1 | sort | uniq -d | wc -l)" -eq 0
}
