#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: dsr carries SIP over TCP and TLS, each connection at one backend while the pool changes and the daemon is killed; bans and the limit of SYNs hold
# shellcheck source-path=SCRIPTDIR source=balance_stream.sh
source "$(dirname "${BASH_SOURCE[0]}")/balance_stream.sh"

show_streams dsr
