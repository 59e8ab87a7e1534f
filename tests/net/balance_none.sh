#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: while no backend is there, requests of any length get a 503, over IPv4 and IPv6; with `drop` they get nothing
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

LENGTHS=40 # each an octet longer than the one before

is_unavailable() { # URI
	local answer
	answer=$(lab_in callers "$LAB_BUILD/sipxdpctl" send OPTIONS "$1" --timeout 1 2>&1) || true
	[[ $answer == *"503 Service Unavailable"* ]]
}

# How many of them are answered by a 503. A reply is longer than most requests, and frames of some
# lengths have no room behind them.
unavailable() { # HOST
	local user=u i count=0
	for ((i = 0; i < LENGTHS; i++)); do
		user+=x
		is_unavailable "sip:$user@$1" || break
		count=$((count + 1))
	done
	echo "$count"
}

[[ $EUID == 0 ]] || skip "needs root"
[[ -x $LAB_BUILD/sipxdpd ]] || fail "not built: make all lab"
export POOL_SIZE=1 POOL_LINES="      on_no_backend: reply-503"
export POOL_SERVICE_LINES="    limits: {per_source: {options: 1000/s}, per_prefix: {options: 1000/s}}"
pool_up nat
pool_config nat 1 >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_ctl backend down b1
lab_ctl backend down b1-6
for host in "$LAB_SERVER" "[$LAB_SERVER6]"; do # the neighbours are found by then
	lab_until 5 is_unavailable "sip:$host" || fail "no answer from $host"
done
check "lengths of $LENGTHS that were answered" "$(unavailable "$LAB_SERVER")" -eq "$LENGTHS"
check "lengths of $LENGTHS that were answered over IPv6" "$(unavailable "[$LAB_SERVER6]")" -eq "$LENGTHS"
lab_stats before
sed -i 's/reply-503/drop/' "$lab_tmp/sipxdp.yaml"
lab_ctl reload
check "answered with drop" "$(unavailable "$LAB_SERVER")" -eq 0
lab_stats after
check "packets for which there was no backend" "$(lab_packets before after '.reason == "no-backend"')" -gt 0
