#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the soak tests, what is asked of a guard and then what is asked of a balancer, and ends with
# the line "N passed, N failed". What `make soak` and CI call.
#
#   SOAK_SECONDS=3600   for both together; each goes through its disturbances at least once
#   SOAK_GUARD='flood_spoofed kill'  SOAK_POOL='death drain'   only these of them
#   SOAK_END=no         do not wait until the last call is forgotten
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")" || exit 2

SOAK_SECONDS=${SOAK_SECONDS:-3600}
passed=0 failed=0

for test in guard pool; do
	SOAK_SECONDS=$((SOAK_SECONDS / 2)) "./$test.sh"
	status=$?
	what=$(sed -n 's/^# Shows: //p' "$test.sh")
	case $status in
	0)
		passed=$((passed + 1))
		echo "ok - $what"
		;;
	77) echo "ok - $what # SKIP" ;;
	*)
		failed=$((failed + 1))
		echo "not ok - $what"
		;;
	esac
done
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed == 0 ]]
