#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: a flood from one source is held to that source's limits, shows in sources, and costs no call
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

FLOODER=10.77.4.66

start_guarded_lab enforce
register_callers
lab_stats before
lab_start_flood flood --from "$FLOODER" --rate 200000 --seconds 8 --mix invite=1
sleep 1
lab_phones calls callers --calls 100 --seconds 6 || true
lab_wait flood
lab_stats after
check_calls calls most

# 20 INVITEs a second are let through by default. Each of the ports they came from has been
# challenged by the server then, which gives it a small budget of its own.
arrived=$(lab_get flood '.packets - .undelivered')
dropped=$(lab_packets before after '.verdict == "drop" and .class == "invite"')
check "INVITEs dropped of $arrived that arrived" "$dropped" -ge $((arrived * 99 / 100))
top=$(lab_ctl --json sources --by drops --top 1 | jq -c '.sources[0]')
check "the source with most drops" "$(jq -r '.source // .address' <<<"$top")" = "$FLOODER"
check "its drops" "$(jq .drops <<<"$top")" -gt $((arrived / 2))
