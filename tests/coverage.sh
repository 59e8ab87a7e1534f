#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Which lines of user/ the unit tests run: builds with COV=1, runs them as root, prints a line for
# each directory, and fails under COVERAGE_FLOOR per cent for all of it, or DIRECTORY_FLOOR for one.
# build/coverage/lines.txt lists what is not run in each file.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

COVERAGE_FLOOR=${COVERAGE_FLOOR:-90}
DIRECTORY_FLOOR=${DIRECTORY_FLOOR:-80}
out=build/coverage

run_tests() {
	local binary line bad=0
	for binary in build/cov/tests/unit/test_*; do
		[[ -x $binary && ! -d $binary ]] || continue
		line=$("$binary" --color=never 2>&1 | tee "$out/$(basename "$binary").log" | grep -o 'Tested:.*' | tail -n 1)
		if [[ ! $line =~ Failing:\ 0.*Crashing:\ 0 || $line =~ Tested:\ 0 ]]; then
			echo "$(basename "$binary"): ${line:-no test ran}" >&2
			bad=1
		fi
	done
	return "$bad"
}

# Per directory, from gcovr's summary by file.
by_directory() {
	jq -r '
		def row($name; $files): [$name, ($files | map(.line_total) | add),
			($files | map(.line_covered) | add)];
		[.files[] | select(.line_total > 0)] as $all
		| ($all | group_by(.filename | split("/")[0:2] | join("/"))[]
			| row(.[0].filename | split("/")[0:2] | join("/"); .)), row("user"; $all)
		| @tsv' "$out/summary.json" |
		awk -F'\t' -v all="$COVERAGE_FLOOR" -v each="$DIRECTORY_FLOOR" '
			BEGIN { printf "%-16s %8s %8s %8s\n", "DIRECTORY", "LINES", "RUN", "%" }
			{ part = 100 * $3 / $2; floor = $1 == "user" ? all : each; low = low || part < floor
			  printf "%-16s %8d %8d %8.1f%s\n", $1, $2, $3, part, part < floor ? "  under " floor : "" }
			END { exit low }'
}

mkdir -p "$out"
find build/cov -name '*.gcda' -delete 2>/dev/null || true
make --no-print-directory -j"$(nproc)" COV=1 unit >"$out/build.log" 2>&1 || {
	tail -n 20 "$out/build.log"
	exit 1
}
status=0
run_tests || status=1
gcovr --root . --filter 'user/' --object-directory build/cov \
	--exclude-unreachable-branches --json-summary "$out/summary.json" --output "$out/lines.txt" \
	--txt "$out/lines.txt" build/cov 2>"$out/gcovr.log" || {
	tail -n 5 "$out/gcovr.log"
	exit 1
}
by_directory || status=1
exit "$status"
