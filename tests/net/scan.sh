#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: a scan with sipvicious finds nothing and bans its source, and nobody else
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
register_callers
check "the attacker is answered before" "$(lab_answers attacker && echo yes)" = yes
lab_stats before
lab_scan 5
lab_stats after
check "servers that svmap found" "$(grep -c "$LAB_SERVER:5060" "$lab_tmp/svmap.out" || true)" -eq 0
check "packets dropped for naming a scanner" \
	"$(lab_packets before after '.reason == "scanner" and .verdict == "drop"')" -gt 0
check "bans" "$(bans)" = 10.77.4.10/32
check "the attacker is answered after" "$(lab_answers attacker && echo yes || echo no)" = no
lab_phones calls callers --calls 50 --seconds 3 || true
check_calls calls
