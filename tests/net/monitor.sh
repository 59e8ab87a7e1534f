#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: monitor mode drops nothing, and counts as would-drop, for the same reasons, what enforce mode drops
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

# The same packets twice: spoofed, and garbage from one source.
run_flood() { # NAME
	lab_stats "before-$1"
	lab_flood "spoofed-$1" --from 16.0.0.0/4 --rate 20000 --seconds 3 --seed 1
	lab_flood "single-$1" --from 10.77.4.66 --rate 2000 --seconds 2 --mix garbage=1
	sleep 0.5
	lab_stats "after-$1"
}

# Reasons that made up a hundredth of it at least, in order.
main_reasons() { # NAME VERDICT
	local total
	total=$(lab_packets "before-$1" "after-$1" true)
	lab_stats_between "before-$1" "after-$1" | jq -r --arg verdict "$2" --argjson total "$total" '
		map(select(.verdict == $verdict)) | group_by([.class, .reason])
		| map({name: (.[0].class + ":" + .[0].reason), packets: (map(.packets) | add)})
		| map(select(.packets * 100 >= $total).name) | sort | join(" ")'
}

start_guarded_lab enforce
run_flood enforce
lab_config monitor >"$lab_tmp/sipxdp.yaml"
lab_reload_sipxdp
lab_until 5 grep -qi reload "$lab_tmp/sipxdpd.log" || true
sleep 1
run_flood monitor

check "packets dropped in enforce mode" \
	"$(lab_packets before-enforce after-enforce '.verdict == "drop"')" -gt 10000
check "packets dropped in monitor mode" \
	"$(lab_packets before-monitor after-monitor '.verdict == "drop" or .verdict == "tx"')" -eq 0
check "reasons in monitor mode" "$(main_reasons monitor would-drop)" = "$(main_reasons enforce drop)"
check "packets counted in monitor mode" "$(lab_packets before-monitor after-monitor true)" -eq \
	$(($(lab_get spoofed-monitor '.packets - .undelivered') + $(lab_get single-monitor '.packets - .undelivered')))
