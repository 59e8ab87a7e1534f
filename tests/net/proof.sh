#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: phones that nobody knew before register in the middle of a spoofed flood, as they answer the question that proves their source
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

# A budget so small that nobody gets in by chance, between two ticks of the flood.
start_guarded_lab enforce "    limits: {unknown: {register: 5/s}}"

lab_start_flood flood --from 16.0.0.0/4 --rate 100000 --seconds 45
sleep 2
lab_stats before
lab_start_phones newcomers callers --register 20 --answer --give-up 32000
lab_until 38 grep -q registered "$lab_tmp/newcomers.log" || fail "the newcomers gave up"
tail -n 1 "$lab_tmp/newcomers.log"
lab_stats after
check "packets of the flood refused meanwhile" \
	"$(lab_packets before after '.reason == "unknown-limit"')" -gt 100000
# Marks of refused ports are written over by the flood's, so a few newcomers may take too long.
registered=$(sed -n 's/.*phones: \([0-9]*\) of .* registered.*/\1/p' "$lab_tmp/newcomers.log" | tail -n 1)
check "newcomers registered of $LAB_PHONES" "${registered:-0}" -ge $((LAB_PHONES * 9 / 10))
check "questions sent" "$(lab_packets before after '.verdict == "tx" and .reason == "unproven"')" -gt 0
check "answers taken" "$(lab_packets before after '.reason == "proof"')" -gt 0
check "provisional sources let through" \
	"$(lab_packets before after '.verdict == "pass" and .reason == "provisional"')" -gt 0
