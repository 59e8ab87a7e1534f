#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: nat brings home the answers to calls that backends start, and what belongs to them, while the pool changes and the daemon is killed
# shellcheck source-path=SCRIPTDIR source=balance_leg.sh
source "$(dirname "${BASH_SOURCE[0]}")/balance_leg.sh"

show_legs nat
