#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: calls over IPv6 complete during a spoofed IPv6 flood, and are tracked
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
lab_start_callees callee6
lab_phones register callers6 --register 50 || fail "callers6: $(lab_get register .register)"
lab_start_flood flood --to "$LAB_SERVER6" --from 2001:db8::/32 --rate 200000 --seconds 8
sleep 1
lab_start_phones calls callers6 --calls 100 --seconds 5
sleep 3
check "calls in the map with an IPv6 source" "$(lab_ctl --json calls |
	jq '[.calls[] | select(.source | startswith("[fd77:0:0:1::"))] | length')" -ge 50
lab_wait calls || true
lab_wait flood
check_calls calls most
