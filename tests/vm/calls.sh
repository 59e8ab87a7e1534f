#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: every call through a flood of spoofed sources completes, what was sent is what was counted, and calls and bans are in the maps
# shellcheck disable=SC2034 # read by lab.sh
LAB_PHONES=5
# shellcheck source-path=SCRIPTDIR source=../net/check.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/check.sh"

has_calls() {
	lab_ctl --json calls --state confirmed | jq -e '.calls | length > 0'
}

# What strangers may send by default is more than an emulated server can answer.
start_guarded_lab enforce \
	"    limits: {unknown: {invite: 20/s, register: 20/s, options: 20/s, other: 20/s}}"
lab_phones register callers --register 5 || fail "callers: $(lab_get register .register)"
lab_stats before
lab_start_flood flood --from 16.0.0.0/4 --rate 2000 --seconds 20
lab_start_phones calls callers --calls 2 --seconds 10 --hold 15000
lab_until 30 has_calls || fail "no answered call in the map"
lab_wait calls || true
lab_wait flood || fail "flood: $(cat "$lab_tmp/flood.log")"
lab_stats after
check_calls calls
check "packets of the flood dropped" "$(lab_packets before after '.verdict == "drop"')" -gt 10000
check "packets of trusted phones dropped" \
	"$(lab_packets before after '.reason == "trusted-limit"')" -eq 0
# Besides the flood there are only the calls' own packets, a dozen each.
sent=$(lab_get flood '.packets - .undelivered')
check "packets counted besides the flood's $sent" \
	"$(($(lab_packets before after true) - sent))" -ge 0
check "packets counted at all" "$(lab_packets before after true)" -le $((sent + 2000))
