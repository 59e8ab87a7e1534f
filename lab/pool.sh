# SPDX-License-Identifier: GPL-2.0-only
# The balancer's lab: lab.sh with the server as the balancer, and backends on a network behind it.
# To be sourced behind lab.sh.
#
#   callers ──┐                 10.77.0.10 (virtual)      10.77.5.1      ┌─ b1 10.77.5.11
#   callee  ──┼─ router ─ server ─ eth0 ── sipxdp ── eth1 ─┐              ├─ b2 10.77.5.12
#   office  ──┤     │                                      ├─ lan (bridge)├─ b3 10.77.5.13
#   attacker ─┘     └──────────── lan 10.77.5.254 ─────────┘              └─ b4 10.77.5.14
#
# With nat the backends' way to everybody is by the balancer; with dsr and ipip by the router, and
# they have the virtual address themselves. 10.77.5.N is also fd77:0:0:5::N (in decimal).
# shellcheck shell=bash disable=SC2154

POOL_SIZE=${POOL_SIZE:-4}
POOL_RATE=${POOL_RATE:-100} # calls a second
# shellcheck disable=SC2034
POOL_FORWARD=nat

pool_ns() { printf '%s-%s' "$LAB_PREFIX" "$1"; }

# pool_port SITE DEVICE: a link from there to the bridge
pool_port() {
	ip link add "$1" netns "$(pool_ns lan)" type veth peer name "$2" netns "$(pool_ns "$1")"
	lab_in "$1" ethtool -K "$2" tx off gro on >/dev/null
	lab_in lan ethtool -K "$1" tx off gro on >/dev/null
	ip -n "$(pool_ns lan)" link set "$1" master bridge up
	ip -n "$(pool_ns "$1")" link set "$2" up
}

pool_quiet() { # SITE
	lab_in "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
}

pool_add_address() { # SITE DEVICE NUMBER
	ip -n "$(pool_ns "$1")" addr add "10.77.5.$3/24" dev "$2"
	ip -n "$(pool_ns "$1")" addr add "fd77:0:0:5::$3/64" dev "$2" nodad
}

pool_add_backend() { # NUMBER
	local site=b$1 way=1
	[[ $POOL_FORWARD == nat ]] || way=254
	ip netns add "$(pool_ns "$site")"
	LAB_SITES+=("$site")
	pool_quiet "$site"
	ip -n "$(pool_ns "$site")" link set lo up
	pool_port "$site" eth0
	pool_add_address "$site" eth0 $((10 + $1))
	ip -n "$(pool_ns "$site")" route add default via "10.77.5.$way"
	ip -n "$(pool_ns "$site")" route add default via "fd77:0:0:5::$way"
	[[ $POOL_FORWARD != nat ]] || return 0
	# The virtual address is theirs as well; nobody is to be told so by ARP.
	lab_in "$site" sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	ip -n "$(pool_ns "$site")" addr add "$LAB_SERVER/32" dev lo
	ip -n "$(pool_ns "$site")" addr add "$LAB_SERVER6/128" dev lo nodad
	[[ $POOL_FORWARD == ipip ]] || return 0
	# This kernel may have no tunnel devices: a program of ours does what they do.
	lab_spawn "tunnel-$site" "$site" "$LAB_BIN/tunnel" tunnel
	lab_until 5 lab_in "$site" test -e /proc/sys/net/ipv4/conf/tunnel || lab_die "no tunnel at $site"
}

# pool_up FORWARD: lab_up, the network behind the balancer, and its backends
pool_up() {
	local n
	POOL_FORWARD=$1
	lab_up
	ip netns add "$(pool_ns lan)"
	LAB_SITES+=(lan)
	ip -n "$(pool_ns lan)" link add bridge type bridge
	ip -n "$(pool_ns lan)" link set bridge up
	pool_quiet server
	lab_in server sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	pool_port server eth1
	pool_add_address server eth1 1
	pool_port router lan
	pool_add_address router lan 254
	for ((n = 1; n <= POOL_SIZE; n++)); do
		pool_add_backend "$n"
	done
}

# A second balancer, behind the router as the first one, at site server2: 10.77.6.10, 10.77.5.2.
pool_add_balancer() {
	LAB_SITES+=(server2)
	lab_add_site server2 6
	lab_in router ip link set dev server2 xdpdrv obj "$LAB_BIN/wire.bpf.o" sec xdp
	lab_in server2 sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	pool_port server2 eth1
	pool_add_address server2 eth1 2
}

# pool_start_kamailio NUMBER [CONFIG]: a backend that says of itself that it is the virtual address
pool_start_kamailio() {
	local site=b$1 own=10.77.5.$((10 + $1)) own6=fd77:0:0:5::$((10 + $1))
	local -a listen=(-l "udp:$own:5060/$LAB_SERVER:5060" -l "tcp:$own:5060/$LAB_SERVER:5060"
		-l "udp:[$own6]:5060/[$LAB_SERVER6]:5060")
	[[ $POOL_FORWARD == nat ]] || listen+=(-l "udp:$LAB_SERVER:5060" -l "udp:[$LAB_SERVER6]:5060"
		-l "tcp:$LAB_SERVER:5060")
	mkdir -p "$lab_tmp/$site"
	lab_spawn "$site" "$site" kamailio -DD -E -m 32 -M 8 -f "$LAB_ROOT/lab/${2:-kamailio-backend.cfg}" \
		-Y "$lab_tmp/$site" -w "$lab_tmp/$site" -P "$lab_tmp/$site.pid" "${listen[@]}"
	lab_until 10 lab_listens "$site" 5060 ||
		lab_die "kamailio of $site does not start: $(tail -n 3 "$lab_tmp/$site.log")"
}

