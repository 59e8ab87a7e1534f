#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: a call of baresip through kamailio: registered with its device, answered, put on hold, hung up, and drawn
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

command -v baresip >/dev/null || skip "baresip is not installed"

start_guarded_lab enforce
mkdir "$lab_tmp/baresip"
cat >"$lab_tmp/baresip/config" <<END
module_path /usr/lib/baresip/modules
module g711.so
module account.so
module menu.so
module aubridge.so
module ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:4444
audio_player aubridge,nil
audio_source aubridge,nil
audio_alert aubridge,nil
sip_listen 10.77.3.10:5066
END
cat >"$lab_tmp/baresip/accounts" <<END
<sip:office1@$LAB_DOMAIN>;auth_user=office1;auth_pass=$LAB_PASSWORD;outbound="sip:$LAB_SERVER:5060";regint=600;answermode=manual
END
touch "$lab_tmp/baresip/contacts"

of_baresip() { # FILTER over its calls
	lab_ctl --json calls --user office1 | jq "[.calls[] | select($1)] | length"
}
is_registered() { lab_ctl registrations sip:office1@"$LAB_DOMAIN" >/dev/null; }
is_up() { [[ $(of_baresip '.state == "confirmed"') == 1 ]]; }
is_held() { [[ $(of_baresip '.reinvites == 1 and .holds == 1 and .held_by == "caller"') == 1 ]]; }
is_resumed() { [[ $(of_baresip '.reinvites == 2 and .held_by == null') == 1 ]]; }
is_over() { [[ $(of_baresip '.state == "ended"') == 1 ]]; }

# tell COMMAND [PARAMETER]: to baresip, as a netstring of JSON
tell() {
	local message="{\"command\":\"$1\",\"params\":\"${2:-}\"}"
	# shellcheck disable=SC2016 # that shell's own $1
	lab_in office bash -c 'exec 3<>/dev/tcp/127.0.0.1/4444; printf "%s" "$1" >&3; sleep 0.2' tell \
		"${#message}:$message,"
}

lab_spawn baresip office baresip -f "$lab_tmp/baresip"
lab_until 10 is_registered || fail "baresip does not register: $(tail -n 20 "$lab_tmp/baresip.out")"
check "user agent of the registration" \
	"$(lab_ctl --json registrations | jq -r '.registrations[] | select(.aor | test("office1")) | .user_agent' | cut -c-7)" = baresip
tell dial "sip:callee1@$LAB_DOMAIN"
lab_until 10 is_up || fail "the call does not come up: $(tail -n 20 "$lab_tmp/baresip.out")"
check "its codec" "$(of_baresip '.codec == "PCMU" or .codec == "PCMA"')" -eq 1
sleep 1
tell hold
lab_until 5 is_held || fail "not held by one re-INVITE of it: $(lab_ctl calls --user office1)"
lab_ctl calls --user office1
sleep 1
tell resume
lab_until 5 is_resumed || fail "not resumed by another one: $(lab_ctl calls --user office1)"
sleep 1
tell hangup
lab_until 10 is_over || fail "the call does not end"
id=$(lab_ctl --json calls --user office1 | jq -r '.calls[0].call_id')
lab_ctl ladder "$id" | cut -c-130 | sed 's/^/# /'
