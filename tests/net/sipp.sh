#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: calls of sipp, a second make of peer, complete, and the calls in the map are those that sipp counted
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
lab_start_sipp_callee
lab_stats before
lab_start_sipp_calls calls 20 60
lab_wait calls || true
sleep 0.5
lab_stats after
check_sipp calls 60
check "of them in the map, answered and ended" "$(lab_ctl --json calls --user sipp-caller |
	jq '[.calls[] | select(.state == "ended" and .final_status == 200 and .setup_ms < 1000
		and (.source | startswith("10.77.1.10:")))] | length')" -eq 60
check_no_drops before after
