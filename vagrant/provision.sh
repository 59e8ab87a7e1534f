#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Makes a fresh Debian one of the four machines: vagrant/provision.sh caller|attacker|edge|server.
# What is to be installed and built is what `make run` installs and builds. May be run again. Where no
# systemd runs (in a chroot), what would be started is written and checked only.
set -euo pipefail

tree=${SIPXDP_TREE:-/sipxdp}
role=${1:-}

EDGE=10.88.1.2
PHONES=50

die() {
	echo "provision: $*" >&2
	exit 1
}

has_systemd() { [[ -d /run/systemd/system ]]; }

# unit NAME DESCRIPTION COMMAND...: a service that is started now and at each boot
unit() {
	local name=$1 description=$2
	shift 2
	cat >"/etc/systemd/system/$name.service" <<-END
		[Unit]
		Description=$description
		Wants=network-online.target
		After=network-online.target

		[Service]
		ExecStart=$*
		Restart=always
		RestartSec=2
		${UNIT_LINES:-}

		[Install]
		WantedBy=multi-user.target
	END
	start "$name"
}

start() { # UNIT
	if has_systemd; then
		systemctl daemon-reload
		systemctl enable --quiet "$1"
		systemctl restart "$1"
	else
		echo "provision: no systemd runs here: $1 is not started"
	fi
}

# The interface that has an address in a network.
interface() { # ADDRESS
	ip -o -4 addr show to "$1" | awk '{ print $2; exit }'
}

# A route that is there again after a reboot.
route() { # NETWORK VIA
	UNIT_LINES=$'Type=oneshot\nRemainAfterExit=yes\nRestart=no' \
		unit sipxdp-route "the way to $1" /sbin/ip route replace "$1" via "$2"
}

build() {
	"$tree/lab/install-deps.sh" build lab
	make -C "$tree" --no-print-directory -j"$(nproc)" all lab
}

edge() {
	local outside inside
	outside=$(interface "$EDGE") inside=$(interface 10.88.2.2)
	echo 'net.ipv4.ip_forward=1' >/etc/sysctl.d/60-sipxdp.conf
	! has_systemd || sysctl -qp /etc/sysctl.d/60-sipxdp.conf
	make -C "$tree" --no-print-directory install
	! has_systemd || {
		systemd-sysusers
		systemd-tmpfiles --create
	}
	mkdir -p /etc/sipxdp
	cat >/etc/sipxdp/sipxdp.yaml <<-END
		interfaces: [${outside:-eth1}, ${inside:-eth2}]
		on_exit: keep
		services:
		  - name: proxy
		    listen: ["udp:$EDGE:5060", "tcp:$EDGE:5060"]
	END
	sipxdpctl check --no-host /etc/sipxdp/sipxdp.yaml
	install -m 644 "$tree/lab/kamailio.cfg" /etc/kamailio/sipxdp-lab.cfg
	kamailio -c -f /etc/kamailio/sipxdp-lab.cfg -l "udp:127.0.0.1:5060" >/dev/null 2>&1 ||
		die "kamailio does not take its configuration"
	! has_systemd || systemctl disable --quiet --now kamailio 2>/dev/null || true
	unit sipxdp-kamailio "the SIP server that sipxdp guards" \
		/usr/sbin/kamailio -DD -E -m 64 -M 8 -f /etc/kamailio/sipxdp-lab.cfg \
		-l "udp:$EDGE:5060" -l "tcp:$EDGE:5060"
	start sipxdpd
}

# Registrations last ten minutes: they are made anew before that.
server() {
	route 10.88.1.0/24 10.88.2.2
	UNIT_LINES=RuntimeMaxSec=300 unit sipxdp-callees "phones that answer" \
		"$tree/build/lab/phones" --server "$EDGE" --address 10.88.2.10 --port 10000 \
		--phones "$PHONES" --domain lab.test --password secret --user callee \
		--register "$PHONES" --answer
}

caller() {
	route 10.88.2.0/24 "$EDGE"
}

# Frames are sent by the driver's XDP side, which it has only while a program is there.
attacker() {
	local outside
	outside=$(interface 10.88.1.66)
	UNIT_LINES=$'Type=oneshot\nRemainAfterExit=yes\nRestart=no' \
		unit sipxdp-wire "an XDP program, so that the driver sends frames" \
		/sbin/ip link set dev "${outside:-eth1}" xdp obj "$tree/build/lab/wire.bpf.o" sec xdp
}

main() {
	[[ $EUID == 0 ]] || die "needs root"
	[[ -r $tree/Makefile ]] || die "no source tree at $tree (SIPXDP_TREE=...)"
	case $role in
	caller | attacker | edge | server) ;;
	*) die "usage: provision.sh caller|attacker|edge|server" ;;
	esac
	build
	"$role"
	echo "provision: $role is ready"
}

main
