# SPDX-License-Identifier: GPL-2.0-only
# The lab: network namespaces with real SIP peers around a server that sipxdpd guards. To be
# sourced by lab/run.sh and the tests in tests/net; needs root.
#
#   callers 10.77.1.10-89 ──┐                        attacker's flood (BPF_PROG_RUN live frames)
#    phones, sipp UAC       │                                      │ straight into the veth
#   callee  10.77.2.10-89 ──┤ ┌──────────────────────┐             ▼   ┌───────────────────┐
#    phones, sipp UAS       ├─┤ router: routes, drops ├─ server ─veth─ eth0 server          │
#   office  10.77.3.10 ─────┤ │ what has no way home  │            ▲   │ 10.77.0.10:5060    │
#    200 phones, one address│ └──────────────────────┘        sipxdp  │ kamailio: registrar│
#   attacker 10.77.4.10 ────┘                                         │ and proxy          │
#    sipvicious, sipsak                                               └───────────────────┘
#
# Each network 10.77.N.0/24 is also fd77:0:0:N::/64, with .1 and ::1 on the router and .10 and ::10
# at the other end. Only the server's eth0 has an XDP program, put there by sipxdpd.
# shellcheck shell=bash

LAB_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LAB_BUILD=${LAB_BUILD:-$LAB_ROOT/build}
LAB_BIN=${LAB_BIN:-$LAB_BUILD/lab}
LAB_INSTANCE=${LAB_INSTANCE:-lab}
LAB_PREFIX=sxd-$$
LAB_SITES=(server callers callee office attacker)
LAB_SERVER=10.77.0.10
LAB_SERVER6=fd77::10
LAB_DOMAIN=lab.test # the digest realm and the part after the @
LAB_PASSWORD=secret # of every phone
LAB_PHONES=50       # callers and callees, an address each
LAB_OFFICE_PHONES=200
# Floods come from the last CPU; everything else keeps to the others, as a network card's
# interrupts would be kept away from a server.
LAB_FLOOD_CPU=${LAB_FLOOD_CPU:-$(($(nproc) - 1))}
LAB_PEER_CPUS=${LAB_PEER_CPUS:-0-$((LAB_FLOOD_CPU > 1 ? LAB_FLOOD_CPU - 1 : 0))}
# What is measured goes before whatever else the machine is busy with; a flood has its CPU to itself
# when it needs it.
LAB_PRIORITY=(nice -n -10)
LAB_FLOOD_PRIORITY=(chrt -f 1)
LAB_DAEMON_ENV=() # "env NAME=VALUE" before sipxdpd
chrt -f 1 true 2>/dev/null || LAB_FLOOD_PRIORITY=("${LAB_PRIORITY[@]}")

# shellcheck disable=SC2034 # for who sources this
lab_tmp= # everything that is written goes there
lab_sipxdpd_starts=0
lab_claimed= # the instance's pinned maps are ours to remove
declare -A lab_pids=() # what was started and not yet stopped: name to process id

lab_say() { printf '%s\n' "$*" >&2; }

lab_die() {
	lab_say "lab: $*"
	exit 1
}

# lab_in SITE COMMAND...: runs it in that network namespace. Not by "ip netns exec": that would
# mount a new /sys, without the maps pinned in /sys/fs/bpf.
lab_in() {
	local site=$1
	shift
	nsenter --net="/run/netns/$LAB_PREFIX-$site" -- "$@"
}

# lab_spawn NAME SITE COMMAND...: the same in the background, on the peers' CPUs, with what it
# prints in $lab_tmp/NAME.out and NAME.log (standard error). It is stopped by lab_stop NAME, and by
# lab_down in any case.
lab_spawn() {
	local name=$1 site=$2
	shift 2
	# What one of the same name said before is not to be taken for what this one says.
	rm -f "$lab_tmp/$name.out" "$lab_tmp/$name.log"
	nsenter --net="/run/netns/$LAB_PREFIX-$site" -- "${LAB_PRIORITY[@]}" taskset -c "$LAB_PEER_CPUS" "$@" \
		>"$lab_tmp/$name.out" 2>"$lab_tmp/$name.log" </dev/null &
	lab_pids[$name]=$!
}

