#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Floods on a veth, in the lab's network namespaces: how many packets one CPU drops, and how many
# legit calls come through: with sipxdp, with an nftables ingress meter per source, with iptables'
# hashlimit, with nothing, and for the calls with kamailio's pike.
#
#	bench/flood.sh [JSON-FILE]      ROUNDS=3 SECS=1.5 CALL_SECS=6 PARTS="drops calls" shorten it
#
# The generator has the last CPU for itself. For the first table the receiving end's NAPI runs in a
# kernel thread on the first CPU, whose CPU time is what a packet costs: whatever the generator has
# to do is not in it. For the second one the kernel chooses.
set -euo pipefail

LAB_INSTANCE=bench-$$
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"

ROUNDS=${ROUNDS:-3}
SECS=${SECS:-1.5}
CALL_SECS=${CALL_SECS:-6}
PARTS=${PARTS:-drops calls}
CALLS=100
LIMIT=20       # messages a second of a source, as sipxdp has it by default
TALKERS=262144 # sources known at once, the same
SPOOF=16.0.0.0/4
NAPI_CPU=0
GOAL_RATIO=3.5  # times as many packets dropped on a CPU as by the meter
GOAL_CALLS=99.9 # percent

device=eth0 # of the server
rows=()  # of the first table, JSON
calls=() # of the second

# ---- receivers: what stands in the flood's way on the server ----

# nft_guard SET STATEMENT: drops what a source sends beyond the limit, before the network stack
nft_guard() {
	lab_in server nft -f - <<-END
		table netdev guard {
			counter dropped { }
			$1
			chain ingress {
				type filter hook ingress device "$device" priority 0; policy accept;
				ip daddr $LAB_SERVER udp dport 5060 $2 { ip saddr limit rate over $LIMIT/second burst $LIMIT packets } counter name dropped drop
			}
		}
	END
}

# hashlimit_guard -A|-D: the same in iptables, where it comes first
hashlimit_guard() {
	lab_in server iptables -w -t raw "$1" PREROUTING -d "$LAB_SERVER" -p udp --dport 5060 \
		-m hashlimit --hashlimit-name guard --hashlimit-mode srcip \
		--hashlimit-above "$LIMIT/second" --hashlimit-burst "$LIMIT" \
		--hashlimit-htable-size 65536 --hashlimit-htable-max "$TALKERS" -j DROP
}

receiver_up() {
	case $1 in
	nothing | "kamailio pike") ;;
	"XDP drop")
		lab_in server ip link set dev "$device" xdpdrv obj "$LAB_BUILD/bench/drop.bpf.o" sec xdp
		;;
	sipxdp)
		lab_config enforce | sed "s/eth0/$device/" >"$lab_tmp/sipxdp.yaml"
		lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
		;;
	"nft meter") nft_guard "" "meter talkers size $TALKERS" ;;
	hashlimit) hashlimit_guard -A ;;
	"nft set")
		nft_guard "set talkers { type ipv4_addr; size $TALKERS; flags dynamic, timeout; timeout 1m; }" \
			"add @talkers"
		;;
	esac
}

receiver_down() {
	case $1 in
	"XDP drop") lab_in server ip link set dev "$device" xdp off ;;
	sipxdp) lab_stop_sipxdp ;;
	nft*) lab_in server nft delete table netdev guard ;;
	hashlimit) hashlimit_guard -D ;;
	esac
}

# receiver_dropped RECEIVER: packets it has dropped until now
receiver_dropped() {
	# shellcheck disable=SC2016 # awk's own variable
	case $1 in
	nothing) lab_in server awk '/^Udp:/ { if (n++) print $6 }' /proc/net/snmp ;;
	"XDP drop") lab_in server ethtool -S "$device" | awk '/rx_queue_.*xdp_drops/ { n += $2 } END { print n + 0 }' ;;
	sipxdp) lab_ctl --json stats | jq '[.stats[] | select(.verdict == "drop").packets] | add // 0' ;;
	nft*)
		lab_in server nft -j list counter netdev guard dropped |
			jq '.nftables[] | select(.counter).counter.packets'
		;;
	hashlimit) lab_in server iptables -w -t raw -vnxL PREROUTING | awk '$3 == "DROP" { print $1 }' ;;
	esac
}