# pool_kill NUMBER: its processes die without a word; the host goes on, and refuses what comes.
pool_kill() {
	local pid=${lab_pids[b$1]}
	unset "lab_pids[b$1]"
	pkill -KILL -P "$pid" 2>/dev/null || true
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

# pool_start_capture NUMBER [NAME]: what a backend gets and sends, into $lab_tmp/NAME.pcap
pool_start_capture() {
	local name=${2:-capture-b$1}
	lab_spawn "$name" "b$1" tcpdump -i eth0 -B 16384 --immediate-mode -w "$lab_tmp/$name.pcap" \
		'port 5060 or (ip[6:2] & 0x1fff != 0) or ip6 proto 44 or ip proto 4 or ip proto 41 or ip6 proto 4 or ip6 proto 41'
	lab_until 5 grep -q "listening on" "$lab_tmp/$name.log" || lab_die "tcpdump of b$1 does not start"
}

# pool_read_capture NAME: of each call in a capture "CALL-ID FIRST-SEEN MESSAGES", times in seconds
# since 1970; the probes' are left out.
pool_read_capture() {
	tcpdump -nn -r "$lab_tmp/$1.pcap" -tt -A -s 0 2>/dev/null | awk '
		BEGIN { RS = "\r?\n" }
		/^[0-9]+\.[0-9]+ IP/ { now = $1 }
		/^Call-ID:/ && $2 !~ /^probe-/ { if (!count[$2]++) first[$2] = now }
		END { for (id in count) print id, first[id], count[id] }' | sort
}

# The balancer's configuration: FORWARD, then NUMBER[:WEIGHT] of each backend; more lines for the
# balance section are in POOL_LINES, for the service in POOL_SERVICE_LINES. Each backend is there a
# second time with its IPv6 address, as bN-6, unless POOL_IPV6=no.
pool_config() {
	local forward=$1 backend number weight ipv6=", \"udp:[$LAB_SERVER6]:5060\""
	shift
	[[ ${POOL_IPV6:-yes} == yes ]] || ipv6=
	cat <<-END
		instance: $LAB_INSTANCE
		interfaces: [eth0, eth1]
		hash_seed: 000102030405060708090a0b0c0d0e0f
		services:
		  - name: proxy
		    listen: ["udp:$LAB_SERVER:5060", "tcp:$LAB_SERVER:5060", "tls:$LAB_SERVER:5061"$ipv6]
	END
	[[ -z ${POOL_SERVICE_LINES:-} ]] || printf '%s\n' "$POOL_SERVICE_LINES"
	cat <<-END
		    balance:
		      forward: $forward
		      probe: {${POOL_PROBE:-interval: 1s, timeout: 500ms, rise: 2, fall: 2}}
	END
	[[ -z ${POOL_LINES:-} ]] || printf '%s\n' "$POOL_LINES"
	printf '      backends:\n'
	for backend in "$@"; do
		number=${backend%%:*} weight=1
		[[ $backend != *:* ]] || weight=${backend#*:}
		printf '        - {name: b%d, address: "10.77.5.%d:5060", weight: %d}\n' "$number" \
			$((10 + number)) "$weight"
		[[ ! $ipv6 ]] || printf '        - {name: b%d-6, address: "[fd77:0:0:5::%d]:5060", weight: %d}\n' \
			"$number" $((10 + number)) "$weight"
	done
}

# pool_backend NAME FILTER: a value of `backend list`
pool_backend() {
	lab_ctl --json backend list | jq -r ".backends[] | select(.name == \"$1\") | $2"
}

pool_is() { # NAME STATE
	[[ $(pool_backend "$1" .state) == "$2" ]]
}

# pool_start_calls NAME RATE CALLS MS [OPTION...]: sipp calls sipp-callee by way of the balancer, and
# hangs up after so many milliseconds
pool_start_calls() {
	local name=$1 rate=$2 calls=$3 ms=$4
	shift 4
	lab_sipp "$name" callers "${POOL_CALLER:-10.77.1.10}" call sipp-callee -r "$rate" -m "$calls" \
		-d "$ms" -l 20000 -recv_timeout 20000 -trace_err -error_file "$lab_tmp/$name.errors" \
		-timeout 170s -key subject "${POOL_SUBJECT:-a call}" "$@"
}

# Limits of the service for a few callers that speak for many: no answer of the backends earns them
# trust where answers do not come by the balancer.
# shellcheck disable=SC2034
POOL_LIMITS="    limits:
      per_source: {invite: 2000/s, other: 4000/s}
      per_prefix: {invite: 2000/s, other: 4000/s}
      unknown: {invite: 2000/s, other: 4000/s}"

# Who answers them, without a password
pool_start_callee() {
	lab_sipp pool-callee callee "${POOL_CALLEE:-10.77.2.10}" uas sipp-callee -l 20000
	lab_until 5 lab_listens callee 7000 || lab_die "the callee does not start"
}
