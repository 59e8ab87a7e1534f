#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whole calls over four backends, by way of sipxdp, nftables, kamailio, or a host that only routes: CPU
# time of the host in the middle for each message, calls completed, time to set one up.
#
#	bench/balance.sh [JSON-FILE]    ROUNDS=5 SECS=1 PACED_SECS=2 PARTS="load paced" shorten it
#
#	callers ── wire ── server: the contender ── wire ── callees (4 addresses)
#
# The server has the first CPU for itself, its devices' NAPI included, which runs in kernel threads;
# the peers and the wires have the last one. Packets come to the server as they come from a network
# card's driver: the wires are XDP programs that redirect frames, so no skb is there yet, nor any work
# of the peers done on the server's time.
set -euo pipefail

LAB_INSTANCE=bench-$$
# shellcheck source-path=SCRIPTDIR source=../lab/lab.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lab/lab.sh"

ROUNDS=${ROUNDS:-5}
SECS=${SECS:-1}
PACED_SECS=${PACED_SECS:-2}
RATE=${RATE:-200} # calls a second
PARTS=${PARTS:-load paced}
CONTENDERS=("XDP wire" "routing" "nftables DNAT" "sipxdp" "sipxdp, tap off"
	"kamailio stateless" "kamailio stateful")
MESSAGES=7           # of a call
UNDER_WAY=64         # calls at a time
PORTS=4096           # of the callers, each with a call at a time
HELD_BACK_NS=1000000 # so long are the server's interrupts held back under load
GOAL_STATELESS=40    # times less CPU a message than kamailio without state
GOAL_DNAT=2          # than nftables

SERVER_CPU=0
OUTSIDE=o$$ # the server's devices
INSIDE=i$$
WIRES=("wo$$" "wi$$") # the wire's, at the other ends of those
CALLERS=10.77.1.10
CALLEES=(10.77.2.11 10.77.2.12 10.77.2.13 10.77.2.14)
# The wires take no notice of addresses. So a server that is a wire itself needs the callees' address
# outside, and the callers' inside.
MAC_CALLEES=02:00:00:00:77:02
MAC_CALLERS=02:00:00:00:77:01

rows=() # of the first table, JSON
paced=() # of the second
pids=() # processes of the contender

ns() { printf '%s-%s' "$LAB_PREFIX" "$1"; }

# ---- the network ----

# add_link SITE DEVICE MAC WIRE-DEVICE NUMBER
add_link() {
	ip link add "$4" index "$5" netns "$(ns wire)" type veth \
		peer name "$2" netns "$(ns "$1")" address "$3"
	lab_in "$1" ethtool -K "$2" tx off gro on >/dev/null
	lab_in wire ethtool -K "$4" tx off gro on >/dev/null
	ip -n "$(ns wire)" link set "$4" up
	ip -n "$(ns "$1")" link set "$2" up
	lab_in wire ip link set dev "$4" xdpdrv obj "$LAB_BUILD/bench/balance_wire.bpf.o" sec xdp
}

# known SITE DEVICE MAC ADDRESS...: neighbours, that nobody has to ask for
known() {
	local site=$1 device=$2 mac=$3 address
	shift 3
	for address in "$@"; do
		ip -n "$(ns "$site")" neigh replace "$address" lladdr "$mac" dev "$device" nud permanent
	done
}

# threads_of SITE DEVICE CPU: its NAPI in a process, on that CPU and before what else is there, as a
# softirq would be; prints the process. As ip netns exec it sees the namespace's own /sys.
threads_of() {
	local thread
	ip netns exec "$(ns "$1")" sh -c "echo 1 >/sys/class/net/$2/threaded"
	thread=$(pgrep "^napi/$2-" || true)
	[[ $thread ]] || lab_die "the kernel has no threaded NAPI on a veth"
	taskset -pc "$3" "$thread" >/dev/null
	chrt -f -p 2 "$thread" 2>/dev/null || renice -n -20 -p "$thread" >/dev/null
	printf '%s' "$thread"
}

