#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Draws the figures of build/bench/results.json: docs/plots/*.svg, by gnuplot. What has not been
# measured in that run is left as it was drawn last. Each picture names its command and its machine.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
RESULTS=${RESULTS:-$ROOT/build/bench/results.json}
OUT=${OUT:-$ROOT/docs/plots}
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT

[[ -r $RESULTS ]] || {
	echo "plots.sh: there is no $RESULTS: make bench" >&2
	exit 1
}
machine=$(jq -r '.machine | "\(.cpu), \(.cpus) CPUs, Linux \(.kernel), \(.when[:10])"' "$RESULTS")

# has FILTER: whether that was measured
has() { jq -e "$1" "$RESULTS" >/dev/null 2>&1; }

# draw NAME TITLE COMMAND HEIGHT, with gnuplot's lines on standard input
draw() {
	{
		cat <<-END
			set terminal svg size 900,$4 font "sans-serif,13" background "white"
			set output "$OUT/$1.svg"
			set datafile separator "\t"
			set title "$2\n$3 ($machine)" font ",13"
			set style fill solid 0.8 border -1
			set border 3
			set tics nomirror out
			set grid x lc rgb "#dddddd"
			set rmargin 8
		END
		cat
	} | gnuplot
	echo "docs/plots/$1.svg"
}

# Horizontal bars: a line "label, value, colour" each, the first on top.
bars() { # NAME TITLE COMMAND AXIS FILE
	local rows
	rows=$(wc -l <"$5")
	draw "$1" "$2" "$3" $((90 + rows * 26 + 60)) <<-END
		set xlabel "$4"
		set yrange [$rows-0.4:-0.6]
		set xrange [0:*]
		unset key
		set style textbox opaque noborder
		plot "$5" using (\$2/2):0:(\$2/2):(0.35):ytic(1) with boxxyerror lc rgb "#3b6ea5", \\
			"" using 2:0:(sprintf("  %g", \$2)) with labels left font ",11"
	END
}

plot_path() {
	jq -r '.xdp | (["null program", .null_xdp_ns] | @tsv),
		(.paths[] | [.name, (.median_ns | round)] | @tsv)' "$RESULTS" >"$data/path"
	bars path "What a packet costs, by its path" "bench/run.sh xdp" "nanoseconds, median" "$data/path"
}

plot_stages() {
	jq -r '.xdp.stages[] | [.name, (.median_ns | round)] | @tsv' "$RESULTS" >"$data/stages"
	bars stages "An unknown INVITE, stage by stage: nanoseconds so far" "bench/run.sh xdp" \
		"nanoseconds, median" "$data/stages"
}

plot_parser() {
	jq -r '.parser[]' "$RESULTS" |
		awk '$2 ~ /^[0-9]+$/ && $3 ~ /^[0-9]+$/ { print $1 "\t" $2 }' >"$data/parser"
	bars parser "Parsing a SIP message" "bench/run.sh parser" "nanoseconds, median" "$data/parser"
}

plot_drops() {
	jq -r '.flood.drops | sort_by(.sources, -.dropped_a_core_second)[]
		| ["\(.receiver), \(.sources[2:])", (.dropped_a_core_second / 10000 | round / 100)] | @tsv' \
		"$RESULTS" >"$data/drops"
	bars drops "Packets of a flood that one CPU drops, by number of sources" "bench/run.sh flood" \
		"million packets a second" "$data/drops"
}

plot_calls() {
	jq -r '.flood.calls[] | ["\(.receiver), " + (if .pps > 0 then "\(.pps / 1000 | round)k packets/s" else "no flood" end),
		(1000 * .within_1s / .tried | round / 10)] | @tsv' "$RESULTS" >"$data/calls"
	bars calls "Calls set up within a second in a flood from spoofed sources" "bench/run.sh flood" \
		"per cent of the calls" "$data/calls"
}

plot_track() {
	jq -r '.track | to_entries[] | select(.value | type == "object" and has("median_per_s"))
		| [(.key | gsub("_"; " ")), (.value.median_per_s / 10000 | round / 100)] | @tsv' "$RESULTS" \
		>"$data/track"
	bars track "The tracker, a million calls in its tables" "bench/run.sh track" "million a second" "$data/track"
}

plot_balance() {
	jq -r '.balance.load | sort_by(.message_us)[]
		| [.contender, (.message_us * 100 | round / 100)] | @tsv' "$RESULTS" >"$data/balance"
	bars balance "CPU time of the host in the middle for each message of a call" "bench/run.sh balance" \
		"microseconds, median" "$data/balance"
}

mkdir -p "$OUT"
! has .xdp.paths || plot_path
! has .xdp.stages || plot_stages
! has .parser || plot_parser
! has .flood.drops || plot_drops
! has .flood.calls || plot_calls
! has .track || plot_track
! has .balance.load || plot_balance
