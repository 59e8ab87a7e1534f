#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: calls of sipp, a second make of peer, complete, and the calls in the map are those that sipp counted
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

ended_calls() {
	lab_ctl --json calls --user sipp-caller |
		jq '[.calls[] | select(.state == "ended" and .final_status == 200
			and (.source | startswith("10.77.1.10:")))] | length'
}
all_ended() { [[ $(ended_calls) == 60 ]]; }

start_guarded_lab enforce
lab_start_sipp_callee
lab_stats before
lab_start_sipp_calls calls 20 60
lab_wait calls || true
lab_until 3 all_ended || true
lab_stats after
check_sipp calls 60
check "of them in the map, answered and ended" "$(ended_calls)" -eq 60
check_no_drops before after
