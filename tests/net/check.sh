# SPDX-License-Identifier: GPL-2.0-only
# What the network tests share: a guarded lab, and assertions that print what they found. Each test
# sources this, and ends with its first failed assertion.
# shellcheck shell=bash
set -euo pipefail

LAB_INSTANCE=net-test-$$
# shellcheck source-path=SCRIPTDIR source=../../lab/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../../lab/lab.sh"
# Times are compared, and nothing may have to be sent again: the peers are not to wait for whatever
# else runs on this machine.
# shellcheck disable=SC2034
chrt -r 1 true 2>/dev/null && LAB_PRIORITY=(chrt -r 1)

skip() {
	echo "$*"
	exit 77
}

fail() {
	echo "FAILED: $*"
	show_logs
	exit 1
}

# The end of what the daemon had to say, for whoever reads a failure.
show_logs() {
	local log
	for log in "$lab_tmp"/sipxdpd*.log; do
		[[ -s $log ]] || continue
		echo "$(basename "$log"):"
		tail -n 5 "$log"
	done
}

# check WHAT VALUE OPERATOR WANTED: numbers (-eq -ge -le -gt -lt; decimals too) or text (= !=)
check() {
	local what=$1 value=$2 operator=$3 wanted=$4 holds=
	case $operator in
	= | !=) test "$value" "$operator" "$wanted" && holds=1 ;;
	*)
		# Nothing, or what is no number, meets no condition.
		[[ $value =~ ^-?[0-9]+(\.[0-9]+)?$ ]] &&
			holds=$(awk -v a="$value" -v b="$wanted" -v op="$operator" 'BEGIN {
				if ((op == "-eq" && a == b) || (op == "-ge" && a >= b) ||
				    (op == "-le" && a <= b) || (op == "-gt" && a > b) ||
				    (op == "-lt" && a < b)) print 1 }')
		;;
	esac
	[[ $holds ]] || fail "$what: is $value, should be $operator $wanted"
	echo "$what: $value"
}

# check_calls NAME: the phones that NAME started completed every call they tried; or all but one in
# a thousand, with a second argument.
check_calls() {
	local tried completed
	tried=$(lab_get "$1" .calls.tried)
	completed=$(lab_get "$1" .calls.completed)
	echo "$1: $(lab_get "$1" .calls)"
	check "$1: calls tried" "$tried" -gt 0
	if [[ ${2:-} ]]; then
		check "$1: per mille completed" "$((completed * 1000 / tried))" -ge 999
	else
		check "$1: calls completed of $tried" "$completed" -eq "$tried"
	fi
}

# check_sipp NAME CALLS [COMPLETED]: sipp completed every call. What is lost by a peer that is late is
# sent again; what is lost in earnest fails a call.
check_sipp() {
	local completed=${3:-$(lab_sipp_count "$1" SuccessfulCall)}
	[[ $completed == "$2" || ! -s $lab_tmp/$1.errors ]] || tail -c 1500 "$lab_tmp/$1.errors"
	check "$1: calls of $2 that sipp completed" "$completed" -eq "$2"
}

# What each test starts with: the server, sipxdpd before it, phones that answer.
start_guarded_lab() { # MODE [SERVICE-LINES [TOP-LINES]]
	[[ $EUID == 0 ]] || skip "needs root"
	[[ -e /sys/kernel/btf/vmlinux ]] || skip "the kernel has no BTF"
	[[ -x $LAB_BUILD/sipxdpd && -x $LAB_BIN/phones ]] || fail "not built: make all lab"
	lab_up
	lab_config "$1" "${2:-}" "${3:-}" >"$lab_tmp/sipxdp.yaml"
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
	lab_start_server
	lab_start_callees callee
}

register_callers() {
	lab_phones register callers --register 50 || fail "callers: $(lab_get register .register)"
}

# Dropped packets between two snapshots, and what became of them.
check_no_drops() { # BEFORE AFTER
	local rows
	rows=$(lab_stats_between "$1" "$2" | jq -c 'map(select(.verdict | test("drop")))')
	check "rows of drops between $1 and $2" "$rows" = "[]"
}

bans() {
	lab_ctl --json ban list | jq -r '.bans[].address'
}
