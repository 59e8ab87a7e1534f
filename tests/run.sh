#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Runs every test and ends with the line "N passed, N failed". What `make test` and CI call.
# STAGES="unit bpf" runs some of: format build unit sanitize bpf fuzz net soak
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2

STAGES=${STAGES:-format build unit sanitize bpf fuzz net soak}
declare -A fuzz_runs=([frame]=2000000 [scan]=250000 [sip]=250000 [config]=100000) # others: 8000
FUZZ_SECONDS=${FUZZ_SECONDS:-60} # at most, each
SOAK_SECONDS=${SOAK_SECONDS:-250} # with the lab that it needs, five minutes
SOAK_GUARD=${SOAK_GUARD:-kill reloads stalled full_tables link_down interface_down garbage flood_spoofed clock_forward fragments}
SOAK_POOL=${SOAK_POOL:-drain list death weights kill remove clock_forward lan_down down reloads}
CLANG=$(command -v clang-14 || command -v clang)
reports=build/test-reports
passed=0 failed=0 skipped=0
failures=()

mkdir -p "$reports"
make=(make --no-print-directory -j"$(nproc)")

note() { # RESULT NAME
	if [[ $1 == 0 ]]; then
		passed=$((passed + 1))
		printf 'ok - %s\n' "$2"
	else
		failed=$((failed + 1))
		failures+=("$2")
		printf 'not ok - %s\n' "$2"
	fi
}

# A step that is one test: its output is shown only where it fails.
step() { # NAME COMMAND...
	local name=$1 log
	shift
	log=$(mktemp)
	if "$@" >"$log" 2>&1; then
		note 0 "$name"
	else
		tail -n 60 "$log"
		note 1 "$name"
	fi
	rm -f "$log"
}

# The Criterion binaries of a directory, some at a time: their own counts are added up.
criteria() { # DIRECTORY AT-A-TIME [NOTE]
	local binary binaries=()
	for binary in "$1"/test_*; do
		[[ ! -x $binary || -d $binary || $binary == *.o ]] || binaries+=("$binary")
	done
	for binary in "${binaries[@]}"; do
		[[ $(jobs -rp | wc -l) -lt $2 ]] || wait -n
		# without --verbose what is skipped is not told
		"$binary" --color=never --verbose >"$reports/${binary##*/}.log" 2>&1 &
	done
	wait
	for binary in "${binaries[@]}"; do
		criterion "${binary##*/}${3:-}" "$reports/${binary##*/}.log"
	done
}

# What one of them said.
criterion() { # NAME LOG
	local name=$1 log=$2 line tested passing bad skips
	line=$(grep -o 'Tested:.*' "$log" | tail -n 1)
	tested=$(sed -n 's/.*Tested: *\([0-9]*\).*/\1/p' <<<"$line")
	passing=$(sed -n 's/.*Passing: *\([0-9]*\).*/\1/p' <<<"$line")
	skips=$(grep -c '\[SKIP\]' "$log")
	if [[ -z $tested || $tested == 0 ]]; then
		tail -n 20 "$log"
		note 1 "$name: no test ran"
	else
		bad=$((tested - passing))
		passed=$((passed + passing)) failed=$((failed + bad)) skipped=$((skipped + skips))
		if [[ $bad == 0 ]]; then
			printf 'ok - %s: %d tests\n' "$name" "$tested"
		else
			grep -v '^\[\(PASS\|RUN \)' "$log" | tail -n 60
			failures+=("$name")
			printf 'not ok - %s: %d of %d tests\n' "$name" "$bad" "$tested"
		fi
	fi
}

stage_format() {
	step "clang-format finds nothing to change" "${make[@]}" format-check
	step "shellcheck finds nothing" sh -c "git ls-files '*.sh' .ci/run | xargs shellcheck -x -P SCRIPTDIR"
}

stage_build() {
	step "gcc builds everything without a warning" "${make[@]}" all lab unit bpf-test
	step "clang builds everything without a warning" "${make[@]}" B=build/clang CC="$CLANG" all
}

