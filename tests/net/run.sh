#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs the network tests, each in a lab of its own: all, or those named (tests/net/run.sh office).
# Prints "ok N - what it shows" or "not ok", with what the test said where it failed; a test that
# cannot run here says SKIP and why. LAB_KEEP_LOGS=1 keeps the peers' logs of each.
set -uo pipefail

directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SKIPPED=77        # exit status of a test that cannot run here
TEST_SECONDS=180 # the longest a test may take

run_test() { # NUMBER FILE
	local number=$1 file=$2 shows log status start=$SECONDS
	shows="$(basename "$file" .sh): $(sed -n 's/^# Shows: //p' "$file")"
	log=$(mktemp)
	timeout --kill-after=30 "$TEST_SECONDS" bash "$file" >"$log" 2>&1
	status=$?
	case $status in
	0)
		printf 'ok %d - %s (%d s)\n' "$number" "$shows" $((SECONDS - start))
		sed 's/^/  # /' "$log"
		passed=$((passed + 1))
		;;
	"$SKIPPED")
		printf 'ok %d - %s # SKIP %s\n' "$number" "$shows" "$(tail -n 1 "$log")"
		skipped=$((skipped + 1))
		;;
	*)
		printf 'not ok %d - %s (exit status %d)\n' "$number" "$shows" "$status"
		sed 's/^/  # /' "$log"
		failed=$((failed + 1))
		;;
	esac
	rm -f "$log"
}

files=()
if [[ $# -gt 0 ]]; then
	for name in "$@"; do
		file=$directory/${name%.sh}.sh
		if [[ ! -r $file ]]; then
			echo "run.sh: there is no test $name" >&2
			exit 2
		fi
		files+=("$file")
	done
else
	for file in "$directory"/*.sh; do
		grep -q '^# Shows: ' "$file" && files+=("$file")
	done
fi

passed=0 skipped=0 failed=0 number=0
printf '1..%d\n' "${#files[@]}"
for file in "${files[@]}"; do
	number=$((number + 1))
	run_test "$number" "$file"
done
printf '# %d passed, %d failed, %d skipped, %d s\n' "$passed" "$failed" "$skipped" "$SECONDS"
[[ $failed == 0 ]]
