#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What `make bench` runs: every benchmark, one after the other, with the machine they ran on. Tables
# on standard output, all figures in build/bench/results.json.
#
#	bench/run.sh [xdp] [parser] [track] [flood] [balance]      those only
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
OUT=$ROOT/build/bench
SHORT_OF_CPUS=2

headline() { printf '\n== %s\n\n' "$*"; }

# A value of a "name : value" line
cpu_field() {
	awk -F': *' -v name="$1" '$1 ~ "^" name { print $2; exit }' /proc/cpuinfo
}

mitigation() {
	cat "/sys/devices/system/cpu/vulnerabilities/$1" 2>/dev/null || echo unknown
}

machine() {
	jq -n --arg kernel "$(uname -r)" --arg architecture "$(uname -m)" \
		--arg cpu "$(cpu_field 'model name')" --argjson cpus "$(nproc)" \
		--arg hypervisor "$(systemd-detect-virt 2>/dev/null || true)" \
		--arg compiler "$("${CLANG:-clang-14}" --version 2>/dev/null | head -n 1)" \
		--arg spectre "$(mitigation spectre_v2)" --arg returns "$(mitigation spec_rstack_overflow)" \
		--arg load "$(cut -d' ' -f1-3 /proc/loadavg)" --arg when "$(date -u +%FT%TZ)" \
		'{$kernel, $architecture, $cpu, $cpus, $hypervisor, $compiler,
		spectre_v2: $spectre, spec_rstack_overflow: $returns, load_before: $load, $when}'
}

show_machine() {
	jq -r 'to_entries[] | "\(.key): \(.value)"' "$OUT/machine.json"
	[[ $(nproc) -ge $SHORT_OF_CPUS ]] || echo "one CPU only: floods and calls over backends are not measured"
	if awk '{ exit !($1 > 0.5) }' /proc/loadavg; then
		echo "NOTE: something else is running on this machine; the figures will waver"
	fi
}

run_xdp() {
	headline "the packet path: BPF_PROG_RUN"
	"$OUT/bench_xdp" --json "$OUT/xdp.json"
}

run_parser() {
	headline "the SIP parser against others"
	(cd "$ROOT" && "$OUT/bench_parser") | tee "$OUT/parser.txt"
}

run_track() {
	headline "the tracker"
	"$OUT/bench_track" --json "$OUT/track.json"
}

run_flood() {
	headline "floods on a veth"
	[[ $(nproc) -ge $SHORT_OF_CPUS ]] || return 0
	"$ROOT/bench/flood.sh" "$OUT/flood.json"
}

run_balance() {
	headline "calls over backends"
	[[ $(nproc) -ge $SHORT_OF_CPUS ]] || return 0
	"$ROOT/bench/balance.sh" "$OUT/balance.json"
}

# One document out of what the benchmarks left behind.
collect() {
	local name
	for name in machine xdp track flood balance; do
		[[ ! -s $OUT/$name.json ]] || jq -c --arg name "$name" '{($name): .}' "$OUT/$name.json"
	done | jq -s add >"$OUT/results.json"
	if [[ -s $OUT/parser.txt ]]; then
		jq --rawfile text "$OUT/parser.txt" '.parser = ($text | split("\n"))' "$OUT/results.json" \
			>"$OUT/results.new"
		mv "$OUT/results.new" "$OUT/results.json"
	fi
}

main() {
	local part
	mkdir -p "$OUT"
	[[ $# -gt 0 ]] || set -- xdp parser track flood balance
	machine >"$OUT/machine.json"
	show_machine
	for part in "$@"; do
		rm -f "$OUT/$part.json" "$OUT/$part.txt"
		case $part in
		xdp | parser | track | flood | balance) "run_$part" ;;
		*)
			echo "usage: bench/run.sh [xdp] [parser] [track] [flood] [balance]" >&2
			exit 2
			;;
		esac
	done
	collect
	printf '\n%d s; all figures: %s\n' "$SECONDS" "$OUT/results.json"
}

main "$@"
