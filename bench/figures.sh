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

balance() {
	jq -r "$goal_word"'
		def hundredths: . * 100 | round / 100;
		def tenths: . * 10 | round / 10;
		.balance | "\n`bench/run.sh balance`: CPU time of the host in the middle; \(.under_way) calls at a time, \(.rounds) rounds.\n",
		"| contender | µs a message | least-greatest | of it packets | processes | µs a call | completed | times less than kamailio stateless | than DNAT |",
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
		(. as $all | .load | sort_by(.message_us)[] |
			(.contender | startswith("sipxdp")) as $ours |
			"| \(.contender) | \(.message_us | hundredths) | \(.least_us | hundredths)-\(.greatest_us | hundredths) | " +
			"\(.packets_us | hundredths) | \(.processes_us | hundredths) | \(.call_us | tenths) | " +
			"\(.completed) of \(.tried) | \(.times_less_than_stateless | tenths)" +
			(if $ours then ", goal \($all.goal_times_stateless): \(word(.times_less_than_stateless >= $all.goal_times_stateless))" else "" end) +
			" | \(.times_less_than_dnat | hundredths)" +
			(if $ours then ", goal \($all.goal_times_dnat): \(word(.times_less_than_dnat >= $all.goal_times_dnat))" else "" end) + " |"),
		"\nThe same at \(.paced[0].rate) calls a second, where most messages wake the CPU:\n",
		"| contender | µs a message | completed | set up, median | 99 % | of sipp\u0027s calls, completed |",
		"| --- | --- | --- | --- | --- | --- |",
		(.paced | sort_by(.message_us)[] |
			"| \(.contender) | \(.message_us | tenths) | \(.completed) of \(.calls) | \(.setup_median_ms | hundredths) ms | " +
			"\(.setup_p99_ms | hundredths) ms | \(.sipp_completed) of \(.sipp_tried) |")' "$RESULTS"
}

parsers() {
	jq -r '"\n`bench/run.sh parser`:\n\n```", (.parser[] | select(. != "")), "```"' "$RESULTS"
}

figures() {
	machine
	echo
	jq -e .xdp "$RESULTS" >/dev/null && packet_path
	jq -e .flood "$RESULTS" >/dev/null && floods
	jq -e .balance "$RESULTS" >/dev/null && balance
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
