#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: native on virtio-net: phones answer the question that the driver sends back and register, a ban drops, and the interface may go down and up
# shellcheck disable=SC2034 # read by lab.sh
LAB_PHONES=5
# shellcheck source-path=SCRIPTDIR source=../net/check.sh
source "$(dirname "${BASH_SOURCE[0]}")/../net/check.sh"

# The guest's two network cards, which are on one hub.
take_card() { # MAC SITE ADDRESS ADDRESS6
	local name ns=$LAB_PREFIX-$2
	name=$(ip -json link show | jq -r ".[] | select(.address == \"$1\") | .ifname")
	[[ $name ]] || fail "no network card $1"
	ip netns add "$ns"
	ip link set "$name" netns "$ns" name eth0
	lab_in "$2" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0
	ip -n "$ns" link set lo up
	ip -n "$ns" link set eth0 up
	ip -n "$ns" addr add "$3" dev eth0
	ip -n "$ns" addr add "$4" dev eth0 nodad
}

answered() { lab_answers callers && echo yes || echo no; }
interface() { lab_ctl --json status | jq -r ".interfaces[] | select(.name == \"eth0\") | .$1"; }

lab_mount_bpffs
lab_tmp=$(mktemp -d)
chmod 755 "$lab_tmp"
trap lab_down EXIT
take_card 02:00:00:00:00:01 server "$LAB_SERVER/16" "$LAB_SERVER6/48"
take_card 02:00:00:00:00:02 callers 10.77.1.10/16 fd77:0:0:1::10/48
lab_add_addresses callers 1
check "driver" "$(lab_in server ethtool -i eth0 | sed -n 's/^driver: //p')" = virtio_net

lab_config enforce "    verify_source: always" >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_start_server
check "XDP" "$(interface ingress)" = native
lab_stats before
lab_phones register callers --register 5 || fail "callers: $(lab_get register .register)"
lab_stats after
check "questions sent back by the driver" \
	"$(lab_packets before after '.verdict == "tx" and .reason == "unproven"')" -gt 0
check "answers taken" "$(lab_packets before after '.reason == "proof"')" -gt 0

lab_config enforce >"$lab_tmp/sipxdp.yaml"
lab_reload_sipxdp
sleep 1
check "answered" "$(answered)" = yes
lab_ctl ban add 10.77.1.10 --for 10m
check "answered when banned" "$(answered)" = no
check "packets dropped as banned" \
	"$(lab_ctl --json stats | jq '[.stats[] | select(.reason == "banned").packets] | add // 0')" -gt 0
lab_ctl ban del 10.77.1.10
check "answered again" "$(answered)" = yes

ip -n "$LAB_PREFIX-server" link set eth0 down
ip -n "$LAB_PREFIX-server" link set eth0 up
check "XDP after down and up" "$(interface ingress)" = native
check "answered after down and up" "$(answered)" = yes

lab_stop_sipxdp
check "programs after the stop" "$(lab_in server ip -json link show eth0 | jq '[.[].xdp // empty] | length')" -eq 0