# lab_wait NAME: waits for what lab_spawn started; returns its exit status.
lab_wait() {
	local pid=${lab_pids[$1]:?$1 was not started} status=0
	wait "$pid" || status=$? # interrupted: lab_down is to know of it still
	unset "lab_pids[$1]"
	return "$status"
}

# lab_stop NAME [SIGNAL]
lab_stop() {
	local pid=${lab_pids[$1]:-} i
	[[ $pid ]] || return 0
	unset "lab_pids[$1]"
	if [[ ${2:-TERM} != KILL ]]; then
		kill "-${2:-TERM}" "$pid" 2>/dev/null || true
		for ((i = 0; i < 50; i++)); do
			kill -0 "$pid" 2>/dev/null || break
			sleep 0.1
		done
	fi
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

# lab_until SECONDS COMMAND...: waits until it succeeds; fails when the time is over.
lab_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# ---- the network ----

lab_mount_bpffs() {
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf ||
		lab_die "cannot mount the BPF file system"
}

lab_add_site() { # SITE NUMBER
	local ns=$LAB_PREFIX-$1 router=$LAB_PREFIX-router
	ip netns add "$ns"
	ip link add "$1" netns "$router" type veth peer name eth0 netns "$ns"
	# Checksums are to be in the packets: XDP has no hardware here that would fill them in. GRO
	# makes the receiving end take frames that are redirected into it, before XDP is there too.
	lab_in "$1" ethtool -K eth0 tx off gro on >/dev/null
	lab_in router ethtool -K "$1" tx off gro on >/dev/null
	lab_in "$1" sysctl -qw net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.eth0.accept_dad=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	ip -n "$router" addr add "10.77.$2.1/24" dev "$1"
	ip -n "$router" addr add "fd77:0:0:$2::1/64" dev "$1" nodad
	ip -n "$router" link set "$1" up
	ip -n "$ns" link set lo up
	ip -n "$ns" link set eth0 up
	ip -n "$ns" addr add "10.77.$2.10/24" dev eth0
	ip -n "$ns" addr add "fd77:0:0:$2::10/64" dev eth0 nodad
	ip -n "$ns" route add default via "10.77.$2.1"
	ip -n "$ns" route add default via "fd77:0:0:$2::1"
}

lab_napi_threads() {
	ps -e -o pid= -o comm= | awk '$2 ~ /^napi\/eth0-/ { print $1 }' | sort
}

# What arrives for the server is worked on where a flood comes from, as if a network card's
# interrupts went there, and before everything else there: by a kernel thread for that. Without one,
# the work goes to whichever CPU sent last; once that is the server's own, behind its processes, the
# ring of a veth (256 frames) overflows. "ip netns exec" only for its new /sys.
lab_pin_receiver() {
	local before thread
	before=$(lab_napi_threads)
	ip netns exec "$LAB_PREFIX-server" sh -c 'echo 1 >/sys/class/net/eth0/threaded' 2>/dev/null ||
		return 0
	for thread in $(comm -13 <(echo "$before") <(lab_napi_threads)); do
		taskset -pc "$LAB_FLOOD_CPU" "$thread" >/dev/null 2>&1 || true
		chrt -f -p 2 "$thread" 2>/dev/null || true
	done
}

lab_add_addresses() { # SITE NUMBER: an address for each phone beyond the first
	local n
	for ((n = 1; n < LAB_PHONES; n++)); do
		printf 'addr add 10.77.%d.%d/24 dev eth0\n' "$2" $((10 + n))
		printf 'addr add fd77:0:0:%d::%x/64 dev eth0 nodad\n' "$2" $((0x10 + n))
	done | ip -n "$LAB_PREFIX-$1" -batch -
}

lab_up() {
	local number=0 site
	[[ $EUID == 0 ]] || lab_die "needs root"
	lab_mount_bpffs
	lab_tmp=$(mktemp -d "${TMPDIR:-/tmp}/sipxdp-lab.XXXXXX")
	chmod 755 "$lab_tmp" # sipxdpd reads its configuration there, with few rights
	trap lab_down EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	ip netns add "$LAB_PREFIX-router"
	ip -n "$LAB_PREFIX-router" link set lo up
	# While its own addresses are looked for twice, it would not look for its neighbours'.
	lab_in router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0
	# Replies to spoofed sources end here, without an ICMP error.
	ip -n "$LAB_PREFIX-router" route add blackhole default
	ip -n "$LAB_PREFIX-router" -6 route add blackhole default
	for site in "${LAB_SITES[@]}"; do
		lab_add_site "$site" "$number"
		number=$((number + 1))
	done
	lab_pin_receiver
	# Else what sipxdp answers by XDP_TX would be lost.
	lab_in router ip link set dev server xdpdrv obj "$LAB_BIN/wire.bpf.o" sec xdp
	lab_add_addresses callers 1
	lab_add_addresses callee 2
	LAB_SERVER_MAC=$(ip -n "$LAB_PREFIX-server" -json link show eth0 | jq -r '.[0].address')
}

lab_down() {
	local name site
	trap '' INT TERM
	for name in "${!lab_pids[@]}"; do
		lab_stop "$name"
	done
	# After a kill -9 of sipxdpd they are left there.
	[[ ! $lab_claimed ]] || rm -rf "/sys/fs/bpf/sipxdp/$LAB_INSTANCE"
	for site in router "${LAB_SITES[@]}"; do
		ip netns del "$LAB_PREFIX-$site" 2>/dev/null || true
	done
	if [[ ${LAB_KEEP_LOGS:-} ]]; then
		lab_say "lab: logs are in $lab_tmp"
	else
		rm -rf "$lab_tmp"
	fi
}

# ---- peers ----

lab_listens() { # SITE PORT
	[[ $(lab_in "$1" ss -Hlun "sport = :$2") ]]
}

lab_server_options=() # of kamailio, besides its own

lab_start_server() {
	mkdir -p "$lab_tmp/kamailio"
	lab_spawn kamailio server kamailio -DD -E -m 64 -M 8 -f "$LAB_ROOT/lab/kamailio.cfg" \
		-Y "$lab_tmp/kamailio" -w "$lab_tmp/kamailio" -P "$lab_tmp/kamailio.pid" \
		-l "udp:$LAB_SERVER:5060" -l "udp:[$LAB_SERVER6]:5060" -l "tcp:$LAB_SERVER:5060" \
		"${lab_server_options[@]}"
	lab_until 10 lab_listens server 5060 ||
		lab_die "kamailio does not start: $(tail -n 3 "$lab_tmp/kamailio.log")"
}

# lab_start_phones NAME SITE [OPTION...]: phones of a site in the background, see build/lab/phones.
# callers and callee: an address for each phone; callers6 and callee6: the same with IPv6; office:
# one address for all. Users are caller1, callee1, office1, caller6-1, callee6-1 and so on.
lab_start_phones() {
	local name=$1 site=${2%6} server=$LAB_SERVER net
	local user=${site%s} callee=callee
	local -a where
	case $2 in
	callers) net=10.77.1. ;;
	callee) net=10.77.2. ;;
	office) net=10.77.3. ;;
	callers6) net=fd77:0:0:1:: ;;
	callee6) net=fd77:0:0:2:: ;;
	*) lab_die "no phones at $2" ;;
	esac
	[[ $2 != *6 ]] || server=$LAB_SERVER6 user=${site%s}6- callee=callee6-
	case $site in
	office) where=(--port 10000 --phones "$LAB_OFFICE_PHONES") ;;
	*) where=(--addresses "$LAB_PHONES" --phones "$LAB_PHONES") ;;
	esac
	shift 2
	lab_spawn "$name" "$site" "$LAB_BIN/phones" --server "$server" --address "${net}10" \
		"${where[@]}" --domain "$LAB_DOMAIN" --password "$LAB_PASSWORD" \
		--user "$user" --callee "$callee" --callees "$LAB_PHONES" "$@"
}

