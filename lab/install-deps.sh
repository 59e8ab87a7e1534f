#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Installs from Debian what is missing: "build" to compile sipxdp, "lab" to run the lab, "test" to
# run every test; "vm" for other kernels, "bench" for plots, "vagrant" to check vagrant/. Does
# nothing, and needs no rights, where nothing is missing.
set -euo pipefail

# The groups are read by reference.
# shellcheck disable=SC2034
build=(clang-14 llvm-14 libbpf-dev libxdp-dev bpftool libelf-dev zlib1g-dev libyaml-dev
	libjansson-dev libsystemd-dev libcap-ng-dev libpcap-dev libseccomp-dev nettle-dev libncurses-dev pkg-config gcc
	make linux-libc-dev gcc-multilib scdoc)
# shellcheck disable=SC2034
lab=(iproute2 ethtool kamailio sip-tester sipsak sipvicious nftables jq procps tcpdump)
# shellcheck disable=SC2034
test=(libcriterion-dev libclang-rt-14-dev clang-format-14 libosip2-dev libsofia-sip-ua-dev
	tshark sngrep baresip-core shellcheck gcovr openssl)
# shellcheck disable=SC2034
vm=(qemu-system-x86 busybox-static cpio kmod xz-utils xdp-tools clang-16 clang-19)
# shellcheck disable=SC2034
bench=(gnuplot-nox iptables)
# shellcheck disable=SC2034
vagrant=(vagrant mmdebstrap shellcheck)

is_installed() {
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# A service that a package brings along (kamailio) is not to start by being installed.
hold_services() {
	local policy=/usr/sbin/policy-rc.d
	[[ ! -e $policy ]] || return 0
	trap 'rm -f /usr/sbin/policy-rc.d' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod 755 "$policy"
}

install_missing() {
	echo "installing from Debian: $*" >&2
	if [[ $EUID != 0 ]]; then
		echo "install-deps.sh: needs root to install them" >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	hold_services
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "$@"
}

main() {
	local group package
	local -a missing=()
	[[ $# -gt 0 ]] || set -- build lab test
	for group in "$@"; do
		case $group in
		build | lab | test | vm | bench | vagrant) ;;
		*)
			echo "usage: install-deps.sh [build] [lab] [test] [vm] [bench] [vagrant]" >&2
			exit 2
			;;
		esac
		local -n packages=$group
		for package in "${packages[@]}"; do
			is_installed "$package" || missing+=("$package")
		done
	done
	[[ ${#missing[@]} == 0 ]] || install_missing "${missing[@]}"
}

if ! command -v dpkg-query >/dev/null; then
	echo "install-deps.sh: this is no Debian: install what is missing by hand" >&2
	exit 0
fi
main "$@"
