#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: the Vagrantfile is valid, and provisioning makes of an empty Debian each of the machines
#
# Needs root, vagrant and mmdebstrap; makes a Debian root in a temporary directory and removes it.
# ROLES="edge" provisions only these. No virtual machine is started.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

ROLES=${ROLES:-edge server caller attacker}
root=$(mktemp -d "${TMPDIR:-/var/tmp}/sipxdp-vagrant.XXXXXX")

clean() {
	umount -R "$root"/debian/{proc,dev,sys} 2>/dev/null || true
	rm -rf --one-file-system "$root"
}

fail() {
	echo "not ok - $*"
	exit 1
}

check_files() {
	VAGRANT_CHECKPOINT_DISABLE=1 VAGRANT_HOME=$root/vagrant-home VAGRANT_CWD=vagrant \
		vagrant validate --ignore-provider || fail "vagrant validate"
	echo "ok - the Vagrantfile is valid"
	shellcheck -x vagrant/*.sh || fail "shellcheck"
	echo "ok - shellcheck finds nothing in vagrant/"
}

make_root() {
	mmdebstrap --quiet --variant=minbase --include=ca-certificates bookworm "$root/debian"
	# How this host reaches Debian's packages is how the root does.
	grep -ls 'Acquire' /etc/apt/apt.conf.d/* | xargs -r cp -t "$root/debian/etc/apt/apt.conf.d"
	cp /etc/resolv.conf "$root/debian/etc/resolv.conf"
	mkdir "$root/debian/sipxdp"
	git ls-files -z -co --exclude-standard | xargs -0 cp --parents -t "$root/debian/sipxdp"
	mount -t proc proc "$root/debian/proc"
	mount --rbind /dev "$root/debian/dev"
	mount --make-rslave "$root/debian/dev"
	mount -t sysfs -o ro sysfs "$root/debian/sys"
}

provision() { # ROLE
	local log=$root/$1.log
	if ! chroot "$root/debian" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		/sipxdp/vagrant/provision.sh "$1" >"$log" 2>&1; then
		tail -n 30 "$log"
		fail "$1 is provisioned"
	fi
	echo "ok - $1 is provisioned ($SECONDS s)"
}

check_machine() {
	local unit
	chroot "$root/debian" sipxdpctl version
	for unit in "$root"/debian/etc/systemd/system/sipxdp-*.service; do
		grep -q '^ExecStart=/' "$unit" || fail "$(basename "$unit") has a command"
		program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")
		chroot "$root/debian" test -x "$program" || fail "$program is there"
	done
	echo "ok - what the units start is there"
}

[[ $EUID == 0 ]] || fail "needs root"
for tool in vagrant shellcheck mmdebstrap; do
	command -v "$tool" >/dev/null || fail "$tool is there (lab/install-deps.sh vagrant)"
done
# In a mount namespace of its own, so that nothing is left mounted.
if [[ ! ${SIPXDP_UNSHARED:-} ]]; then
	rm -rf "$root"
	SIPXDP_UNSHARED=1 exec unshare --mount --propagation private "$0" "$@"
fi
trap clean EXIT
check_files
make_root
for role in $ROLES; do
	provision "$role"
done
check_machine
