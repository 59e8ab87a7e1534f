#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# sipxdpd as a service of systemd, which is the guest's first process: tests/vm/systemd.sh TREE
# RESULTS. Prints "ok - ..." lines.
# shellcheck disable=SC2317 # conditions are called by lab_until
set -uo pipefail
cd "$1" || exit 2
results=$2
# shellcheck source-path=SCRIPTDIR source=../../lab/lab.sh
source lab/lab.sh
CONFIG=/etc/sipxdp/sipxdp.yaml
failed=0

note() { # STATUS NAME
	if [[ $1 == 0 ]]; then
		printf 'ok - systemd: %s\n' "$2"
	else
		printf 'not ok - systemd: %s\n' "$2"
		journalctl --no-pager -u sipxdpd -n 20 -o cat 2>&1 | sed 's/^/  /'
		failed=1
	fi
}

is() { # NAME SEEN WANTED
	[[ $2 == "$3" ]]
	local status=$?
	[[ $status == 0 ]] || printf '  seen: %s, wanted: %s\n' "$2" "$3"
	note "$status" "$1"
}

# ---- conditions to wait for ----

of_unit() { systemctl show sipxdpd --property="$1" --value; }
of_process() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$(of_unit MainPID)/status"; }
is_enforcing() { sipxdpctl --json status | jq -e '.services | length > 0'; }
sees_options() { sipxdpctl --json stats | jq -e '[.stats[] | select(.class == "options").packets] | add > 0'; }
is_called() { [[ $(sipxdpctl --json status | jq -r '.services[0].name') == "$1" ]]; }
journal_has() { journalctl --no-pager -u sipxdpd -o cat | grep -q "$1"; }
# was_restarted TIMES [PID]: which was not the process of now
was_restarted() { [[ $(of_unit NRestarts)/$(of_unit ActiveState) == "$1/active" && $(of_unit MainPID) != "${2:-}" ]]; }

# Two ends of a cable, the far one in a network of its own.
ip netns add far
ip link add sip0 type veth peer name eth0 netns far
ip addr add 192.0.2.10/24 dev sip0
ip link set sip0 up
ip -n far addr add 192.0.2.1/24 dev eth0
ip -n far link set eth0 up
cat >"$CONFIG" <<-END
	instance: default
	interfaces: [sip0]
	on_exit: keep
	services:
	  - name: proxy
	    listen: ["udp:192.0.2.10:5060"]
END

is "the group of the control socket is there from boot on" "$(getent group sipxdp | cut -d: -f1)" sipxdp
is "so is the directory of the socket" "$(stat -c '%a %U %G' /run/sipxdp 2>&1)" "750 root sipxdp"
sipxdpctl check "$CONFIG" >/dev/null
note $? "the configuration is right for this host"

systemctl start sipxdpd
note $? "the service starts, and is ready when it says so"
is "it is active" "$(of_unit ActiveState)/$(of_unit SubState)" active/running
is_enforcing >/dev/null
note $? "it answers on its socket"
is "it may gain no further rights" "$(of_process NoNewPrivs)" 1
is "its system calls are filtered" "$(of_process Seccomp)" 2
is "it warns of nothing" "$(sipxdpctl --json status | jq -c .warnings)" "[]"
rights=$((1 << 12 | 1 << 38 | 1 << 39)) # NET_ADMIN, PERFMON, BPF
[[ $(sipxdpctl --json status | jq -r '.interfaces[0].holder') == link ]] || rights=$((rights | 1 << 21)) # SYS_ADMIN
is "it has the rights left that sipxdpd(8) names" "$(of_process CapEff)" "$(printf '%016x' "$rights")"
groupadd -f sipxdp && useradd --system --no-create-home --gid nogroup --groups sipxdp operator
setpriv --reuid operator --regid nogroup --init-groups sipxdpctl status >/dev/null
note $? "a member of the group may ask it"
! setpriv --reuid nobody --regid nogroup --clear-groups sipxdpctl status >/dev/null 2>&1
note $? "nobody else may"

# Nobody answers; what counts is that it is seen.
ip netns exec far bash -c 'cat tests/data/sip/asterisk-options.sip >/dev/udp/192.0.2.10/5060'
lab_until 10 sees_options
note $? "what comes in is counted"

sed -i 's/name: proxy/name: edge/' "$CONFIG"
systemctl reload sipxdpd
lab_until 20 is_called edge
note $? "a reload takes the changed configuration"
echo "nonsense: 1" >>"$CONFIG"
systemctl reload sipxdpd
lab_until 20 journal_has nonsense
note $? "a wrong one is told of in the journal"
is_called edge
note $? "and changes nothing"
is "lines in the journal have their priority" \
	"$(journalctl --no-pager -u sipxdpd -o json | jq -rs '[.[] | select(.MESSAGE | tostring | test("nonsense"))][0].PRIORITY')" 3
sed -i '/nonsense/d' "$CONFIG"

sipxdpctl ban add 198.51.100.7 >/dev/null
kill -9 "$(of_unit MainPID)"
lab_until 60 was_restarted 1
note $? "killed, it is started again"
sipxdpctl ban list | grep -q 198.51.100.7
note $? "and has its bans still"
pid=$(of_unit MainPID)
kill -STOP "$pid"
lab_until 120 was_restarted 2 "$pid"
note $? "standing still, it is started again by the watchdog"

systemctl stop sipxdpd
is "it stops" "$(of_unit ActiveState) $(of_unit Result)" "inactive success"
bpftool net show dev sip0 2>/dev/null | grep -q sipxdp || ip -d link show sip0 | grep -q xdp
note $? "with on_exit: keep the kernel enforces still"
sed -i 's/on_exit: keep/on_exit: detach/' "$CONFIG"
systemctl start sipxdpd && systemctl stop sipxdpd
! ip -d link show sip0 | grep -q 'prog/xdp'
note $? "with on_exit: detach nothing is left on the interface"
is "nor pinned" "$(ls /sys/fs/bpf/sipxdp 2>/dev/null)" ""

echo "nonsense: 1" >>"$CONFIG"
! systemctl start sipxdpd 2>/dev/null
note $? "with a wrong configuration it does not start"
sed -i '/nonsense/d' "$CONFIG"
lab_until 60 is_enforcing
note $? "and does by itself when it is mended"
systemctl stop sipxdpd
"$1/install/install.sh" uninstall >/dev/null
note $? "it goes as it came"
: >"$results/done"
exit "$failed"
