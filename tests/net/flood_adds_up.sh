#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: the table of reasons adds up to the packets of a flood, kind by kind
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce

for family in 4 6; do
	to=$LAB_SERVER from=16.0.0.0/4
	[[ $family == 4 ]] || to=$LAB_SERVER6 from=2001:db8::/32
	sleep 1 # what the server sends again to its phones is over
	lab_stats before
	lab_flood flood --to "$to" --from "$from" --rate 300000 --seconds 3 \
		--mix invite=4,register=3,options=2,bye=1,response=1,garbage=1
	sleep 0.5
	lab_stats after
	lost=$(lab_get flood .undelivered)
	echo "IPv$family packets that a full queue lost on the way: $lost"
	check "IPv$family packets counted in all" "$(lab_packets before after true)" -eq \
		$(($(lab_get flood .packets) - lost))
	for pair in invite:invite register:register options:options bye:bye response:2xx garbage:garbage; do
		sent=$(lab_get flood ".kinds.${pair%:*}")
		counted=$(lab_packets before after ".class == \"${pair#*:}\"")
		check "IPv$family packets counted as ${pair#*:}" "$counted" -le "$sent"
		check "IPv$family packets counted as ${pair#*:}" "$counted" -ge $((sent - lost))
	done
	check "IPv$family packets dropped" "$(lab_packets before after '.verdict == "drop"')" -gt 0
done
