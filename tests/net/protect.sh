#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: make run IFACE=X guards an interface in the mode that was asked for, until interrupted, and leaves nothing behind
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

[[ $EUID == 0 ]] || skip "needs root"
[[ -e /sys/kernel/btf/vmlinux ]] || skip "the kernel has no BTF"
lab_up
lab_claimed=1
export INSTANCE=$LAB_INSTANCE

protect() { # VARIABLE=VALUE...
	lab_spawn protect server env "$@" "$LAB_ROOT/lab/protect.sh" eth0
}

alive() {
	lab_ctl --json status | jq -e .daemon.alive
}

for mode in enforce monitor; do
	protect GUARD=$mode
	lab_until 30 alive || fail "not started: $(cat "$lab_tmp/protect.log")"
	check "mode" "$(lab_ctl --json status | jq -r .mode)" = "$mode"
	lab_stop protect
	check "pins left behind" "$([[ -e /sys/fs/bpf/sipxdp/$LAB_INSTANCE ]] && echo yes || echo no)" = no
done
protect MODE=monitor
lab_wait protect && fail "MODE=monitor is taken for GUARD=monitor"
check "and says why" "$(grep -c GUARD=monitor "$lab_tmp/protect.log")" -eq 1
