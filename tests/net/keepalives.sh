#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: every CRLFCRLF keepalive of a registered phone reaches the server and is counted as one
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
register_callers
lab_in server nft add table inet seen
lab_in server nft add chain inet seen input '{ type filter hook input priority 0; }'
# 8 octets of UDP header and CRLFCRLF
lab_in server nft add rule inet seen input udp dport 5060 udp length 12 counter
lab_stats before
# Two calls a second keep the phones going for six seconds.
lab_phones calls callers --calls 2 --seconds 5 --keepalive 500 || true
lab_stats after
check_calls calls
sent=$(lab_get calls .keepalives.sent)
check "keepalives sent" "$sent" -ge $((LAB_PHONES * 10))
check "of them at the server" "$(lab_in server nft -j list chain inet seen input |
	jq '[.. | .counter? // empty | .packets] | add')" -eq "$sent"
check "counted as passed keepalives" \
	"$(lab_packets before after '.class == "crlf" and .verdict == "pass"')" -eq "$sent"
