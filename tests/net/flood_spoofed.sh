#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: with 200,000 and 1,000,000 spoofed packets a second, 99.9 % of 100 calls a second complete as fast as without
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
register_callers

lab_phones calm callers --calls 100 --seconds 5 || true
check_calls calm
calm=$(lab_get calm .calls.setup.median_ms)
# A quarter of a millisecond is what a scheduler's whim costs.
limit=$(jq -n "1.5 * $calm + 0.25")

for rate in 200000 1000000; do
	lab_start_flood flood --from 16.0.0.0/4 --rate "$rate" --seconds 12
	sleep 1
	lab_phones "under-$rate" callers --calls 100 --seconds 10 || true
	lab_wait flood
	check "packets sent a second" "$(lab_get flood .pps)" -ge $((rate * 9 / 10))
	check_calls "under-$rate" most
	check "median setup time, $calm ms without a flood" \
		"$(lab_get "under-$rate" .calls.setup.median_ms)" -le "$limit"
done
check "bans" "$(bans)" = ""
