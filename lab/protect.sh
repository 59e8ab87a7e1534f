#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Protects an interface of this host with the default configuration, in the foreground, until
# interrupted: lab/protect.sh eth0. GUARD=monitor counts what would be dropped, and drops nothing.
# In another terminal: build/sipxdpctl stats --watch
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=${LAB_BUILD:-$root/build}
iface=${1:-${IFACE:-}}
mode=${GUARD:-enforce}
instance=${INSTANCE:-default}

die() {
	echo "protect: $*" >&2
	exit 1
}

[[ $EUID == 0 ]] || die "needs root"
[[ $iface =~ ^[A-Za-z0-9_.-]{1,15}$ ]] || die "name the interface: lab/protect.sh eth0"
ip link show dev "$iface" >/dev/null 2>&1 || die "there is no interface $iface"
[[ $mode == enforce || $mode == monitor ]] || die "GUARD is enforce or monitor"
# The lab's word for something else: whoever means to drop nothing is not to be misunderstood.
[[ ${MODE:-guard} == guard ]] || die "MODE is guard; GUARD=monitor drops nothing"
mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf || die "cannot mount the BPF file system"

config=$(mktemp "${TMPDIR:-/tmp}/sipxdp.XXXXXX.yaml")
trap 'rm -f "$config"' EXIT
cat >"$config" <<END
instance: $instance
interfaces: [$iface]
mode: $mode
services:
  - name: sip
    listen: ["udp:*:5060", "tcp:*:5060", "tls:*:5061"]
END
chmod 644 "$config"
"$build/sipxdpctl" check "$config" || die "the default configuration is not valid"
echo "protect: $iface, $mode, SIP on ports 5060 and 5061; interrupt to detach" >&2
"$build/sipxdpd" -c "$config" &
pid=$!
trap 'kill -TERM "$pid"' INT TERM
while kill -0 "$pid" 2>/dev/null; do
	wait "$pid" && status=0 || status=$? # a signal ends the wait, too, and not the daemon
done
exit "$status"
