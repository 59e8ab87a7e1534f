#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Makes the guest ready to boot with systemd: tests/vm/systemd_prepare.sh TREE RESULTS. sipxdp is
# installed as on any host; the target that is booted into runs tests/vm/systemd.sh and ends.
set -euo pipefail
tree=$1 results=$2

"$tree/install/install.sh" install >/dev/null

# Of the host's own units only those that come with every system are wanted.
cat >/etc/systemd/system/sipxdp-test.target <<-END
	[Unit]
	Requires=basic.target sipxdp-test.service
	After=basic.target
	AllowIsolate=yes
END
cat >/etc/systemd/system/sipxdp-test.service <<-END
	[Unit]
	After=basic.target dbus.service
	Wants=dbus.service
	SuccessAction=poweroff-force
	FailureAction=poweroff-force
	[Service]
	Type=oneshot
	TimeoutStartSec=900
	Environment=SIPXDP_GUEST=emulated
	ExecStart=/bin/bash $tree/tests/vm/systemd.sh $tree $results
	StandardOutput=tty
	StandardError=tty
	TTYPath=/dev/ttyS0
END
# /tmp is the host's, and the tree may be there: it is not cleaned.
ln -sf /dev/null /etc/tmpfiles.d/tmp.conf
# What waits for hardware that is not there, and network managers that would touch ours.
for unit in systemd-udev-settle networking NetworkManager systemd-networkd systemd-networkd-wait-online \
	systemd-timesyncd systemd-remount-fs systemd-fsck-root; do
	ln -sf /dev/null "/etc/systemd/system/$unit.service"
done
: >/etc/fstab
echo sipxdp-guest >/etc/hostname