stage_unit() {
	"${make[@]}" unit >/dev/null || { note 1 "unit tests build"; return; }
	criteria build/tests/unit "$(nproc)"
}

# A leak report does not fail a Criterion test by itself: any report is a failure.
stage_sanitize() {
	"${make[@]}" SAN=1 unit >"$reports/san-build.log" 2>&1 ||
		{ tail -n 40 "$reports/san-build.log"; note 1 "sanitized unit tests build"; return; }
	rm -f "$reports"/san.*
	ASAN_OPTIONS=log_path=$PWD/$reports/san:detect_leaks=1 \
		UBSAN_OPTIONS=log_path=$PWD/$reports/san:print_stacktrace=1 \
		criteria build/san/tests/unit "$(nproc)" " (ASan, UBSan)"
	if compgen -G "$reports/san.*" >/dev/null; then
		head -n 40 "$reports"/san.*
		note 1 "no sanitizer report"
	else
		note 0 "no sanitizer report"
	fi
}

stage_bpf() {
	"${make[@]}" bpf-test >/dev/null || { note 1 "BPF tests build"; return; }
	criteria build/tests/bpf 1
	step "bench: every path ends as it is meant to" "${make[@]}" bench-check
}

# The same inputs in every run; `make fuzz` goes where nobody has been. A fuzzer on each CPU.
stage_fuzz() {
	local file name names=()
	"${make[@]}" fuzz-build >"$reports/fuzz-build.log" 2>&1 ||
		{ tail -n 40 "$reports/fuzz-build.log"; note 1 "fuzzers build"; return; }
	for file in tests/fuzz/fuzz_*.c; do
		name=${file##*/fuzz_}
		names+=("${name%.c}")
	done
	for name in "${names[@]}"; do
		[[ $(jobs -rp | wc -l) -lt $(nproc) ]] || wait -n
		fuzz_repeat "$name" &
	done
	wait
	for name in "${names[@]}"; do
		step "fuzzing $name with ${fuzz_runs[$name]:-8000} inputs finds nothing" \
			fuzz_found_nothing "$name"
	done
}

fuzz_repeat() { # NAME
	rm -f "$reports/fuzz-$1.passed"
	"${make[@]}" fuzz-repeat F="$1" RUNS="${fuzz_runs[$1]:-8000}" SECONDS_="$FUZZ_SECONDS" \
		>"$reports/fuzz-$1.log" 2>&1 && touch "$reports/fuzz-$1.passed"
}

fuzz_found_nothing() { # NAME
	tail -n 60 "$reports/fuzz-$1.log"
	[[ -e $reports/fuzz-$1.passed ]]
}

stage_net() {
	local log
	log=$(mktemp)
	"${make[@]}" all lab >/dev/null || { note 1 "the lab builds"; return; }
	tests/net/run.sh | tee "$log"
	passed=$((passed + $(grep -c '^ok [0-9]' "$log") - $(grep -c '^ok .*# SKIP' "$log")))
	failed=$((failed + $(grep -c '^not ok' "$log")))
	skipped=$((skipped + $(grep -c '^ok .*# SKIP' "$log")))
	mapfile -t -O "${#failures[@]}" failures < <(grep '^not ok' "$log")
	rm -f "$log"
}

# The short form of an hour: the disturbances that say most, each at least once.
stage_soak() {
	"${make[@]}" all lab >/dev/null || { note 1 "the lab builds"; return; }
	step "soak: calls through everything lose no call and leak nothing" \
		env SOAK_SECONDS="$SOAK_SECONDS" SOAK_GUARD="$SOAK_GUARD" SOAK_POOL="$SOAK_POOL" \
		SOAK_END=no tests/soak/run.sh
}

for stage in $STAGES; do
	printf '\n== %s (%d s)\n' "$stage" "$SECONDS"
	"stage_$stage"
done

printf '\n'
for failure in "${failures[@]}"; do
	printf 'failed: %s\n' "$failure"
done
[[ $skipped == 0 ]] || printf '%d skipped\n' "$skipped"
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed == 0 && $passed -gt 0 ]]