# hold_back NS: while packets come, the server's devices look for more after so long, as a network
# card's driver does under load, and those behind it do, too: it need not wake them. 0: each packet
# that finds a device idle wakes it.
hold_back() {
	local device
	for device in "server $OUTSIDE" "server $INSIDE" "wire ${WIRES[0]}" "wire ${WIRES[1]}"; do
		ip netns exec "$(ns "${device% *}")" sh -c "cd /sys/class/net/${device#* }
			echo $1 >gro_flush_timeout
			echo $(($1 ? 2 : 0)) >napi_defer_hard_irqs"
	done
}

network_up() {
	local address
	[[ $EUID == 0 ]] || lab_die "needs root"
	lab_mount_bpffs
	lab_tmp=$(mktemp -d "${TMPDIR:-/tmp}/sipxdp-lab.XXXXXX")
	chmod 755 "$lab_tmp"
	trap lab_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	LAB_SITES=(wire server callers callees)
	for site in "${LAB_SITES[@]}"; do
		ip netns add "$(ns "$site")"
		ip -n "$(ns "$site")" link set lo up
	done
	add_link callers eth0 $MAC_CALLERS callers 100
	add_link server "$OUTSIDE" $MAC_CALLEES "${WIRES[0]}" 101
	add_link callees eth0 $MAC_CALLEES callees 102
	add_link server "$INSIDE" $MAC_CALLERS "${WIRES[1]}" 103
	lab_in server sysctl -qw net.ipv4.ip_forward=1
	ip -n "$(ns callers)" addr add "$CALLERS/24" dev eth0
	ip -n "$(ns server)" addr add 10.77.1.1/24 dev "$OUTSIDE"
	ip -n "$(ns server)" addr add "$LAB_SERVER/32" dev "$OUTSIDE"
	ip -n "$(ns server)" addr add 10.77.2.1/24 dev "$INSIDE"
	for address in "${CALLEES[@]}"; do
		ip -n "$(ns callees)" addr add "$address/24" dev eth0
	done
	known callers eth0 $MAC_CALLEES 10.77.1.1
	known callees eth0 $MAC_CALLERS 10.77.2.1
	known server "$OUTSIDE" $MAC_CALLERS "$CALLERS"
	known server "$INSIDE" $MAC_CALLEES "${CALLEES[@]}"
	ip -n "$(ns callers)" route add default via 10.77.1.1
	ip -n "$(ns callees)" route add default via 10.77.2.1
	napi=("$(threads_of server "$OUTSIDE" $SERVER_CPU)" "$(threads_of server "$INSIDE" $SERVER_CPU)")
	threads_of wire "${WIRES[0]}" "$LAB_FLOOD_CPU" >/dev/null
	threads_of wire "${WIRES[1]}" "$LAB_FLOOD_CPU" >/dev/null
	LAB_PEER_CPUS=$LAB_FLOOD_CPU
}

# ---- contenders ----

sipxdp_config() { # TAP-LINES
	local n
	cat <<-END
		instance: $LAB_INSTANCE
		interfaces: [$OUTSIDE, $INSIDE]
		services:
		  - name: proxy
		    listen: ["udp:$LAB_SERVER:5060"]
		    limits:
	END
	# Each is asked and spent from, none is reached.
	for n in per_source per_prefix unknown total; do
		printf '      %s: {invite: 1000000/s, options: 1000000/s, other: 1000000/s}\n' $n
	done | sed '/total/s/{/{all: 1000000\/s, /'
	cat <<-END
		    balance:
		      forward: nat
		      probe: {fall: 100}
		      backends:
	END
	for n in "${!CALLEES[@]}"; do
		printf '        - {name: b%d, address: "%s:5060"}\n' "$n" "${CALLEES[n]}"
	done
	[[ -z $1 ]] || printf '%s\n' "$1"
}

