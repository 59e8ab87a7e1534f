#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: kill -9 of the daemon in mid-flood and mid-call loses no call, ban or trust, and the next daemon shows the same calls, but those that ended meanwhile
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

live_calls() {
	lab_ctl --json calls --state confirmed |
		jq -r '.calls[] | select(.source | startswith("10.77.1.")) | .call_id' | sort
}

# Calls of the office in a state, which may be "" for any.
office_calls() {
	lab_ctl --json calls ${1:+--state "$1"} | jq '[.calls[] | select(.source | startswith("10.77.3."))] | length'
}

trusted() {
	lab_ctl --json trust list | jq -r '.[] | .[].address' | sort
}

all_up() { [[ $(live_calls | wc -l) == 100 && $(office_calls confirmed) == 20 ]]; }

short_are_over() { [[ $(office_calls confirmed) == 0 ]]; }

start_guarded_lab enforce
register_callers
lab_phones office office --phones 10 --register 10 || fail "office: $(lab_get office .register)"
lab_ctl ban add 203.0.113.77 --reason "by the test"
lab_start_flood flood --from 16.0.0.0/4 --rate 200000 --seconds 15
# 100 calls that last from well before the kill until well after the restart.
lab_start_phones long callers --calls 50 --seconds 2 --hold 15000
# And some that end while no daemon runs.
lab_start_phones short office --phones 10 --calls 20 --seconds 1 --hold 4500
lab_until 4 all_up || true
calls=$(live_calls)
trust=$(trusted)
check "calls in progress" "$(wc -l <<<"$calls")" -eq 100
check "short calls in progress" "$(office_calls confirmed)" -eq 20
lab_kill_sipxdp

lab_wait short || true
check_calls short
lab_stats killed
lab_phones orphaned office --phones 10 --calls 20 --seconds 1 --hold 100 || true
lab_stats orphaned
check_calls orphaned
check "packets of the flood dropped without a daemon" \
	"$(lab_packets killed orphaned '.verdict == "drop"')" -gt 50000
check "drops of trusted phones' packets" \
	"$(lab_packets killed orphaned '.verdict == "drop" and .reason == "trusted-limit"')" -eq 0
check "bans without a daemon" "$(bans)" = 203.0.113.77/32

lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_stats restarted
check "counters that went backwards" \
	"$(jq -n --slurpfile old "$lab_tmp/orphaned.stats" --slurpfile new "$lab_tmp/restarted.stats" '
		def total: .[0].stats | map(.packets) | add;
		[($old | total) - ($new | total), 0] | max')" -eq 0
check "calls of before that the next daemon shows" \
	"$(comm -12 <(echo "$calls") <(live_calls) | wc -l)" -eq 100
# What was sent while there was none waits in the ring.
lab_until 3 short_are_over || true
check "short calls that the next daemon still takes for live" "$(office_calls confirmed)" -eq 0
check "short calls that it shows as ended" "$(office_calls ended)" -ge 20
check "bans after the restart" "$(bans)" = 203.0.113.77/32
check "phones of before that are no longer trusted" "$(comm -23 <(echo "$trust") <(trusted) | wc -l)" -eq 0
lab_wait flood
lab_wait long || true
check_calls long
none_live() { [[ -z $(live_calls) ]]; }
lab_until 5 none_live || true
check "calls in progress when all have ended" "$(live_calls)" = ""
