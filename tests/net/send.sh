#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: sipxdpctl send registers, calls, holds, hangs up and cancels with real peers, over UDP, TCP and IPv6, and says when it is refused or nobody is there
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

# send NAME WORD...: from the callers' host, as JSON in $lab_tmp/NAME.out; its exit code in $code
send() {
	local name=$1
	shift
	code=0
	lab_in callers timeout 90 "$LAB_BUILD/sipxdpctl" --json send "$@" \
		>"$lab_tmp/$name.out" 2>"$lab_tmp/$name.log" || code=$?
}

# lines NAME DIRECTION: start lines of what was sent or received for the first time, one after the other
lines() {
	lab_get "$1" "[.messages[] | select(.direction == \"$2\" and (.again | not)) |
		.text | split(\"\r\n\")[0] | if startswith(\"SIP/2.0\") then .[8:11] else split(\" \")[0] end] |
		join(\" \")"
}

# The rows of `calls` that belong to what NAME called
call_of() { # NAME FILTER
	local id
	id=$(lab_get "$1" '[.messages[].text | capture("(?m)^Call-ID: (?<id>[^\r]+)").id][0]')
	lab_ctl --json calls "$id" | jq -cr ".calls[0] | $2"
}

# The daemon hears of things a moment later.
alice_is_registered() {
	lab_ctl registrations sip:alice@lab.test
}

has_ended() { # NAME
	[[ $(call_of "$1" .state) == ended ]]
}

rings() {
	[[ $(lab_ctl --json calls --state ringing | jq '.calls | length') -gt 0 ]]
}

start_guarded_lab enforce
alice=(--to "$LAB_SERVER:5060" --user alice --password "$LAB_PASSWORD" --port 6000)

send options OPTIONS sip:lab.test --to "$LAB_SERVER"
check "OPTIONS: exit code" "$code" -eq 0
check "OPTIONS: answer" "$(lines options received)" = 200

# ---- REGISTER ----
send bare REGISTER sip:alice@lab.test --to "$LAB_SERVER" --port 6000
check "REGISTER without a password: exit code" "$code" -eq 1
send register REGISTER sip:alice@lab.test "${alice[@]}" --expires 300
check "REGISTER: exit code" "$code" -eq 0
check "REGISTER: sent" "$(lines register sent)" = "REGISTER REGISTER"
check "REGISTER: received" "$(lines register received)" = "401 200"
lab_until 5 alice_is_registered || true
check "registrations of alice" "$(lab_ctl --json registrations sip:alice@lab.test |
	jq -r '.registrations[].contact')" = "sip:alice@10.77.1.10:6000"
check "her port is trusted" "$(lab_ctl --json trust list |
	jq '[.trusted[] | select(.address == "10.77.1.10:6000")] | length')" -eq 1
send wrong REGISTER sip:alice@lab.test --to "$LAB_SERVER" --user alice --password wrong
check "wrong password: exit code" "$code" -eq 1
check "wrong password: requests" "$(lines wrong sent)" = "REGISTER REGISTER"
check "wrong password: said" "$(lab_get wrong '.notes[].text | select(test("password is wrong"))' |
	wc -l)" -eq 1

# ---- a call, held and taken back ----
send call INVITE sip:callee1@lab.test "${alice[@]}" --hold 2 --reinvite
check "call: exit code" "$code" -eq 0
check "call: sent" "$(lines call sent)" = "INVITE ACK INVITE ACK INVITE ACK INVITE ACK BYE"
check "call: received" "$(lines call received)" = "407 100 180 200 100 180 200 100 180 200 200"
lab_until 5 has_ended call || true
check "call: in the map" "$(call_of call '[.state, .final_status, .reinvites] | join(" ")')" = "ended 200 2"

# ---- cancelled ----
lab_sipp ring-register callee 10.77.2.10 register sipp-callee -au sipp-callee -m 1
lab_wait ring-register || fail "sipp does not register"
lab_sipp ring callee 10.77.2.10 ring sipp-callee -m 2
lab_until 5 lab_listens callee 7000
send cancel INVITE sip:sipp-callee@lab.test "${alice[@]}" --cancel-after 1
check "cancelled: exit code" "$code" -eq 1
check "cancelled: sent" "$(lines cancel sent)" = "INVITE ACK INVITE CANCEL ACK"
check "cancelled: status" "$(lab_get cancel .status)" -eq 487
# The same by an interrupt, as of Ctrl-C.
lab_spawn interrupted callers "$LAB_BUILD/sipxdpctl" --json send INVITE sip:sipp-callee@lab.test \
	"${alice[@]}"
lab_until 10 rings || fail "it does not ring"
kill -INT "${lab_pids[interrupted]}"
code=0
lab_wait interrupted || code=$?
check "interrupted: exit code" "$code" -eq 1
check "interrupted: sent" "$(lines interrupted sent)" = "INVITE ACK INVITE CANCEL ACK"
check "interrupted: status" "$(lab_get interrupted .status)" -eq 487
lab_wait ring || fail "sipp did not see what it should: $(cat "$lab_tmp/ring.log")"

# ---- a peer that asks back, and hangs up ----
lab_sipp restless callee 10.77.2.10 restless x -m 1
lab_until 5 lab_listens callee 7000
send restless INVITE sip:restless@10.77.2.10:7000 --hold 20
check "asked back: exit code" "$code" -eq 0
check "asked back: received" "$(lines restless received)" = "200 OPTIONS INVITE ACK BYE"
check "asked back: sent" "$(lines restless sent)" = "INVITE ACK 200 200 200"
check "asked back: hung up by the other side" "$(lab_get restless .hung_up)" = true
lab_wait restless || fail "sipp did not see what it should: $(cat "$lab_tmp/restless.log")"

# ---- TCP, IPv6 ----
send tcp INVITE sip:callee2@lab.test "${alice[@]}" --transport tcp --hold 500ms
check "call over TCP: exit code" "$code" -eq 0
check "call over TCP: sent" "$(lines tcp sent)" = "INVITE ACK INVITE ACK BYE"
check "call over TCP: transports" \
	"$(lab_get tcp '[.messages[].transport] | unique | join(" ")')" = tcp
send v6 REGISTER sip:alice6@lab.test --to "[$LAB_SERVER6]:5060" --user alice6 --password "$LAB_PASSWORD"
check "REGISTER over IPv6: exit code" "$code" -eq 0

# ---- refused, silent, not there ----
send nobody INVITE sip:nobody@lab.test "${alice[@]}"
check "nobody of that name: exit code" "$code" -eq 1
check "nobody of that name: status" "$(lab_get nobody .status)" -eq 404
send dead OPTIONS sip:x@10.77.2.10:5999
check "dead port: exit code" "$code" -eq 3
send dead-tcp OPTIONS sip:x@10.77.2.10:5999 --transport tcp
check "dead port, TCP: exit code" "$code" -eq 3
send silent OPTIONS sip:x@192.0.2.1 --timeout 2
check "no answer: exit code" "$code" -eq 1
check "no answer: why" "$(lab_get silent .why)" = "no answer: timer F fired"
check "no answer: copies" "$(lab_get silent '[.messages[] | select(.again)] | length')" -eq 2
