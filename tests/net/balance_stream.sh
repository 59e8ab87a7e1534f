# SPDX-License-Identifier: GPL-2.0-only
# What balance_stream_nat.sh, balance_stream_dsr.sh and balance_stream_ipip.sh share: connections that live
# on while the pool changes, SIP over TCP and TLS, and the guard in front of them. To be sourced.
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

CALLS=150
TLS_CLIENT=10.77.1.11

# The backend that has a connection at that port, from a client's address: 1, 2, 3 or nothing.
holder() { # PORT ADDRESS
	local n
	for n in 1 2 3; do
		[[ ! $(lab_in "b$n" ss -Htn state established "sport = :$1 and dst $2") ]] || printf '%s' "$n"
	done
}

listens_tls() { # BACKEND
	[[ $(lab_in "b$1" ss -Htln "sport = :5061") ]]
}

# A server that says what it gets, turned round.
start_tls() { # BACKEND
	lab_spawn "tls-b$1" "b$1" openssl s_server -quiet -rev -accept 5061 -cert "$lab_tmp/cert.pem" -key "$lab_tmp/key.pem"
	lab_until 5 listens_tls "$1" || fail "no TLS at b$1: $(cat "$lab_tmp/tls-b$1.log")"
}

# A client of it, which sends what is written to file descriptor 9.
start_tls_client() {
	mkfifo "$lab_tmp/tls.in"
	nsenter --net="/run/netns/$LAB_PREFIX-callers" -- openssl s_client -quiet -bind "$TLS_CLIENT" \
		-connect "$LAB_SERVER:5061" <"$lab_tmp/tls.in" >"$lab_tmp/tls.out" 2>"$lab_tmp/tls.log" &
	lab_pids[tls-client]=$!
	exec 9>"$lab_tmp/tls.in"
}

# What is said comes back, turned round.
says() { # WHAT
	echo "$1" >&9
	lab_until 10 grep -qx "$(rev <<<"$1")" "$lab_tmp/tls.out" ||
		fail "TLS: nothing comes back to $1: $(cat "$lab_tmp/tls.log")"
	echo "TLS: came back to $1: $(tail -n 1 "$lab_tmp/tls.out")"
}

options_from() { # SITE: over TCP
	lab_in "$1" timeout 4 sipsak -E tcp -s "sip:$LAB_SERVER:5060" >/dev/null 2>&1 && echo answered || echo none
}

# So many at once, each given a moment.
open_connections() { # SITE COUNT
	local i
	local -a tries=()
	for ((i = 0; i < $2; i++)); do
		lab_in "$1" timeout 0.9 bash -c "exec 3<>/dev/tcp/$LAB_SERVER/5060" 2>/dev/null &
		tries+=($!)
	done
	wait "${tries[@]}" || true
}

show_guard() {
	lab_stats before
	check "OPTIONS over TCP" "$(options_from attacker)" = answered
	lab_ctl ban add 10.77.4.10
	check "OPTIONS over TCP of who is banned" "$(options_from attacker)" = none
	lab_stats banned
	check "segments dropped as banned" \
		"$(lab_packets before banned '.class == "stream" and .reason == "banned"')" -gt 0
	open_connections office 80
	lab_stats many
	check "SYNs over the limit of their source" \
		"$(lab_packets banned many '.class == "stream" and .reason == "syn-limit"')" -gt 20
	check "OPTIONS over TCP of another source" "$(options_from callee)" = answered
}

# The whole of a test: FORWARD
show_streams() {
	local n calls_at tls_at
	[[ $EUID == 0 ]] || skip "needs root"
	[[ -x $LAB_BUILD/sipxdpd ]] || fail "not built: make all lab"
	command -v openssl >/dev/null || skip "needs openssl"
	export POOL_IPV6=no POOL_SERVICE_LINES=$POOL_LIMITS$'\n      syn: {rate: 10/s, burst: 10}'
	pool_up "$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=lab.test \
		-keyout "$lab_tmp/key.pem" -out "$lab_tmp/cert.pem" 2>/dev/null
	for n in 1 2 3; do
		pool_start_kamailio "$n"
		start_tls "$n"
		pool_start_capture "$n"
	done
	pool_config "$1" 1 2 3 >"$lab_tmp/sipxdp.yaml"
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
	lab_until 10 pool_is b3 up || fail "b3 is $(pool_backend b3 .state)"
	pool_start_callee
	start_tls_client
	says first
	tls_at=$(holder 5061 "$TLS_CLIENT")
	pool_start_calls calls 10 "$CALLS" 500 -t t1 # of one connection, for 15 s
	sleep 2
	calls_at=$(holder 5060 10.77.1.10)
	echo "SIP at b$calls_at, TLS at b$tls_at"

	# Who has them gets nothing new; the tables are made anew, and programs are replaced.
	lab_ctl backend drain "b$calls_at"
	[[ $tls_at == "$calls_at" ]] || lab_ctl backend remove "b$tls_at"
	sleep 1
	says second
	lab_kill_sipxdp
	sleep 1
	says third
	lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
	says fourth
	# INVITEs of several segments, each as long as the link takes them
	POOL_SUBJECT=$(printf 'x%.0s' {1..4000}) pool_start_calls others 10 10 300 -t t1 -p 7002
	lab_wait others || true
	check_sipp others 10
	lab_wait calls || true
	check_sipp calls "$CALLS"
	says fifth
	check "TLS is at" "$(holder 5061 "$TLS_CLIENT")" = "$tls_at"
	for n in 1 2 3; do
		lab_stop "capture-b$n" INT
		pool_read_capture "capture-b$n" | cut -d' ' -f1 | sort -u >"$lab_tmp/b$n.calls"
		echo "calls that b$n had: $(wc -l <"$lab_tmp/b$n.calls")"
	done
	check "calls at the backend of the first connection" "$(wc -l <"$lab_tmp/b$calls_at.calls")" -eq "$CALLS"
	check "calls that two backends had" "$(sort "$lab_tmp"/b[123].calls | uniq -d | wc -l)" -eq 0
	show_guard
	exec 9>&-
}
