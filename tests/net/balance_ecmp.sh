#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: two balancers behind equal-cost routes choose the same backends, and calls survive the loss of one of them
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

CALLERS=8 # each with an address, and so a way, of its own

table() { # INSTANCE
	bpftool map dump pinned "/sys/fs/bpf/sipxdp/$1/maglev" 2>/dev/null | md5sum
}

[[ $EUID == 0 ]] || skip "needs root"
[[ -x $LAB_BUILD/sipxdpd ]] || fail "not built: make all lab"
LAB_SERVER=10.77.9.9 # at neither of them
export POOL_IPV6=no
second=$LAB_INSTANCE-2
trap 'rm -rf "/sys/fs/bpf/sipxdp/$second"; lab_down' EXIT
pool_up dsr
trap 'rm -rf "/sys/fs/bpf/sipxdp/$second"; lab_down' EXIT
pool_add_balancer
lab_in router sysctl -qw net.ipv4.fib_multipath_hash_policy=1
ip -n "$(pool_ns router)" route add "$LAB_SERVER/32" \
	nexthop via 10.77.0.10 dev server nexthop via 10.77.6.10 dev server2
for n in 1 2 3; do
	pool_start_kamailio "$n"
	pool_start_capture "$n"
done
POOL_SERVICE_LINES=$POOL_LIMITS pool_config dsr 1 2 3 >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
# The other one has its backends in another order.
POOL_SERVICE_LINES=$POOL_LIMITS pool_config dsr 3 1 2 | sed "s/^instance: .*/instance: $second/" >"$lab_tmp/second.yaml"
lab_spawn second server2 "$LAB_BUILD/sipxdpd" -c "$lab_tmp/second.yaml"
lab_until 30 grep -q 'enforcing' "$lab_tmp/second.log" || fail "the second one does not start: $(cat "$lab_tmp/second.log")"
sleep 2
check "tables of the two" "$(table "$second")" = "$(table "$LAB_INSTANCE")"

pool_start_callee
for ((i = 0; i < CALLERS; i++)); do
	POOL_CALLER=10.77.1.$((20 + i)) pool_start_calls "calls$i" 4 48 4000
done
sleep 5
one=$(lab_ctl --json backend list | jq '[.backends[].packets] | add')
two=$("$LAB_BUILD/sipxdpctl" --instance "$second" --json backend list | jq '[.backends[].packets] | add')
check "packets by the first" "$one" -gt 50
check "packets by the second" "$two" -gt 50
ip -n "$(pool_ns router)" link set server2 down
echo "the second is gone"
completed=0
for ((i = 0; i < CALLERS; i++)); do
	lab_wait "calls$i" || true
	completed=$((completed + $(lab_sipp_count "calls$i" SuccessfulCall)))
done
check_sipp calls $((CALLERS * 48)) "$completed"
for n in 1 2 3; do
	lab_stop "capture-b$n" INT
	pool_read_capture "capture-b$n" >"$lab_tmp/b$n.calls"
	check "calls that b$n had" "$(wc -l <"$lab_tmp/b$n.calls")" -gt 50
done
check "calls that two backends had" "$(cat "$lab_tmp"/b[123].calls | cut -d' ' -f1 | sort | uniq -d | wc -l)" -eq 0
