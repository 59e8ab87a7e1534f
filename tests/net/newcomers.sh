#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Shows: nine in ten phones that nobody knows register within 15 s during a spoofed flood, as they can prove where they are
# shellcheck source-path=SCRIPTDIR source=check.sh
source "$(dirname "${BASH_SOURCE[0]}")/check.sh"

start_guarded_lab enforce
lab_start_flood flood --from 16.0.0.0/4 --rate 200000 --seconds 20
sleep 2
lab_stats before
lab_phones newcomers callers --register 10 --give-up 15000 || true
lab_stats after
lab_wait flood
echo "newcomers: $(lab_get newcomers .register)"
# One that asks once in a few seconds may be taken for a new source each time: it has to ask longer.
check "newcomers registered of $LAB_PHONES" "$(lab_get newcomers .register.registered)" \
	-ge $((LAB_PHONES * 9 / 10))
check "sources asked to prove themselves" \
	"$(lab_packets before after '.reason == "unproven" and .verdict == "tx"')" -gt 0
check "answers to that" "$(lab_packets before after '.reason == "proof"')" -gt 0