# lab_phones NAME SITE [OPTION...]: the same, waited for. Fails if a registration or call failed.
lab_phones() {
	lab_start_phones "$@"
	lab_wait "$1"
}

# lab_get NAME FILTER: a value out of the JSON that NAME printed.
lab_get() {
	jq -cr "$2" "$lab_tmp/$1.out"
}

# Phones that answer calls until the lab ends, registered: callee or callee6.
lab_start_callees() { # SITE
	local site=$1
	lab_start_phones "$site" "$site" --register 50 --answer
	lab_until 40 grep -q registered "$lab_tmp/$site.log" || lab_die "callees do not register"
	grep -q "$LAB_PHONES of $LAB_PHONES registered" "$lab_tmp/$site.log" ||
		lab_die "callees: $(cat "$lab_tmp/$site.log")"
}

# A second make of peer: a sipp that answers calls to sipp-callee, and one that calls it.
lab_sipp() { # NAME SITE ADDRESS SCENARIO USER [OPTION...]
	local name=$1 site=$2 address=$3 scenario=$4 user=$5
	shift 5
	lab_spawn "$name" "$site" sipp -i "$address" -p 7000 -sf "$LAB_ROOT/lab/sipp/$scenario.xml" \
		-s "$user" -ap "$LAB_PASSWORD" -nostdin -trace_stat -fd 1 \
		-stf "$lab_tmp/$name.csv" "$@" "${LAB_SIPP_TARGET:-$LAB_SERVER}:5060"
}

