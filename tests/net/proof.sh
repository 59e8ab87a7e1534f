#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: phones that nobody knew before register in the middle of a spoofed flood, as they answer the question that proves their source
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce

lab_start_flood flood --from 16.0.0.0/4 --rate 200000 --seconds 45
sleep 2
lab_stats before
lab_start_phones newcomers callers --register 20 --answer --give-up 32000
lab_until 38 grep -q registered "$lab_tmp/newcomers.log" || fail "the newcomers gave up"
tail -n 1 "$lab_tmp/newcomers.log"
lab_stats after
check "packets of the flood refused meanwhile" \
	"$(lab_packets before after '.reason == "unknown-limit"')" -gt 100000
check "newcomers registered" "$(grep -c "$LAB_PHONES of $LAB_PHONES registered" "$lab_tmp/newcomers.log")" -eq 1
check "questions sent" "$(lab_packets before after '.verdict == "tx" and .reason == "unproven"')" -gt 0
check "answers taken" "$(lab_packets before after '.reason == "proof"')" -gt 0
check "provisional sources let through" \
	"$(lab_packets before after '.verdict == "pass" and .reason == "provisional"')" -gt 0
