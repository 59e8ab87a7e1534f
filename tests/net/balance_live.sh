#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: calls go on, each at its backend, while the pool is changed by hand, by reloads and by TCP probes, and while the daemon is killed and started again
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

CALLS=300

counted_calls() {
	lab_ctl --json backend list | jq '[.backends[].calls] | add'
}

no_calls() { [[ $(counted_calls) == 0 ]]; }

[[ $EUID == 0 ]] || skip "needs root"
[[ -x $LAB_BUILD/sipxdpd ]] || fail "not built: make all lab"
export POOL_IPV6=no POOL_SERVICE_LINES=$POOL_LIMITS
pool_up nat
for n in 1 2 3 4; do
	pool_start_kamailio "$n"
	pool_start_capture "$n"
done
pool_config nat 1 2 3 >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_until 10 pool_is b3 up || fail "b3 is $(pool_backend b3 .state)"
pool_start_callee
pool_start_calls calls 15 "$CALLS" 5000 # for 20 s, of 5 s each

sleep 3
check "calls that are counted" "$(counted_calls)" -ge 30
lab_ctl backend remove b2
check "a backend with calls that was removed" "$(pool_backend b2 .state)" = leaving
lab_ctl backend weight b1 5
sleep 2
# A reload with b2 back, b4 new, and probes over TCP
pool_config nat 1 2:3 3 4 | sed 's/probe: {/probe: {transport: tcp, /' >"$lab_tmp/sipxdp.yaml"
lab_reload_sipxdp
lab_until 8 pool_is b4 up || fail "b4 is $(pool_backend b4 .state), by TCP"
check "b2 is back" "$(pool_backend b2 .state)" = up
check "the weight is the file's again" "$(pool_backend b1 .weight)" -eq 1
sleep 2
lab_kill_sipxdp
sleep 2
pool_config nat 1 3 4 >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
check "b2 is no longer in the file that the daemon found" "$(pool_backend b2 .state)" = leaving
lab_wait calls || true
check_sipp calls "$CALLS"
lab_until 2 no_calls || fail "calls that are still counted: $(counted_calls)"
for n in 1 2 3 4; do
	lab_stop "capture-b$n" INT
	pool_read_capture "capture-b$n" >"$lab_tmp/b$n.calls"
	check "calls that b$n had" "$(wc -l <"$lab_tmp/b$n.calls")" -gt 10
done
check "calls that two backends had" "$(cat "$lab_tmp"/b[1234].calls | cut -d' ' -f1 | sort | uniq -d | wc -l)" -eq 0
check "calls of which a backend missed messages" \
	"$(cat "$lab_tmp"/b[1234].calls | awk '$3 < 13' | wc -l)" -eq 0
# Its calls are over; its place stays its own until nothing of them can come any more.
check "b2 is still" "$(pool_backend b2 .state)" = leaving
