#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: a pool follows its backends' health, commands, reloads and its dispatcher.list, and keeps places and tables over a crash of the daemon
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"
# shellcheck source-path=SCRIPTDIR source=../../lab/pool.sh
source "$LAB_ROOT/lab/pool.sh"

# The table itself, as bpftool shows it, without the time stamps of the rows.
table_sum() {
	bpftool map dump pinned "/sys/fs/bpf/sipxdp/$LAB_INSTANCE/maglev" 2>/dev/null | md5sum
}

up_of_service() {
	lab_ctl --json status | jq '.services[0].backends_up'
}

pool_has_share() { # NAME PERCENT
	[[ $(pool_backend "$1" '.share_percent | floor') == "$2" ]]
}

is_up() { [[ $(up_of_service) == "$1" ]]; }

[[ $EUID == 0 ]] || skip "needs root"
export POOL_IPV6=no
pool_up nat
for n in 1 2 3; do
	pool_start_kamailio "$n"
done
pool_config nat 1 2 3:2 >"$lab_tmp/sipxdp.yaml"
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
lab_until 5 is_up 3 || fail "backends up: $(up_of_service)"
check "share of the backend with half of the weights" "$(pool_backend b3 .share_percent)" -ge 47.5
check "the same" "$(pool_backend b3 .share_percent)" -le 52.5
check "status of the last probe" "$(pool_backend b1 .probe_status)" = 200

# Health
pool_kill 2
lab_until 4 pool_is b2 down || fail "b2 is $(pool_backend b2 .state)"
lab_until 2 is_up 2 || fail "backends up: $(up_of_service)"
check "share of a dead backend" "$(pool_backend b2 .share_percent)" -eq 0
check "status names it" "$(lab_ctl status | grep -c '1 of 3 backends are down')" -eq 1
pool_start_kamailio 2
lab_until 8 pool_is b2 up || fail "b2 does not come back: $(pool_backend b2 .state)"

# By hand
place=$(pool_backend b1 .place)
lab_ctl backend drain b1
check "drained" "$(pool_backend b1 .state)" = drain
lab_until 2 is_up 2 || fail "backends up: $(up_of_service)"
lab_ctl backend add b4 10.77.5.14:5060 --weight 2
check "a new backend waits for an answer" "$(pool_backend b4 .state)" = down
pool_start_kamailio 4
lab_until 5 pool_is b4 up || fail "b4 is $(pool_backend b4 .state)"
lab_ctl backend weight b4 0
lab_until 2 pool_has_share b4 0 || fail "share of weight 0: $(pool_backend b4 .share_percent)"
lab_ctl backend weight b4 2
lab_ctl backend down b3
check "taken down by hand" "$(pool_backend b3 .state)" = down
lab_ctl backend remove b2
check "removed" "$(pool_backend b2 .state)" = ""
for wrong in "add b4 10.77.5.15:5060" "add x 10.77.5.14:5060" "add x 10.77.0.10:5060" "add x [fe80::1]:0" \
	"add x [fd77:0:0:5::15]:5060" "add x 127.0.0.1:5060" "remove nobody" "weight b4 2000000" "up"; do
	# shellcheck disable=SC2086
	lab_ctl backend $wrong 2>>"$lab_tmp/wrong.log" && fail "taken: backend $wrong"
done
echo "refused: $(tr '\n' ';' <"$lab_tmp/wrong.log")"

# A crash: the kernel goes on with its tables, the next daemon takes over orders and health.
before=$(table_sum)
lab_kill_sipxdp
check "the table stands without the daemon" "$(table_sum)" = "$before"
check "the list does too" "$(pool_backend b3 .by_hand)" = down
lab_start_sipxdp "$lab_tmp/sipxdp.yaml"
check "orders survive: b1" "$(pool_backend b1 .by_hand)" = drain
check "orders survive: b3" "$(pool_backend b3 .by_hand)" = down
check "place of b1" "$(pool_backend b1 .place)" -eq "$place"
lab_ctl backend up b1
lab_ctl backend up b3

# A reload: who stays keeps place and state.
lab_until 8 pool_is b2 up || fail "b2 is in the file again, and $(pool_backend b2 .state)"
place=$(pool_backend b3 .place)
since=$(pool_backend b3 .since_unix_ns)
pool_config nat 3 4 >"$lab_tmp/sipxdp.yaml"
lab_reload_sipxdp
lab_until 8 pool_is b4 up || fail "b4 is $(pool_backend b4 .state)"
check "place of b3" "$(pool_backend b3 .place)" -eq "$place"
check "state of b3 since" "$(pool_backend b3 .since_unix_ns)" = "$since"
check "who is in no file" "$(pool_backend b1 .state)" = ""

# An import, and its changes
printf '5 sip:10.77.5.11 0 0 duid=one\n6 sip:10.77.5.12\n' >"$lab_tmp/dispatcher.list"
chmod 644 "$lab_tmp/dispatcher.list"
POOL_LINES=$'      import: dispatcher.list\n      import_set: 5' pool_config nat 3 >"$lab_tmp/sipxdp.yaml"
lab_reload_sipxdp
lab_until 8 pool_is one up || fail "the imported backend is $(pool_backend one .state)"
printf '5 sip:10.77.5.12 0 0 duid=two;weight=4\n5 sip:10.77.5.11 1 0 duid=one\n' >"$lab_tmp/new"
chmod 644 "$lab_tmp/new"
mv "$lab_tmp/new" "$lab_tmp/dispatcher.list"
lab_until 8 pool_is two up || fail "the changed list is not followed"
check "weight of the list" "$(pool_backend two .weight)" -eq 4
check "share of an inactive destination" "$(pool_backend one .share_percent)" -eq 0
echo "5 nonsense" >>"$lab_tmp/dispatcher.list"
lab_until 5 grep -q 'dispatcher.list:3:3: the destination is not a SIP URI' "$lab_tmp/sipxdpd.log" ||
	fail "what is wrong in the list is not told"
check "a wrong list changes nothing" "$(pool_backend two .state)" = up

# All are dead.
for n in 1 2 3 4; do
	pool_kill "$n"
done
lab_until 5 is_up 0 || fail "backends up: $(up_of_service)"
check "status says so" "$(lab_ctl status | grep -c 'no backend is up')" -eq 1
check "the daemon's log" "$(grep -c 'service proxy: no backend is up' "$lab_tmp/sipxdpd.log")" -ge 1
check "refused system calls" "$(grep -c 'Function not implemented\|Operation not permitted' "$lab_tmp/sipxdpd.log" || true)" -eq 0
