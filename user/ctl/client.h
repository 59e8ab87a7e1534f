/* SPDX-License-Identifier: GPL-2.0-only */
/* The client of the daemon's control socket: one JSON line there, one JSON line back. */
#ifndef SIPXDP_CTL_CLIENT_H
#define SIPXDP_CTL_CLIENT_H

#include <jansson.h>

#define CLIENT_TIMEOUT_S  5
#define CLIENT_RELOAD_S	  60 /* a list of 250,000 networks may take its time on a busy host */
#define CLIENT_REPLY_MAX  (16u << 20)
#define CLIENT_SOCKET_DIR "/run/sipxdp"

/*
 * Sends {"command": command} to the daemon of the instance of --instance and waits for the whole
 * reply. 0, and *reply is an object of the caller's, whatever it says; else
 * -ENOENT: no socket, no daemon has run or it left in order; -ECONNREFUSED: the daemon died and
 * left its socket; -EACCES: not permitted; -ETIMEDOUT; -EPROTO: not a reply; or another -errno.
 */
int client_ask(const char *command, json_t **reply);

/* The same with a request of the caller's making: an object with "command", which stays the
 * caller's. */
int client_ask_json(const json_t *request, json_t **reply);

/*
 * client_ask() for a command that is nothing without the daemon: complains about all that went
 * wrong, a reply of "ok": false included. Returns an exit code, and *reply with CTL_DONE only.
 */
int client_command(const char *command, json_t **reply);
int client_command_json(const json_t *request, json_t **reply);

/* What an error of client_ask() means, in words. Static text. */
const char *client_strerror(int err);

#endif
