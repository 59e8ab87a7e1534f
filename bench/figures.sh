#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Writes the figures of build/bench/results.json as the tables of docs/performance.md.
#
#	bench/figures.sh           prints them
#	bench/figures.sh --write   puts them into the page, between its two marks
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
RESULTS=$ROOT/build/bench/results.json
PAGE=$ROOT/docs/performance.md
BEGIN='<!-- figures: written by bench/figures.sh -->'
END='<!-- end of figures -->'

machine() {
	jq -r '.machine | "Measured \(.when) on \(.cpu) (\(.cpus) CPUs, \(.hypervisor)), Linux " +
		"\(.kernel), \(.compiler); mitigations: \(.spectre_v2); returns: " +
		"\(.spec_rstack_overflow). Load average before: \(.load_before)."' "$RESULTS"
}

goal_word='def word(met): if met then "met" else "missed" end;'

packet_path() {
	jq -r "$goal_word"'
		def r: . * 10 | round / 10;
		.xdp | "`bench/run.sh xdp`: \(.messages) varied packets in random order, \(.rounds) rounds of \(.repeat) packets.\n",
		"| path | median ns | least ns | quartiles | x null | goal |",
		"| --- | --- | --- | --- | --- | --- |",
		"| null XDP program | \(.null_xdp_ns) | | | 1 | |",
		(.paths[] | "| \(.name) | \(.median_ns | round) | \(.least_ns | round) | \(.quartile1_ns | round)-\(.quartile3_ns | round) | \(.times_null | r) | " +
			(if .goal_times_null then "\(.goal_times_null): \(word(.goal_met))" else "" end) + " |"),
		"\nThe tc paths are compared with the null tc program, \(.null_tc_ns) ns.\n",
		"| program | instructions the verifier went through | instructions | JIT bytes |",
		"| --- | --- | --- | --- |",
		(["ingress", "egress"][] as $name | .[$name] |
			"| \($name) | \(.verifier_instructions) | \(.instructions) | \(.jit_bytes) |"),
		"\n| stage of an unknown INVITE, then steps of the scanner alone | median ns so far | least |",
		"| --- | --- | --- |",
		(.stages[] | "| \(.name) | \(.median_ns | round) | \(.least_ns | round) |")' "$RESULTS"
}

floods() {
	jq -r "$goal_word"'
		.flood | "\n`bench/run.sh flood`: packets that one CPU drops.\n",
		"| receiver | sources | ns a packet | least-greatest | dropped | dropped a second and CPU | x meter |",
		"| --- | --- | --- | --- | --- | --- | --- |",
		(.goal_times_meter as $goal | .drops | sort_by(.sources, .receiver)[] |
			"| \(.receiver) | \(.sources[2:]) | \(.ns_a_packet | round) | \(.least_ns | round)-\(.greatest_ns | round) | " +
			"\(.dropped_percent * 10 | round / 10) % | \(.dropped_a_core_second | round) | " +
			(if .times_meter then "\(.times_meter * 100 | round / 100)" else "" end) +
			(if .receiver == "sipxdp" and .sources == "1 one"
				then ", goal \($goal): \(word(.times_meter >= $goal))" else "" end) + " |"),
		"\nLegit calls while a flood from spoofed sources arrives:\n",
		"| receiver | flood, packets/s | calls tried | completed | set up within 1 s | median |",
		"| --- | --- | --- | --- | --- | --- |",
		(.goal_calls_percent as $goal | .calls[] |
			"| \(.receiver) | \(.pps | round) | \(.tried) | \(100 * .completed / .tried * 10 | round / 10) %" +
			(if .receiver == "sipxdp" and .pps > 500000
				then ", goal \($goal) %: \(word(100 * .completed / .tried >= $goal))" else "" end) +
			" | \(100 * .within_1s / .tried * 10 | round / 10) % | \(.median_ms // 0) ms |")' "$RESULTS"
}

parsers() {
	jq -r '"\n`bench/run.sh parser`:\n\n```", (.parser[] | select(. != "")), "```"' "$RESULTS"
}

figures() {
	machine
	echo
	jq -e .xdp "$RESULTS" >/dev/null && packet_path
	jq -e .flood "$RESULTS" >/dev/null && floods
	jq -e .parser "$RESULTS" >/dev/null && parsers
	return 0
}

write() {
	local new
	new=$(mktemp)
	figures >"$new"
	awk -v begin="$BEGIN" -v end="$END" -v figures="$new" '
		$0 == end { inside = 0 }
		!inside { print }
		$0 == begin { inside = 1; while ((getline line < figures) > 0) print line }' "$PAGE" >"$new.page"
	cat "$new.page" >"$PAGE"
	rm -f "$new" "$new.page"
}

if [[ ${1:-} == --write ]]; then
	write
else
	figures
fi
