#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is run in each kernel's guest: tests/vm/guest.sh TREE RESULTS. Prints "ok - ..." lines.
# shellcheck disable=SC2317 # the stages are called by name
set -uo pipefail
cd "$1" || exit 2
results=$2
tests=$(cat "$results/tests")
failed=0

note() { # STATUS NAME
	if [[ $1 == 0 ]]; then
		printf 'ok - %s (%d s)\n' "$2" $((SECONDS - start))
	else
		printf 'not ok - %s (%d s)\n' "$2" $((SECONDS - start))
		failed=1
	fi
}

# The programs of each compiler, and what the verifier made of them.
run_loads() {
	local file compiler
	for file in build/vm/clang-*/bpf/sipxdp.bpf.o; do
		compiler=$(basename "${file%/bpf/*}")
		start=$SECONDS
		build/vm/verify "$compiler=$file" >>"$results/loads"
		note $? "the programs built by $compiler load"
	done
	sed 's/^/  /' "$results/loads"
}

criterion_passes() { # BINARY
	local log=$results/${1##*/}.log
	"$1" --color=never --verbose >"$log" 2>&1 || return 1 # else what is skipped is not told
	grep -Eq 'Tested: *[1-9]' "$log" || return 1
	# What asks for a real clock cannot be had here; nothing else may be left out.
	! grep '\[SKIP\]' "$log" | grep -v 'emulated' >/dev/null
}

# The packet path, and what attaches it. Two at a time: the guest has two CPUs, and each spends most of its time in the verifier.
run_bpf() {
	local binary status
	local -A pids=()
	for binary in build/tests/bpf/test_* build/tests/unit/test_plane_{attach,hooks}; do
		[[ -x $binary && ! -d $binary && $binary != *.o ]] || continue
		while [[ $(jobs -rp | wc -l) -ge 2 ]]; do sleep 0.5; done
		criterion_passes "$binary" &
		pids[$binary]=$!
	done
	for binary in "${!pids[@]}"; do
		wait "${pids[$binary]}"
		status=$?
		[[ $status == 0 ]] || tail -n 30 "$results/${binary##*/}.log"
		note "$status" "${binary##*/}"
	done
}

# A test of the kind of tests/net.
run_script() { # NAME
	local log=$results/$1.log
	timeout 300 bash "tests/vm/$1.sh" >"$log" 2>&1
	local status=$?
	sed 's/^/  /' "$log"
	note "$status" "$(sed -n 's/^# Shows: //p' "tests/vm/$1.sh")"
}

ip link set lo up
sysctl -qw kernel.panic_on_warn=0
uname -r | tee "$results/kernel"
echo "${SIPXDP_GUEST:-}" >"$results/where"
for test in $tests; do
	start=$SECONDS
	case $test in
	loads | bpf) "run_$test" ;;
	*) run_script "$test" ;;
	esac
done
# What the kernel itself complained about is a failure of ours.
start=$SECONDS
! dmesg | grep -E 'WARNING:|BUG:|Oops|Call Trace' >"$results/complaints"
note $? "the kernel has nothing to complain about"
head -n 20 "$results/complaints"
: >"$results/done"
exit "$failed"
