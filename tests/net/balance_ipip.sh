#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: ipip carries calls to three kamailio, IPv4 and IPv6, INVITEs of 3 KB too, each call to one of them
# shellcheck source-path=SCRIPTDIR source=balance_forward.sh
source "$(dirname "${BASH_SOURCE[0]}")/balance_forward.sh"

show_forwarding ipip 13
