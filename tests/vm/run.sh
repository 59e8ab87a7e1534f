#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Boots other kernels in QEMU with this working tree, and runs tests/vm/guest.sh in each: the BPF
# tests, what the verifier makes of the programs of several compilers, libxdp's dispatcher, native
# XDP, and calls through a flood; and boots them once more with systemd as the first process, which
# runs tests/vm/systemd.sh. Prints "ok N - ..." or "not ok"; what was seen is in
# build/vm/KERNEL. The programs of this host's kernel are looked at, too, if BPF can be used here.
#
#   tests/vm/run.sh 6.1 6.12       which kernels; both unless named
#   VM_TESTS='loads bpf attach_veth attach_virtio calls systemd'   what is run in each; all unless set
#   VM_CACHE=DIRECTORY             where kernels are kept (~/.cache/sipxdp-vm)
#   VM_SECONDS=5400                the longest a kernel may take
#   VM_ACCEL=kvm                   where KVM works; without it everything takes some 15 times as long.
#                                  One thread emulates all CPUs: with several, a kernel that changes its
#                                  own code (as it does when XDP programs come and go) meets a half of it
#
# Needs no root, but for this host's kernel.
set -euo pipefail

vm_directory=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_tree=$(cd "$vm_directory/../.." && pwd)
# shellcheck source-path=SCRIPTDIR source=kernel.sh
source "$vm_directory/kernel.sh"

VM_SECONDS=${VM_SECONDS:-5400}
VM_ACCEL=${VM_ACCEL:-tcg,thread=single}
VM_MEMORY=2048 # MiB
VM_ALL="loads bpf attach_veth attach_virtio calls systemd"

vm_boot() { # RESULTS-DIRECTORY FIRST: guest or systemd, the first process
	timeout --foreground "$VM_SECONDS" qemu-system-x86_64 -accel "$VM_ACCEL" -cpu max \
		-m "$VM_MEMORY" -smp 2 -nographic -nodefaults -no-reboot -serial stdio \
		-fsdev local,id=host,path=/,security_model=none,readonly=on,multidevs=remap \
		-device virtio-9p-pci,fsdev=host,mount_tag=host \
		-fsdev "local,id=results,path=$1,security_model=none" \
		-device virtio-9p-pci,fsdev=results,mount_tag=results \
		-netdev hubport,id=near,hubid=0 -netdev hubport,id=far,hubid=0 \
		-device virtio-net-pci,netdev=near,romfile=,mac=02:00:00:00:00:01 \
		-device virtio-net-pci,netdev=far,romfile=,mac=02:00:00:00:00:02 \
		-kernel "$vm_image" -initrd "$vm_initrd" \
		-append "console=ttyS0 quiet panic=-1 sipxdp.tree=$vm_tree sipxdp.first=$2" </dev/null 2>&1 |
		sed -u "s/\r//g; s/\x1b[^a-zA-Z]*[a-zA-Z]//g"
}

# vm_listen KERNEL RESULTS FIRST: what the guest says, passed on and counted.
vm_listen() {
	local kernel=$1 results=$2 first=$3 line
	rm -f "$results/done"
	while IFS= read -r line; do
		case $line in
		"ok - "* | "not ok - "*)
			number=$((number + 1))
			[[ $line == ok* ]] && passed=$((passed + 1)) || failed=$((failed + 1))
			printf '%s %d - %s: %s\n' "${line%% - *}" "$number" "$kernel" "${line#* - }"
			;;
		*) printf '  # %s\n' "$line" ;;
		esac
	done < <(vm_boot "$results" "$first" | tee "$vm_tree/build/vm/$kernel-$first.console")
	if [[ ! -e $results/done ]]; then
		number=$((number + 1)) failed=$((failed + 1))
		printf 'not ok %d - %s: the guest of %s ended early\n' "$number" "$kernel" "$first"
	fi
}

vm_test() { # KERNEL
	local kernel=$1 results=$vm_tree/build/vm/$1 start=$SECONDS tests=" ${VM_TESTS:-$VM_ALL} "
	mkdir -p "$results"
	rm -f "$results"/*
	vm_kernel "$kernel" || {
		number=$((number + 1))
		printf 'not ok %d - kernel %s: cannot be had\n' "$number" "$kernel"
		failed=$((failed + 1))
		return
	}
	printf '# kernel %s\n' "$vm_version"
	printf '%s\n' "${tests/ systemd / }" >"$results/tests"
	grep -q '[^ ]' "$results/tests" && vm_listen "$kernel" "$results" guest
	[[ $tests == *" systemd "* ]] && vm_listen "$kernel" "$results" systemd
	printf '# kernel %s: %d s\n' "$vm_version" $((SECONDS - start))
}

# The same objects in the kernel that this runs on.
vm_test_host() {
	local results=$vm_tree/build/vm/host file
	mkdir -p "$results"
	rm -f "$results"/*
	uname -r >"$results/kernel"
	echo "this host" >"$results/where"
	for file in "$vm_tree"/build/vm/clang-*/bpf/sipxdp.bpf.o; do
		number=$((number + 1))
		if "$vm_tree/build/vm/verify" "$(basename "${file%/bpf/*}")=$file" >>"$results/loads" 2>"$results/log"; then
			passed=$((passed + 1))
			printf 'ok %d - host: the programs built by %s load\n' "$number" "$(basename "${file%/bpf/*}")"
		else
			failed=$((failed + 1))
			sed 's/^/  # /' "$results/log"
			printf 'not ok %d - host: the programs built by %s load\n' "$number" "$(basename "${file%/bpf/*}")"
		fi
	done
}

missing=()
for tool in qemu-system-x86_64 busybox cpio modprobe xz; do
	command -v "$tool" >/dev/null || [[ -x /sbin/$tool ]] || missing+=("$tool")
done
if [[ ${#missing[@]} -gt 0 || $(uname -m) != x86_64 ]]; then
	echo "not possible on this host: $(uname -m), missing: ${missing[*]:-nothing}" >&2
	exit 1
fi
[[ $# -gt 0 ]] || set -- 6.1 6.12
number=0 passed=0 failed=0
[[ $EUID != 0 ]] || vm_test_host
for kernel in "$@"; do
	vm_test "$kernel"
done
number=$((number + 1))
if "$vm_directory/table.sh"; then
	passed=$((passed + 1))
	printf 'ok %d - every program loads, within the budget of instructions\n' "$number"
else
	failed=$((failed + 1))
	printf 'not ok %d - every program loads, within the budget of instructions\n' "$number"
fi
printf '%d passed, %d failed\n' "$passed" "$failed"
[[ $failed == 0 && $passed -gt 0 ]]