start_sipxdp() {
	local LAB_PEER_CPUS=$SERVER_CPU
	sipxdp_config "$1" >"$lab_tmp/sipxdp.yaml"
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
	pids=("${lab_pids[sipxdpd]}")
}

# Port and address of the caller choose the backend, and conntrack remembers. Checksums need not be
# verified: a network card would have done it.
start_nftables() {
	local n map=
	for n in "${!CALLEES[@]}"; do
		map+="${map:+, }$n : ${CALLEES[n]}"
	done
	lab_in server nft -f - <<-END
		table ip balance {
			chain in {
				type nat hook prerouting priority dstnat; policy accept;
				ip daddr $LAB_SERVER udp dport 5060 dnat to jhash ip saddr . udp sport mod ${#CALLEES[@]} map { $map }
			}
		}
	END
	lab_in server sysctl -qw net.netfilter.nf_conntrack_checksum=0
}

start_kamailio() { # OPTION...
	local LAB_PEER_CPUS=$SERVER_CPU address
	for address in "${CALLEES[@]}"; do
		printf '1 sip:%s:5060\n' "$address"
	done >"$lab_tmp/dispatcher.list"
	mkdir -p "$lab_tmp/kamailio"
	lab_spawn kamailio server kamailio -DD -E -m 512 -M 8 -f "$LAB_ROOT/bench/balance_kamailio.cfg" \
		-A "LIST=\"$lab_tmp/dispatcher.list\"" "$@" -l "udp:$LAB_SERVER:5060" \
		-Y "$lab_tmp/kamailio" -w "$lab_tmp/kamailio" -P "$lab_tmp/kamailio.pid"
	lab_until 10 lab_listens server 5060 ||
		lab_die "kamailio does not start: $(tail -n 3 "$lab_tmp/kamailio.log")"
	mapfile -t pids < <(echo "${lab_pids[kamailio]}"; pgrep -P "${lab_pids[kamailio]}")
}

contender_up() {
	target=$LAB_SERVER:5060
	pids=()
	case $1 in
	"XDP wire")
		for device in "$OUTSIDE" "$INSIDE"; do
			lab_in server ip link set dev "$device" xdpdrv \
				obj "$LAB_BUILD/bench/balance_wire.bpf.o" sec xdp
		done
		target=callees
		;;
	routing) target=callees ;;
	"nftables DNAT") start_nftables ;;
	sipxdp) start_sipxdp "" ;;
	"sipxdp, tap off") start_sipxdp "tap: {message_bytes: off}" ;;
	"kamailio stateless") start_kamailio ;;
	"kamailio stateful") start_kamailio -A STATEFUL ;;
	esac
}

contender_down() {
	case $1 in
	"XDP wire")
		for device in "$OUTSIDE" "$INSIDE"; do
			lab_in server ip link set dev "$device" xdp off
		done
		;;
	nftables*) lab_in server nft delete table ip balance ;;
	sipxdp*) lab_stop_sipxdp ;;
	kamailio*) lab_stop kamailio ;;
	esac
}

# ---- measuring ----

# ran PROCESS...: CPU time of all their threads, ns
ran() {
	local pid
	for pid in "$@"; do
		cat "/proc/$pid/task/"*/schedstat
	done | awk '{ n += $1 } END { printf "%d", n }'
}

# measure COMMAND...: what the server spends while that runs, into packets_ns and processes_ns
measure() {
	packets_ns=$(ran "${napi[@]}")
	processes_ns=$(ran "${pids[@]}")
	"$@"
	packets_ns=$(($(ran "${napi[@]}") - packets_ns))
	processes_ns=$(($(ran "${pids[@]}") - processes_ns))
}

# ---- as many calls as there can be, 64 at a time ----

