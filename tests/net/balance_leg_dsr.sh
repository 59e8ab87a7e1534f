#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: the same as balance_leg_nat with dsr, where the backends' way out is by the balancer
# shellcheck source-path=SCRIPTDIR source=balance_leg.sh
source "$(dirname "${BASH_SOURCE[0]}")/balance_leg.sh"

show_legs dsr
