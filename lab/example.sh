#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `make example` runs: the life of a session, step by step, against the lab's SIP server, as
# docs/sip-by-example.md tells it. What the phone sends and hears is shown, and what sipxdp makes of
# it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/lab.sh"

LAB_INSTANCE=example
CALL_SECONDS=9 # on hold after a third, back after two

step() { printf '\n==== %s\n' "$*"; }

# phone WORD...: sipxdpctl send, on the caller's host. Whatever comes of it is part of the example.
phone() {
	local status=0
	printf '\nphone$ sipxdpctl send'
	printf ' %s' "$@"
	printf '\n'
	lab_in callers "$LAB_BUILD/sipxdpctl" send "$@" 2>&1 || status=$?
	printf 'exit status %d\n' "$status"
}

# server WORD...: sipxdpctl, on the server's host
server() {
	printf '\nserver$ sipxdpctl'
	printf ' %s' "$@"
	printf '\n'
	lab_ctl "$@" || true
}

# The Call-ID of the newest call
newest_call() {
	lab_ctl --json calls | jq -r '.calls | max_by(.started_unix_ns) | .call_id'
}

printf 'A lab of network namespaces: a phone on 10.77.1.10, phones that answer on 10.77.2.10 and up,\n'
printf 'kamailio behind sipxdp on %s.\n' "$LAB_SERVER"
lab_up
lab_config enforce >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_start_server
lab_start_callees callee
lab_sipp ring-register callee 10.77.2.10 register sipp-callee -au sipp-callee -m 1
lab_wait ring-register || lab_die "sipp does not register"
lab_sipp ring callee 10.77.2.10 ring sipp-callee
lab_until 5 lab_listens callee 7000
alice=(--to "$LAB_SERVER" --port 6000 --user alice --password "$LAB_PASSWORD")

step "1. OPTIONS: is anybody there?"
phone OPTIONS "sip:$LAB_SERVER"
server sources --top 3

step "2. REGISTER: here I am"
phone REGISTER sip:alice@lab.test "${alice[@]}" --expires 600
sleep 0.3
server registrations sip:alice@lab.test
printf '\nserver$ sipxdpctl trust list | grep 10.77.1.10\n'
lab_ctl trust list | grep -e ADDRESS -e 10.77.1.10:

step "3. A wrong password"
phone REGISTER sip:alice@lab.test --to "$LAB_SERVER" --port 6001 --user alice --password guess
printf '\nserver$ sipxdpctl trust list | grep -c 10.77.1.10:6001\n'
lab_ctl trust list | grep -c 10.77.1.10:6001 || true

step "4, 5, 6. INVITE, re-INVITE, BYE: a call"
phone INVITE sip:callee1@lab.test "${alice[@]}" --hold "$CALL_SECONDS" --reinvite \
	>"$lab_tmp/call.txt" &
call=$!
lab_until 5 test -n "$(newest_call)"
sleep 1.5
server calls --state confirmed
sleep 3
server calls "$(newest_call)"
wait "$call"
cat "$lab_tmp/call.txt"
sleep 0.3
server calls "$(newest_call)"
server ladder "$(newest_call)"

step "7. CANCEL: hanging up before the answer"
phone INVITE sip:sipp-callee@lab.test "${alice[@]}" --cancel-after 1
sleep 0.3
server calls --user sipp-callee

step "8. TCP"
phone INVITE sip:callee2@lab.test "${alice[@]}" --transport tcp --hold 500ms | grep -e '^phone' -e ' -> ' \
	-e ' <- ' -e '^    [A-Z]* sip:.*SIP/2.0' -e '^    SIP/2.0' -e exit
sleep 0.3
server calls --user callee2

step "9. Nobody there"
phone OPTIONS sip:x@10.77.2.10:5999
phone OPTIONS sip:x@192.0.2.1 --timeout 2 | grep -v '^    '

step "10. What sipxdp has counted"
server stats