# ---- what a packet costs ----

# The receiving end's NAPI in a process, on its CPU. The device gets a name of its own, by which the
# process is found: other labs on this host may have such processes, too.
napi_start() {
	local ns=$LAB_PREFIX-server
	device=b$$
	# As ip netns exec it sees the namespace's own /sys.
	ip netns exec "$ns" sh -c 'echo 1 >/sys/class/net/eth0/threaded'
	ip -n "$ns" link set eth0 down
	ip -n "$ns" link set eth0 name "$device"
	ip -n "$ns" link set "$device" up
	napi=$(pgrep "^napi/$device-" || true)
	[[ $napi ]] || lab_die "the kernel has no threaded NAPI on a veth"
	taskset -pc "$NAPI_CPU" "$napi" >/dev/null
}

napi_ns() {
	awk '{ print $1 }' "/proc/$napi/schedstat"
}

# A server that is busy: its socket is full.
full_socket() {
	lab_spawn socket server perl -MSocket -e 'socket(S, PF_INET, SOCK_DGRAM, 17) or die;
		setsockopt(S, SOL_SOCKET, SO_RCVBUF, 4096);
		bind(S, sockaddr_in(5060, INADDR_ANY)) or die; sleep 600'
	lab_until 5 lab_listens server 5060
}

# measure RECEIVER SOURCES OPTION...: one round of the flood as fast as it can be
measure() {
	local receiver=$1 sources=$2 ns dropped
	shift 2
	dropped=$(receiver_dropped "$receiver")
	ns=$(napi_ns)
	lab_flood flood --rate 0 --seconds "$SECS" --mix invite=1 "$@" || lab_die "$(cat "$lab_tmp/flood.log")"
	sleep 0.2
	ns=$(($(napi_ns) - ns))
	dropped=$(($(receiver_dropped "$receiver") - dropped))
	rows+=("$(jq -c --arg receiver "$receiver" --arg sources "$sources" --argjson ns "$ns" \
		--argjson dropped "$dropped" '{$receiver, $sources, sent: .packets,
		received: (.packets - ([.undelivered, 0] | max)), $ns, $dropped}' "$lab_tmp/flood.out")")
}

measure_receiver() {
	local round
	receiver_up "$1"
	measure "$1" warm --from 10.77.4.66 # code is warm, and the source known
	unset 'rows[-1]'
	for ((round = 0; round < ROUNDS; round++)); do
		measure "$1" "1 one" --from 10.77.4.66
	done
	for ((round = 0; round < ROUNDS; round++)); do
		measure "$1" "2 4,096" --from 16.1.0.0/20
	done
	for ((round = 0; round < ROUNDS; round++)); do
		measure "$1" "3 any" --from "$SPOOF"
	done
	receiver_down "$1"
}

# ---- legit calls ----

