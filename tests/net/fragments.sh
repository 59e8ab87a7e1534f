#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: INVITEs of 3 KB, in IP fragments, pass and set up calls, over IPv4 and IPv6
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
register_callers
lab_start_callees callee6
lab_phones register6 callers6 --register 50 || fail "callers6: $(lab_get register6 .register)"
for family in "" 6; do
	lab_stats before
	lab_phones "calls$family" "callers$family" --calls 20 --seconds 5 --padding 2600 || true
	lab_stats after
	check_calls "calls$family"
	# Each call has two INVITEs (the second with credentials), of three fragments each.
	tried=$(lab_get "calls$family" .calls.tried)
	check "later fragments let through with their first" \
		"$(lab_packets before after '.class == "fragment" and .verdict == "pass"')" -ge $((tried * 2))
	check_no_drops before after
done
