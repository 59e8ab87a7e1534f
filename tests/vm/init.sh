#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0-only
# The guest's first process: its root is the host's file system, read through 9p and never written
# to; what the guest writes stays in its memory, but for the directory of results.
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
while read -r module; do
	$b insmod "/modules/$module" || echo "module $module: not loaded"
done </order
share=trans=virtio,version=9p2000.L,msize=524288
$b mount -t 9p -o "ro,cache=loose,$share" host /host
$b mount -t tmpfs upper /upper
$b mkdir /upper/data /upper/work
$b mount -t overlay root /root -o lowerdir=/host,upperdir=/upper/data,workdir=/upper/work
for mount in proc:/proc sysfs:/sys devtmpfs:/dev devpts:/dev/pts tmpfs:/dev/shm tmpfs:/run \
	bpf:/sys/fs/bpf tracefs:/sys/kernel/tracing; do
	$b mkdir -p "/root${mount#*:}" 2>/dev/null
	$b mount -t "${mount%%:*}" "${mount%%:*}" "/root${mount#*:}"
done
$b ln -sf /proc/self/fd /root/dev/fd
# No name is looked up elsewhere: there is no network beyond the guest.
$b hostname guest
echo "127.0.0.1 localhost guest" >/root/etc/hosts
: >/root/etc/resolv.conf
first=guest
for word in $($b cat /proc/cmdline); do
	case $word in
	sipxdp.tree=*) tree=${word#*=} ;;
	sipxdp.first=*) first=${word#*=} ;;
	esac
done
$b mkdir -p "/root/run/results"
$b mount -t 9p -o "$share" results /root/run/results
export SIPXDP_GUEST=emulated HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
if [ "$first" = systemd ]; then # which is the first process from there on
	$b chroot /root /bin/bash "$tree/tests/vm/systemd_prepare.sh" "$tree" /run/results &&
		exec $b switch_root /root /lib/systemd/systemd \
			--unit=sipxdp-test.target --show-status=no
	$b poweroff -f
fi
$b chroot /root /bin/bash "$tree/tests/vm/guest.sh" "$tree" /run/results
echo "guest: exit status $?"
$b sync
$b poweroff -f
