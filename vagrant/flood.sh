#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# On the machine "attacker", as root: a flood to the edge. PPS packets a second for SECONDS_, from
# spoofed sources, or FROM=10.88.1.66 from one. It stays on the private network of these machines.
set -euo pipefail
edge=10.88.1.2
from=${FROM:-16.0.0.0/4}
dev=$(ip -o -4 addr show to 10.88.1.66 | awk '{ print $2; exit }')
# One datagram to a port that nobody listens at: then the edge's MAC address is known.
echo >"/dev/udp/$edge/9"
sleep 0.5
mac=$(ip -json neigh show "$edge" dev "$dev" | jq -r '.[0].lladdr')
exec "${SIPXDP_TREE:-/sipxdp}/build/lab/flood" --dev "$dev" --to-mac "$mac" --to "$edge" \
	--from "$from" --rate "${PPS:-100000}" --seconds "${SECONDS_:-20}"
