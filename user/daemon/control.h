/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket /run/sipxdp/<instance>.sock. A client sends one line, a JSON object with a
 * member "command"; it gets one line back, a JSON object with "ok": true, or "ok": false and
 * "error": text (and where a program can act on it, "code": "invalid", "not_found",
 * "not_permitted" or "busy"); then the connection is closed. Who may connect is a matter of the
 * socket's mode: 0660, of the group sipxdp, or of root's where the host has no such group.
 *
 * Nothing a client does holds up the event loop: clients, lines and times are bounded.
 */
#ifndef SIPXDP_DAEMON_CONTROL_H
#define SIPXDP_DAEMON_CONTROL_H

#include <jansson.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#define CONTROL_CLIENTS_MAX 16
#define CONTROL_LINE_MAX    65536 /* of a request, with its newline */
#define CONTROL_TIMEOUT_S   5	  /* to send the request, and again to fetch the reply */

/*
 * Answers one request: a new reference to the reply, or NULL if there is no memory for one.
 * peer is who asks.
 */
typedef json_t *control_handler(void *context, const char *command, const json_t *request,
				const struct ucred *peer);

struct control;

/*
 * Binds and listens; the caller holds the instance's lock, so a socket that is there is a dead
 * daemon's, and is replaced. group as from rundir_group(). 0 and *out, or -errno.
 */
int control_open(const char *instance, gid_t group, sd_event *event, control_handler *handler,
		 void *context, struct control **out);

/* Removes the socket too. Replies not yet fetched are lost. control may be NULL. */
void control_close(struct control *control);

/* {"ok": true}, to be extended. */
json_t *control_ok(void);

/* {"ok": false, "error": text, "code": code}; code may be NULL. */
json_t *control_error(const char *code, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
