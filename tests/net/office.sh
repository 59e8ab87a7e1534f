#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: 200 phones behind one address all register at once and call, with default limits: none is limited once it is trusted, none is ever banned
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
# As after a power cut: nobody knows them yet.
lab_phones register office --register 1000 || fail "office: $(lab_get register .register)"
check "registrations of them sent again" "$(lab_get register .register.sent_again)" -le 100
check "phones registered" "$(lab_get register .register.registered)" -eq "$LAB_OFFICE_PHONES"
check "of them trusted" "$(lab_ctl --json trust list |
	jq '[.. | strings | select(startswith("10.77.3.10:"))] | length')" -eq "$LAB_OFFICE_PHONES"

lab_stats before
lab_phones again office --register 20 || fail "office: $(lab_get again .register)"
lab_phones calls office --calls 20 --seconds 10 || true
lab_stats after
check_calls calls
check_no_drops before after
check "bans" "$(bans)" = ""
