#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# On the machine "caller": fifty phones register and call. CALLS a second for SECONDS, then a summary.
set -euo pipefail
exec "${SIPXDP_TREE:-/sipxdp}/build/lab/phones" --server 10.88.1.2 --address 10.88.1.10 --port 10000 \
	--phones 50 --domain lab.test --password secret --user caller --callee callee --callees 50 \
	--register 50 --calls "${CALLS:-20}" --seconds "${SECONDS_:-20}" --progress
