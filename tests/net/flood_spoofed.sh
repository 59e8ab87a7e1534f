#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: with 200,000 and 1,000,000 spoofed packets a second, 99.9 % of 100 calls a second complete
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
register_callers

lab_phones calm callers --calls 100 --seconds 5 || true
check_calls calm
calm=$(lab_get calm .calls.setup.median_ms)

under_flood() { # PACKETS-A-SECOND
	lab_start_flood flood --from 16.0.0.0/4 --rate "$1" --seconds 12
	sleep 1
	lab_phones "under-$1" callers --calls 100 --seconds 10 || true
	lab_wait flood
	check "packets sent a second" "$(lab_get flood .pps)" -ge $(($1 * 9 / 10))
	check_calls "under-$1" most
}

under_flood 200000
echo "median setup time: $calm ms without a flood, $(lab_get under-200000 .calls.setup.median_ms) ms with it"
under_flood 1000000
check "bans" "$(bans)" = ""