lab_start_sipp_callee() {
	lab_sipp sipp-register-callee callee 10.77.2.10 register sipp-callee -au sipp-callee -m 1
	lab_wait sipp-register-callee || lab_die "sipp's callee does not register"
	lab_sipp sipp-register-caller callers 10.77.1.10 register sipp-caller -au sipp-caller -m 1
	lab_wait sipp-register-caller || lab_die "sipp's caller does not register"
	lab_sipp sipp-callee callee 10.77.2.10 uas sipp-callee
	lab_until 5 lab_listens callee 7000 || lab_die "sipp's callee does not start"
}

lab_start_sipp_calls() { # NAME RATE CALLS
	lab_sipp "$1" callers 10.77.1.10 uac sipp-callee -au sipp-caller -r "$2" -m "$3" -d 1000 \
		-timeout 40s
}

# lab_sipp_count NAME COLUMN: SuccessfulCall or FailedCall
lab_sipp_count() {
	awk -F';' -v name="$2(C)" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) column = i }
		END { print $column + 0 }' "$lab_tmp/$1.csv"
}

# ---- the attacker ----

# lab_start_flood NAME [OPTION...]: see build/lab/flood; to the server, on a CPU of its own.
lab_start_flood() {
	local name=$1 LAB_PEER_CPUS=$LAB_FLOOD_CPU
	local -a LAB_PRIORITY=("${LAB_FLOOD_PRIORITY[@]}")
	shift
	lab_spawn "$name" router "$LAB_BIN/flood" --dev server \
		--to-mac "$LAB_SERVER_MAC" --to "$LAB_SERVER" --cpu "$LAB_FLOOD_CPU" "$@"
}

lab_flood() {
	lab_start_flood "$@"
	lab_wait "$1"
}

# sipvicious: looks for SIP servers, then for users, as every server on the Internet sees it daily.
lab_scan() { # SECONDS
	lab_in attacker timeout "$1" svmap -m OPTIONS "$LAB_SERVER" >"$lab_tmp/svmap.out" 2>&1 || true
	lab_in attacker timeout "$1" svwar -m REGISTER -e 100-2000 --force "$LAB_SERVER" \
		>"$lab_tmp/svwar.out" 2>&1 || true
}

