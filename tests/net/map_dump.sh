#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: bpftool alone dumps live calls, registrations and trust with named fields
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

dump() { # MAP: the values, formatted by the map's own types
	bpftool -j map dump pinned "/sys/fs/bpf/sipxdp/$LAB_INSTANCE/$1" | jq -c '[.[] | .formatted.value]'
}

CONFIRMED='.state == "CALL_CONFIRMED" or .state == 3'

all_up() { [[ $(dump calls | jq "[.[] | select($CONFIRMED)] | length") == 40 ]]; }

start_guarded_lab enforce
register_callers
lab_start_phones calls callers --calls 20 --seconds 2 --hold 6000
lab_until 6 all_up || true
calls=$(dump calls)
echo "one of them: $(jq -c '.[0]' <<<"$calls")"
check "calls that are confirmed" \
	"$(jq "[.[] | select($CONFIRMED)] | length" <<<"$calls")" -eq 40
check "calls from a caller to a callee, with addresses" "$(jq '[.[]
	| select((.from | tostring | test("caller")) and (.to | tostring | test("callee"))
		and (.source | tostring | test("10[.]77[.]1[.]")))] | length' <<<"$calls")" -ge 40
# The kernel's clock goes in ticks: a call may be set up within one.
check "calls with their times" "$(jq '[.[]
	| select(.started_unix_ns > 0 and .answered_unix_ns >= .started_unix_ns)] | length' <<<"$calls")" -ge 40
lab_wait calls || true
check_calls calls
check "registrations" "$(dump registrations | jq '[.[] | select(.expires_s > 0)] | length')" -ge $((2 * LAB_PHONES))
check "trusted" "$(dump trusted | jq length)" -ge $((2 * LAB_PHONES))