load() { # NAME SECONDS [OPTION...]
	local name=$1 seconds=$2
	shift 2
	lab_spawn "$name" server "$LAB_BUILD/bench/bench_balance" --callers "$(ns callers)" "$CALLERS" \
		--callees "$(ns callees)" "${callees// /,}" --target "$target" \
		--ports "$PORTS" --calls "$UNDER_WAY" --seconds "$seconds" "$@"
	lab_wait "$name" || lab_die "no call was completed: $(cat "$lab_tmp/$name.log" "$lab_tmp/$name.out")"
}

measure_load() { # CONTENDER
	contender_up "$1"
	load warm 0.3 # code is warm, and the callers known
	measure load calls "$SECS"
	contender_down "$1"
	rows+=("$(jq -c --arg contender "$1" --argjson packets_ns "$packets_ns" \
		--argjson processes_ns "$processes_ns" '. + {$contender, $packets_ns, $processes_ns}' \
		"$lab_tmp/calls.out")")
}

measure_loads() {
	local round contender
	hold_back "$HELD_BACK_NS"
	for ((round = 0; round < ROUNDS; round++)); do
		for contender in "${CONTENDERS[@]}"; do
			measure_load "$contender"
		done
	done
}

# ---- calls at the same rate for all, and those of sipp ----

sipp_callees() {
	local n
	for n in "${!CALLEES[@]}"; do
		lab_spawn "sipp-$n" callees sipp -i "${CALLEES[n]}" -p 5060 \
			-sf "$LAB_ROOT/bench/balance_uas.xml" -buff_size 400000 -nostdin
	done
	lab_until 5 sipp_callees_listen || lab_die "sipp's callees do not start"
}

sipp_callees_stop() {
	local n
	for n in "${!CALLEES[@]}"; do
		lab_stop "sipp-$n" KILL
	done
}

sipp_callees_listen() {
	[[ $(lab_in callees ss -Hlun "sport = :5060" | wc -l) == "${#CALLEES[@]}" ]]
}

# Each call from a port of its own. What became of it sipp says itself.
sipp_calls() { # TARGET
	lab_spawn sipp callers timeout -k 1 $((PACED_SECS + 20)) sipp -i "$CALLERS" -t un \
		-max_socket 5000 -sf "$LAB_ROOT/bench/balance_uac.xml" -r "$RATE" \
		-m $((RATE * PACED_SECS)) -nostdin -recv_timeout 8000 -trace_stat -fd 1 \
		-stf "$lab_tmp/sipp.csv" "$1"
	lab_wait sipp || true
}

measure_paced() { # CONTENDER
	contender_up "$1"
	load warm 0.3 --rate "$RATE"
	measure load calls "$PACED_SECS" --rate "$RATE"
	[[ $target != callees ]] || target=${CALLEES[0]}:5060
	rm -f "$lab_tmp/sipp.csv"
	sipp_callees
	sipp_calls "$target"
	sipp_callees_stop
	contender_down "$1"
	paced+=("$(jq -c --arg contender "$1" --argjson packets_ns "$packets_ns" \
		--argjson processes_ns "$processes_ns" --argjson rate "$RATE" \
		--argjson sipp_tried $((RATE * PACED_SECS)) \
		--argjson sipp_completed "$(lab_sipp_count sipp SuccessfulCall)" \
		'. + {$contender, $packets_ns, $processes_ns, $rate, $sipp_tried, $sipp_completed}' \
		"$lab_tmp/calls.out")")
}

measure_all_paced() {
	local contender
	hold_back 0
	for contender in "${CONTENDERS[@]}"; do
		measure_paced "$contender"
	done
}

# ---- results ----

