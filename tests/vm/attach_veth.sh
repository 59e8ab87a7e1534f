#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: native on veth; where the kernel lets libxdp's dispatcher have our program, sipxdp and xdp-filter both do their work, whoever came first, through reload, kill -9 and restart, and each leaves without the other; elsewhere sipxdp works alone, and neither pushes the other out
# shellcheck disable=SC2034 # read by lab.sh
LAB_PHONES=5
# shellcheck source-path=SCRIPTDIR source=../net/check.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/check.sh"

answered() { lab_answers attacker && echo yes || echo no; }
interface() { lab_ctl --json status | jq -r ".interfaces[] | select(.name == \"eth0\") | .$1"; }
filter() { lab_in server xdp-filter "$@" >/dev/null; }
attached() { lab_in server xdp-loader status eth0 | grep -cE "$1" || true; }

# Each drops the other's packets when told to, and lets them through otherwise.
check_both_work() { # WHEN
	check "$1: held by" "$(interface holder)" = dispatcher
	check "$1: XDP" "$(interface ingress)" = native
	check "$1: programs of others" "$(interface other_programs)" -eq 1
	check "$1: answered" "$(answered)" = yes
	filter ip -m src 10.77.4.10
	check "$1: answered when xdp-filter drops" "$(answered)" = no
	filter ip -m src -r 10.77.4.10
	lab_ctl ban add 10.77.4.10 --for 10m
	check "$1: answered when sipxdp drops" "$(answered)" = no
	lab_ctl ban del 10.77.4.10
	check "$1: answered again" "$(answered)" = yes
}

# Programs of others that are there already, in a dispatcher or not, are left alone.
check_refused() { # WHOSE WORDS
	if lab_in server timeout 60 "$LAB_BUILD/sipxdpd" -c "$lab_tmp/sipxdp.yaml" 2>"$lab_tmp/refused.log"; then
		fail "sipxdpd starts on an interface with $1"
	fi
	check "words on $1" "$(grep -c "$2" "$lab_tmp/refused.log")" -eq 1
}

check_foreign() {
	lab_in server ip link set dev eth0 xdpdrv obj "$LAB_BIN/wire.bpf.o" sec xdp
	check_refused "a foreign program" "attached already"
	lab_in server ip link set dev eth0 xdpdrv off
}

# Linux 6.12.6 and newer take no program that changes packets into the dispatcher of libxdp 1.3.
check_alone() {
	check "held by" "$(interface holder)" = link
	check "answered" "$(answered)" = yes
	if filter load -m native -f udp,ipv4 eth0 2>/dev/null; then
		fail "xdp-filter loads where sipxdp is alone"
	fi
	check "XDP after xdp-filter's attempt" "$(interface ingress)" = native
	lab_ctl ban add 10.77.4.10 --for 10m
	check "answered when sipxdp drops" "$(answered)" = no
	lab_ctl ban del 10.77.4.10
	register_callers
	lab_start_phones calls callers --calls 2 --seconds 10
	lab_kill_sipxdp
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
	check "held by after a restart" "$(interface holder)" = link
	lab_wait calls || true
	check_calls calls
	lab_stop_sipxdp
	check "programs after the stop" "$(attached sipxdp_ingress)" -eq 0
	filter load -m native -f udp,ipv4 eth0
	check_refused "programs in a dispatcher" "dispatcher already"
	check "xdp-filter's after that" "$(attached xdpfilt)" -eq 1
	filter unload eth0
	check_foreign
}

start_guarded_lab enforce
check "XDP" "$(interface ingress)" = native
if [[ $(uname -r) != 6.1.* ]]; then
	check_alone
	exit
fi
check "held by" "$(interface holder)" = dispatcher
check "programs of others" "$(interface other_programs)" -eq 0
filter load -m native -f udp,ipv4 eth0
check_both_work "xdp-filter came second"

lab_config enforce "    limits: {per_source: {options: 9/s}}" >"$lab_tmp/sipxdp.yaml"
lab_reload_sipxdp
register_callers
lab_start_phones calls callers --calls 2 --seconds 10
lab_kill_sipxdp
check "programs of others without a daemon" "$(interface other_programs)" -eq 1
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_wait calls || true
check_calls calls
check "programs of ours after a restart" "$(attached sipxdp_ingress)" -eq 1
check_both_work "after a restart"

lab_stop_sipxdp
check "programs of ours after the stop" "$(attached sipxdp_ingress)" -eq 0
check "xdp-filter's after the stop" "$(attached xdpfilt)" -eq 1
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
check_both_work "xdp-filter came first"
filter unload eth0
check "xdp-filter's after its unloading" "$(attached xdpfilt)" -eq 0
check "programs of others after that" "$(interface other_programs)" -eq 0
check "answered after that" "$(answered)" = yes
lab_stop_sipxdp
check "programs after all have gone" "$(attached "sipxdp_ingress|xdpfilt|xdp_dispatcher")" -eq 0

check_foreign
