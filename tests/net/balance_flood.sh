#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: calls over three backends go on through 200,000 spoofed INVITEs a second, and none loses its backend
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

[[ $EUID == 0 ]] || skip "needs root"
[[ -x $LAB_BUILD/sipxdpd && -x $LAB_BIN/flood ]] || fail "not built: make all lab"
export POOL_IPV6=no
pool_up nat
for n in 1 2 3; do
	pool_start_kamailio "$n"
	pool_start_capture "$n"
done
pool_config nat 1 2 3 >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_until 10 pool_is b3 up || fail "b3 is $(pool_backend b3 .state)"
pool_start_callee
pool_start_calls known 5 5 200 # the caller earns trust
lab_wait known || true
check "calls before" "$(lab_sipp_count known SuccessfulCall)" -eq 5
lab_stats before
pool_start_calls through 15 180 4000 # 12 s of calls of 4 s
sleep 2
lab_flood flood --rate 200000 --seconds 8 --from 16.0.0.0/4 || fail "$(cat "$lab_tmp/flood.log")"
lab_wait through || true
lab_stats after
echo "flood: $(jq -c . "$lab_tmp/flood.out")"
check_sipp through 180
check "INVITEs of the flood that were dropped" "$(lab_packets before after '.class == "invite" and .verdict == "drop"')" -gt 500000
for n in 1 2 3; do
	lab_stop "capture-b$n" INT
	pool_read_capture "capture-b$n" | grep -E "@10\.77\.1\.10 " >"$lab_tmp/b$n.calls"
done
check "calls that two backends had" "$(cat "$lab_tmp"/b[123].calls | cut -d' ' -f1 | sort | uniq -d | wc -l)" -eq 0
check "backends that are up" "$(lab_ctl --json status | jq '.services[0].backends_up')" -eq 3
