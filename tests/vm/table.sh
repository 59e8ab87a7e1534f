#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Writes what the verifier made of each program, by kernel and compiler, as the table of
# docs/kernels.md, out of build/vm/*/loads.
#
#	tests/vm/table.sh           prints it; fails where a program is over BUDGET instructions
#	tests/vm/table.sh --write   puts it into the page, between its two marks
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

BUDGET=${BUDGET:-250000} # instructions that the verifier may go through for a program
PAGE=docs/kernels.md
BEGIN='<!-- loads: written by tests/vm/table.sh -->'
END='<!-- end of loads -->'

# KERNEL WHERE COMPILER PROGRAM INSTRUCTIONS OCTETS MILLISECONDS, a line each
loads() {
	local directory
	for directory in build/vm/*/; do
		[[ -s $directory/loads ]] || continue
		sed "s|^|$(cat "$directory/kernel")\t$(cat "$directory/where")\t|" "$directory/loads"
	done
}

table() {
	echo '| kernel | compiler | program | verified instructions | JIT, octets | load, ms |'
	echo '| --- | --- | --- | ---: | ---: | ---: |'
	loads | awk -F'\t' '$5 > 100 || $5 == "refused" {
		printf "| %s%s | %s | %s | %s | %s | %s |\n", $1, $2 == "" ? "" : " (" $2 ")", $3, $4, $5, $6, $7 }'
}

check() {
	loads | awk -F'\t' -v budget="$BUDGET" '
		$5 == "refused" { printf "%s, %s, %s: not loaded\n", $1, $3, $4; bad = 1 }
		$5 + 0 > budget { printf "%s, %s, %s: %d instructions, over %d\n", $1, $3, $4, $5, budget; bad = 1 }
		END { exit bad }' >&2
}

if [[ ${1:-} == --write ]]; then
	new=$(mktemp)
	table >"$new"
	awk -v begin="$BEGIN" -v end="$END" -v rows="$new" '
		$0 == end { print ""; inside = 0 }
		!inside { print }
		$0 == begin { inside = 1; print ""; while ((getline line < rows) > 0) print line }' \
		"$PAGE" >"$new.page"
	cat "$new.page" >"$PAGE"
	rm -f "$new" "$new.page"
else
	table
fi
check
