#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: a reload in mid-traffic drops no packet and puts the new configuration in force; a wrong one changes nothing
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

# OPTIONS let through of 200 sent at once by a new source, in a network of its own.
options_passed() { # SOURCE
	lab_stats before-options
	lab_flood options --from "$1" --from-port 5060 --rate 20000 --packets 200 --mix options=1
	sleep 0.2
	lab_stats after-options
	lab_packets before-options after-options '.class == "options" and .verdict == "pass"'
}

start_guarded_lab enforce
register_callers
check "OPTIONS let through of 200, by default" "$(options_passed 198.51.100.1)" -le 10
lab_stats before
lab_start_phones calls callers --calls 100 --seconds 6
for round in 1 2 3 4 5; do
	sleep 1
	rate=$((round * 20))
	lab_config enforce "    limits: {per_source: {options: $rate/s}}" >"$lab_tmp/sipxdp.yaml"
	lab_reload_sipxdp
done
lab_wait calls || true
lab_stats after
check_calls calls
check "requests sent again" "$(lab_get calls .calls.sent_again)" -eq 0
check_no_drops before after
check "OPTIONS let through of 200, at 100/s" "$(options_passed 203.0.113.1)" -ge 90

echo "nonsense: yes" >>"$lab_tmp/sipxdp.yaml"
check "exit status of a reload with a mistake" "$(lab_ctl reload >/dev/null 2>&1 && echo 0 || echo $?)" != 0
check "OPTIONS let through of 200, after that" "$(options_passed 192.0.2.1)" -ge 90
check "the daemon lives" "$(kill -0 "${lab_pids[sipxdpd]}" && echo yes)" = yes