# Times are of a message, in microseconds; `times` says how many times as much sipxdp's is.
summary() {
	{
		printf '%s\n' "${rows[@]}" | jq -s .
		printf '%s\n' "${paced[@]}" | jq -s .
	} | jq -s --argjson messages $MESSAGES --argjson stateless "$GOAL_STATELESS" \
		--argjson dnat "$GOAL_DNAT" --argjson under_way $UNDER_WAY --argjson rounds "$ROUNDS" '
		def median: sort | .[length / 2 | floor];
		def us: . / 1000;
		.[1] as $paced
		| [.[0] | group_by(.contender)[]
			| map(.message_us = ((.packets_ns + .processes_ns) / (.completed * $messages) | us))
			| {contender: .[0].contender,
				message_us: (map(.message_us) | median),
				least_us: (map(.message_us) | min),
				greatest_us: (map(.message_us) | max),
				packets_us: (map(.packets_ns / (.completed * $messages) | us) | median),
				processes_us: (map(.processes_ns / (.completed * $messages) | us) | median),
				calls_a_second: (map(.completed / .seconds) | median),
				tried: (map(.calls) | add), completed: (map(.completed) | add),
				sent_again: (map(.sent_again) | add),
				setup_median_ms: (map(.setup_median_ms) | median)}
			| .call_us = .message_us * $messages]
		| (map({key: .contender, value: .message_us}) | from_entries) as $us
		| map(.times_less_than_stateless = $us["kamailio stateless"] / .message_us
			| .times_less_than_dnat = $us["nftables DNAT"] / .message_us) as $load
		| {$under_way, $rounds, load: $load,
			goal_times_stateless: $stateless, goal_times_dnat: $dnat,
			paced: ($paced | map(.message_us = ((.packets_ns + .processes_ns)
				/ (.completed * $messages) | us)))}'
}

show() { # JSON-FILE
	printf '%-20s %10s %16s %9s %9s %9s %8s %8s\n' "CALLS, $UNDER_WAY at a time" "us/message" \
		"least-greatest" packets processes "us/call" "x kam." "x DNAT"
	jq -r '. as $all | .load | sort_by(.message_us)[]
		| [.contender, .message_us, .least_us, .greatest_us, .packets_us, .processes_us, .call_us,
			.times_less_than_stateless, .times_less_than_dnat, .completed, .tried] | @tsv' "$1" |
		while IFS=$'\t' read -r contender us least greatest packets processes call stateless dnat completed tried; do
			printf '%-20s %10.2f %16s %9.2f %9.2f %9.1f %8.1f %8.2f  %s of %s completed\n' "$contender" \
				"$us" "$(printf '%.2f-%.2f' "$least" "$greatest")" "$packets" "$processes" \
				"$call" "$stateless" "$dnat" "$completed" "$tried"
		done
	jq -r '. as $all | .load[] | select(.contender | startswith("sipxdp"))
		| def word(met): if met then "met" else "missed" end;
		"\(.contender): \($all.goal_times_stateless) times less than kamailio stateless: " +
		word(.times_less_than_stateless >= $all.goal_times_stateless) +
		"; \($all.goal_times_dnat) times less than DNAT: " +
		word(.times_less_than_dnat >= $all.goal_times_dnat)' "$1"
	printf '\n%-20s %10s %14s %10s %8s  %s\n' "CALLS, $RATE a second" us/message completed median \
		"99 %" "of sipp's calls"
	jq -r '.paced | sort_by(.message_us)[] | [.contender, .message_us, .completed, .calls,
		.setup_median_ms, .setup_p99_ms, .sipp_completed, .sipp_tried] | @tsv' "$1" |
		while IFS=$'\t' read -r contender us completed tried median p99 sipp_completed sipp_tried; do
			printf '%-20s %10.2f %14s %7.2f ms %5.2f ms  %s\n' "$contender" "$us" \
				"$completed of $tried" "$median" "$p99" "$sipp_completed of $sipp_tried completed"
		done
}

main() {
	local json=${1:-$LAB_BUILD/bench/balance.json}
	if [[ $EUID != 0 ]]; then
		echo "SKIP bench/balance.sh: needs root"
		return 0
	fi
	callees=${CALLEES[*]}
	network_up
	[[ $PARTS != *load* ]] || measure_loads
	[[ $PARTS != *paced* ]] || measure_all_paced
	summary >"$json"
	show "$json"
}

main "$@"
