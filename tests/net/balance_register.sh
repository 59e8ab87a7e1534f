#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: with key: to-user, registrars that share nothing: each phone is registered at one backend, and calls to it arrive there
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

[[ $EUID == 0 ]] || skip "needs root"
[[ -x $LAB_BUILD/sipxdpd && -x $LAB_BIN/phones ]] || fail "not built: make all lab"
pool_up nat
for n in 1 2 3; do
	pool_start_kamailio "$n" kamailio.cfg
	pool_start_capture "$n"
done
POOL_LINES="      key: to-user" pool_config nat 1 2 3 >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_until 10 pool_is b3 up || fail "b3 is $(pool_backend b3 .state)"

lab_start_callees callee
lab_phones register callers --register 50 || fail "callers: $(lab_get register .register)"
check "registrations in the map" "$(lab_ctl --json registrations | jq '.registrations | length')" -eq $((2 * LAB_PHONES))
lab_phones calls callers --calls 20 --seconds 5 --give-up 16000 || true
check_calls calls
for n in 1 2 3; do
	lab_stop "capture-b$n" INT
	tcpdump -nn -r "$lab_tmp/capture-b$n.pcap" -A -s 0 2>/dev/null |
		grep -aoE '^To: .*sip:[a-z]+[0-9]+@' | sed 's/.*sip://' | sort -u >"$lab_tmp/b$n.users"
	check "users that b$n has" "$(wc -l <"$lab_tmp/b$n.users")" -gt 10
done
check "users that two backends have" "$(cat "$lab_tmp"/b[123].users | sort | uniq -d | wc -l)" -eq 0
