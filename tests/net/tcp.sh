#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: SIP over TCP passes and is counted, and a ban holds for it too
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

answered() {
	lab_in attacker timeout 4 sipsak -E tcp -s "sip:$LAB_SERVER:5060" >/dev/null 2>&1 && echo yes || echo no
}

start_guarded_lab enforce
lab_stats before
check "OPTIONS over TCP are answered" "$(answered)" = yes
lab_stats after
check "segments let through" \
	"$(lab_packets before after '.class == "stream" and .verdict == "pass"')" -gt 3
check_no_drops before after
lab_ctl ban add 10.77.4.10
check "OPTIONS over TCP of a banned source are answered" "$(answered)" = no
lab_stats banned
check "segments dropped as banned" \
	"$(lab_packets after banned '.class == "stream" and .reason == "banned"')" -gt 0