# lab_answers SITE: whether the server answers an OPTIONS from there
lab_answers() {
	lab_in "$1" timeout 4 sipsak -s "sip:$LAB_SERVER:5060" >/dev/null 2>&1
}

# ---- sipxdp ----

# The default configuration for the lab's server; more lines for its service, then for the top
# level, may follow as arguments.
lab_config() { # MODE [SERVICE-LINES [TOP-LINES]]
	cat <<-END
		instance: $LAB_INSTANCE
		interfaces: [eth0]
		mode: $1
		services:
		  - name: proxy
		    listen: ["udp:$LAB_SERVER:5060", "udp:[$LAB_SERVER6]:5060", "tcp:$LAB_SERVER:5060"]
	END
	[[ -z ${2:-} ]] || printf '%s\n' "$2"
	[[ -z ${3:-} ]] || printf '%s\n' "$3"
}

# lab_ctl ARGUMENT...: sipxdpctl, as on the server
lab_ctl() {
	lab_in server "$LAB_BUILD/sipxdpctl" --instance "$LAB_INSTANCE" "$@"
}

# Whether sipxdpd is at work, or will never be.
lab_sipxdp_decided() {
	local pid=${lab_pids[sipxdpd]}
	! kill -0 "$pid" || lab_ctl --json status | jq -e ".daemon.alive and .daemon.pid == $pid"
}

# The instance is ours from the first start on. What a lab that was killed has left of it goes;
# one that is alive belongs to somebody else.
lab_claim_instance() {
	local pins=/sys/fs/bpf/sipxdp/$LAB_INSTANCE
	if [[ -e $pins ]]; then
		lab_ctl --json status | jq -e '.daemon.alive' >/dev/null &&
			lab_die "sipxdpd runs as instance $LAB_INSTANCE already (LAB_INSTANCE=... for another)"
		rm -rf "$pins"
	fi
	lab_claimed=1
}

lab_start_sipxdp() { # CONFIG
	local name=sipxdpd
	[[ $lab_claimed ]] || lab_claim_instance
	lab_sipxdpd_starts=$((lab_sipxdpd_starts + 1))
	[[ $lab_sipxdpd_starts == 1 ]] ||
		mv "$lab_tmp/$name.log" "$lab_tmp/$name.$((lab_sipxdpd_starts - 1)).log"
	lab_spawn "$name" server "${LAB_DAEMON_ENV[@]}" "$LAB_BUILD/sipxdpd" -c "$1"
	if ! lab_until 60 lab_sipxdp_decided || ! kill -0 "${lab_pids[$name]}" 2>/dev/null; then
		lab_die "sipxdpd does not start: $(tail -n 5 "$lab_tmp/$name.log")"
	fi
}

# SIGTERM: detaches. lab_kill_sipxdp: SIGKILL, which leaves the kernel's side at work.
lab_stop_sipxdp() {
	lab_stop sipxdpd TERM
}

lab_kill_sipxdp() {
	lab_stop sipxdpd KILL
}

lab_reload_sipxdp() {
	kill -HUP "${lab_pids[sipxdpd]}"
}

# lab_stats NAME: what has been counted until now, into $lab_tmp/NAME.stats
lab_stats() {
	lab_ctl --json stats >"$lab_tmp/$1.stats"
}

# lab_stats_between BEFORE AFTER: the rows of `stats` that have grown, as a JSON array
lab_stats_between() {
	jq -c -n --slurpfile old "$lab_tmp/$1.stats" --slurpfile new "$lab_tmp/$2.stats" '
		def row: [.service, .class, .verdict, .reason] | join("|");
		($old[0].stats | map({key: row, value: .}) | from_entries) as $was
		| $new[0].stats
		| map(row as $row | .packets -= ($was[$row].packets // 0)
			| .bytes -= ($was[$row].bytes // 0))
		| map(select(.packets > 0))'
}

# lab_packets BEFORE AFTER CONDITION: packets in the rows that meet a jq condition
lab_packets() {
	lab_stats_between "$1" "$2" | jq "map(select($3).packets) | add // 0"
}
