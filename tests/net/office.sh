#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: 200 phones behind one address register and call with default limits; once trusted none is limited, none is ever banned
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
# Before they are trusted they share what one unknown address may do: some have to ask again.
lab_phones register office --register 20 || fail "office: $(lab_get register .register)"
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
