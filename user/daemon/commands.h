/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the control socket answers (control.h has the framing). Every reply has "ok".
 *
 *   ping     pid
 *   version  version, layout
 *   status   what the daemon alone knows of itself: see status.h
 *   samples  samples: [{time_unix_ns, source, destination, service, class, verdict, reason, length,
 *            start_line}], oldest first, and seen: how many there were since the start. The
 *            request's "last": N asks for the newest N; at most SAMPLES_REPLY_MAX are given.
 *   history  the messages of the call "call_id", oldest first, as far as they are remembered:
 *            messages: [{time_unix_ns, source, destination, from_server, retransmission, length (of
 *            the datagram), data (what was captured of it, in hexadecimal)}], and omitted: how many
 *            older ones are not
 *   reload   file, needs_restart: [key]; fails with the configuration's errors, a line each
 *   backend  changes a pool: "action" add ("address", "weight": 1 unless given), remove, weight
 *            ("weight"), drain, up or down; "name" of the backend, and its "service" where the name
 *            is not enough
 *   detach   interfaces: how many were guarded; the daemon ends, whatever on_exit says
 */
#ifndef SIPXDP_DAEMON_COMMANDS_H
#define SIPXDP_DAEMON_COMMANDS_H

#include "daemon/control.h"
#include "policy/config.h"

#define SAMPLES_REPLY_MAX CONFIG_SAMPLES_MAX

/* A control_handler; context is the struct daemon. */
control_handler commands_run;

#endif
