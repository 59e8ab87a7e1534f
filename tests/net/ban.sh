#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: a ban by hand drops at once, spares trusted phones behind the address, and its lifting lets through again
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

answered() { # SITE
	lab_answers "$1" && echo yes || echo no
}

start_guarded_lab enforce
check "the attacker is answered" "$(answered attacker)" = yes
lab_ctl ban add 10.77.4.10 --for 10m --reason "by the test"
lab_stats before
check "the attacker is answered when banned" "$(answered attacker)" = no
lab_stats after
check "packets dropped as banned" "$(lab_packets before after '.reason == "banned" and .verdict == "drop"')" -gt 0
check "hits of the ban" "$(lab_ctl --json ban list | jq '.bans[0].hits')" -ge 0
lab_ctl ban del 10.77.4.10
check "the attacker is answered when it is lifted" "$(answered attacker)" = yes

lab_phones register office --register 10 --phones 5 || fail "office: $(lab_get register .register)"
lab_ctl ban add 10.77.3.0/24 --for 10m
check "an unknown port of the office is answered when banned" "$(answered office)" = no
lab_phones calls office --phones 5 --calls 10 --seconds 3 || true
check_calls calls