measure_calls() { # RECEIVER PACKETS-A-SECOND
	local name sent=0
	name=calls-${#calls[@]}
	if (($2 > 0)); then
		lab_start_flood flood --from "$SPOOF" --rate "$2" --seconds $((CALL_SECS + 2))
		sleep 1
	fi
	lab_phones "$name" callers --calls "$CALLS" --seconds "$CALL_SECS" --give-up 4000 || true
	if (($2 > 0)); then
		lab_wait flood || lab_die "$(cat "$lab_tmp/flood.log")"
		sent=$(lab_get flood .pps)
	fi
	calls+=("$(jq -c --arg receiver "$1" --argjson sent "$sent" '{$receiver, pps: $sent,
		tried: .calls.tried, completed: .calls.completed,
		within_1s: .calls.setup.within_1s, median_ms: .calls.setup.median_ms}' \
		"$lab_tmp/$name.out")")
}

measure_calls_of() { # RECEIVER
	local lab_server_options=()
	[[ $1 != "kamailio pike" ]] || lab_server_options=(-A PIKE -m 512)
	# Each has a server of its own: what the flood left in it is not the next one's business.
	lab_start_server
	lab_start_callees callee
	receiver_up "$1"
	lab_phones register callers --register 50 || lab_die "callers do not register"
	measure_calls "$1" 0
	measure_calls "$1" 200000
	measure_calls "$1" 1000000
	receiver_down "$1"
	lab_stop kamailio
	lab_stop callee
	rm -f "$lab_tmp/callee.log"
}

# ---- results ----

summary() {
	printf '%s\n' "${rows[@]}" | jq -s --argjson goal "$GOAL_RATIO" --argjson goal_calls "$GOAL_CALLS" \
		--argjson calls "$(printf '%s\n' "${calls[@]}" | jq -sc .)" '
		def median: sort | .[length / 2 | floor];
		[group_by([.receiver, .sources])[] | {
			receiver: .[0].receiver, sources: .[0].sources,
			ns_a_packet: (map(.ns / .received) | median),
			least_ns: (map(.ns / .received) | min),
			greatest_ns: (map(.ns / .received) | max),
			refused_percent: (map(100 * (1 - .received / .sent)) | median),
			dropped_percent: (map(100 * .dropped / .received) | median),
			dropped_a_core_second: (map(.dropped * 1e9 / .ns) | median)}]
		| . as $drops
		| map(. as $row | ($drops[] | select(.receiver == "nft meter" and .sources == $row.sources)) as $meter
			| .times_meter = (if $meter.dropped_percent < 50 then null
				else .dropped_a_core_second / $meter.dropped_a_core_second end))
		| {drops: ., goal_times_meter: $goal, calls: $calls, goal_calls_percent: $goal_calls}'
}

show() { # JSON-FILE
	printf '%-10s %-9s %10s %16s %9s %8s %14s %8s\n' RECEIVER sources "ns/packet" "least-greatest" \
		"ring full" "dropped" "dropped/s/CPU" "x meter"
	jq -r '.goal_times_meter as $goal | .drops | sort_by(.sources, .receiver)[]
		| [.receiver, .sources, .ns_a_packet, .least_ns, .greatest_ns, .refused_percent, .dropped_percent,
			.dropped_a_core_second, .times_meter // "-",
			(if .receiver != "sipxdp" or .sources != "1 one" then ""
				elif .times_meter >= $goal then "goal \($goal) met"
				else "goal \($goal) missed" end)] | @tsv' "$1" |
		while IFS=$'\t' read -r receiver sources ns least greatest full dropped second times goal; do
			printf '%-10s %-9s %10.0f %16s %7.0f %% %6.1f %% %14.0f %8.4s %s\n' "$receiver" \
				"${sources#* }" "$ns" "$(printf '%.0f-%.0f' "$least" "$greatest")" "$full" \
				"$dropped" "$second" "$times" "$goal"
		done
	printf '\n%-13s %12s %6s %10s %10s %10s %10s\n' CALLS "flood, pps" tried completed "" "in 1 s" median
	jq -r '.goal_calls_percent as $goal | .calls[] | [.receiver, .pps, .tried, .completed,
			100 * .completed / .tried, 100 * .within_1s / .tried, .median_ms // 0,
			(if .receiver != "sipxdp" or .pps < 500000 then ""
				elif 100 * .completed / .tried >= $goal then "goal \($goal) % met"
				else "goal \($goal) % missed" end)] | @tsv' "$1" |
		while IFS=$'\t' read -r receiver pps tried completed percent soon median goal; do
			printf '%-13s %12.0f %6d %10d %8.1f %% %8.1f %% %7.1f ms %s\n' "$receiver" "$pps" \
				"$tried" "$completed" "$percent" "$soon" "$median" "$goal"
		done
}

# Comes last: the device does not get its name back.
measure_drops() {
	local receiver
	napi_start
	full_socket
	for receiver in nothing "XDP drop" "nft set" "nft meter" hashlimit sipxdp; do
		measure_receiver "$receiver"
	done
	lab_stop socket
}

measure_all_calls() {
	local receiver
	for receiver in sipxdp "nft meter" hashlimit "kamailio pike" nothing; do
		measure_calls_of "$receiver"
	done
}

main() {
	local json=${1:-$LAB_BUILD/bench/flood.json}
	if [[ $EUID != 0 ]]; then
		echo "SKIP bench/flood.sh: needs root"
		return 0
	fi
	lab_up
	[[ $PARTS != *calls* ]] || measure_all_calls
	[[ $PARTS != *drops* ]] || measure_drops
	summary >"$json"
	show "$json"
}

main "$@"
