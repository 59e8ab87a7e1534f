#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: kill -9 of the daemon in mid-flood and mid-call loses no call, ban or trust, and the next daemon shows the same calls
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

live_calls() {
	lab_ctl --json calls | jq -r '.calls[] | select(.state == "confirmed") | .call_id' | sort
}

start_guarded_lab enforce
register_callers
lab_ctl ban add 203.0.113.77 --reason "by the test"
trust=$(lab_ctl --json trust list | jq '.[] | length')
lab_start_flood flood --from 16.0.0.0/4 --rate 200000 --seconds 14
# 100 calls that last from before the kill until after the restart
lab_start_phones long callers --calls 50 --seconds 2 --hold 10000
lab_start_phones short office --register 100 --calls 1 --seconds 1
sleep 4
before=$(live_calls)
check "calls in progress" "$(wc -l <<<"$before")" -ge 100
lab_kill_sipxdp

lab_stats killed
sleep 2
lab_phones orphaned callers --port 6060 --user orphan --register 50 --calls 1 --seconds 1 || true
lab_stats orphaned
check "packets of the flood dropped without a daemon" \
	"$(lab_packets killed orphaned '.verdict == "drop"')" -gt 200000
check "bans while there is no daemon" "$(bans)" = 203.0.113.77/32

lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_stats restarted
check "counters were kept" "$(lab_packets orphaned restarted true)" -ge 0
check "calls the next daemon shows that were there" \
	"$(comm -12 <(echo "$before") <(live_calls) | wc -l)" -eq "$(wc -l <<<"$before")"
check "bans after the restart" "$(bans)" = 203.0.113.77/32
check "trusted phones after the restart" "$(lab_ctl --json trust list | jq '.[] | length')" -ge "$trust"
lab_wait long || true
check_calls long
lab_wait flood
lab_wait short || true
sleep 1
check "calls in progress when all have ended" "$(live_calls)" = ""
