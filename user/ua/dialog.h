/* SPDX-License-Identifier: GPL-2.0-only */
/* What a caller remembers of a dialog (RFC 3261 section 12). */
#ifndef SIPXDP_UA_DIALOG_H
#define SIPXDP_UA_DIALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sip/message.h"

#define UA_TAG_MAX    256
#define UA_URI_MAX    1024
#define UA_ROUTES_MAX 4096

struct ua_dialog {
	bool over;		     /* a BYE went or came */
	char remote_tag[UA_TAG_MAX]; /* "": none, as RFC 2543 allowed */
	char target[UA_URI_MAX];     /* remote target */
	char routes[UA_ROUTES_MAX];  /* route set, ready for a Route header: "<uri>, <uri>" or "" */
	char first_route[UA_URI_MAX]; /* its first URI, or "" */
	bool loose;		      /* that has the lr parameter */
	size_t rest;		      /* where the second one starts in routes */
	uint32_t local_cseq;
	uint32_t remote_cseq;
	bool has_remote_cseq;
};

/*
 * Makes the dialog that a 2xx to our INVITE establishes (sections 12.1.2 and 13.2.2.4): route set
 * from Record-Route in reverse order, remote target from Contact, or from `uri`, our Request-URI,
 * where a sloppy peer gives none. 0, or -EMSGSIZE: something in it is longer than there is room
 * for.
 */
int ua_dialog_make(struct ua_dialog *dialog, const struct sip_message *response, const char *uri);

/* Takes a new remote target from a request or 2xx within the dialog, if it has one (section 12.2).
 * 0, or -EMSGSIZE. */
int ua_dialog_retarget(struct ua_dialog *dialog, const struct sip_message *msg);

/* Request-URI, Route value ("" for none) and the URI whose hop is next, of a request within the
 * dialog (section 12.2.1.1; strict routers of RFC 2543 too). 0 or -EMSGSIZE. */
struct ua_path {
	char uri[UA_URI_MAX];
	char routes[UA_ROUTES_MAX + UA_URI_MAX];
	char next[UA_URI_MAX];
};
int ua_dialog_path(const struct ua_dialog *dialog, struct ua_path *path);

#endif
