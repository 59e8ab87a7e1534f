/* SPDX-License-Identifier: GPL-2.0-only */
/* The inside of a user agent, shared by the files that make it: ua.c (start, what arrives, what is
 * due), client.c (what it asks), call.c (a call that was answered), server.c (what it is asked),
 * write.c (messages). */
#ifndef SIPXDP_UA_CORE_H
#define SIPXDP_UA_CORE_H

#include "sip/message.h"
#include "ua/authorization.h"
#include "ua/dialog.h"
#include "ua/session.h"
#include "ua/ua.h"

#define UA_METHOD_MAX	   64
#define UA_BRANCH_MAX	   40
#define UA_TOKEN_MAX	   40 /* tags, Call-ID, cnonce of our own */
#define UA_CREDENTIALS_MAX 12288
#define UA_ACK_MAX	   24576
#define UA_REPLY_MAX	   32768
#define UA_KEY_MAX	   512
#define UA_CLIENTS_MAX	   12
#define UA_SERVERS_MAX	   8
#define UA_LEGS_MAX	   4 /* branches of a forked call that answered */
#define UA_TRIES_MAX	   4 /* times that one request is challenged */

/* What a client transaction is for. */
enum ua_purpose { UA_FOR_ORDER, UA_FOR_REINVITE, UA_FOR_BYE, UA_FOR_CANCEL };

/* What of a request is needed to send it, acknowledge it, cancel it. */
struct ua_request {
	char method[UA_METHOD_MAX];
	struct ua_path path;
	char branch[UA_BRANCH_MAX];
	char to_tag[UA_TAG_MAX];	      /* "": none */
	char credentials[UA_CREDENTIALS_MAX]; /* header lines, or "" */
	uint32_t cseq;
	struct ua_peer hop;
};

/* A dialog, and the ACK that its latest 2xx was answered by. */
struct ua_leg {
	bool used;
	struct ua_dialog dialog;
	struct ua_peer ack_hop;
	uint32_t ack_cseq; /* 0: none yet */
	size_t ack_length;
	char ack[UA_ACK_MAX];
};

struct ua_client {
	struct ua_transaction transaction;
	enum ua_purpose purpose;
	struct ua_leg *leg; /* NULL: outside of any */
	unsigned int tries; /* challenges answered on the way to this request */
	struct ua_request request;
	uint16_t heard; /* status of the latest response; 0: none */
	char heard_tag[UA_TAG_MAX];
	size_t length;
	char text[SIP_MESSAGE_MAX + 1];
	size_t ack_length; /* of an INVITE that failed */
	char ack[UA_ACK_MAX];
};

/* A request that was answered, in case it comes again (RFC 3261 section 17.2). */
struct ua_server {
	char key[UA_KEY_MAX]; /* "": free */
	struct ua_peer peer;
	uint64_t until;	   /* timer J or H */
	uint64_t again_at; /* 2xx to INVITE: when to send it again (section 13.3.1.4) */
	uint64_t interval;
	struct ua_leg *leg; /* of that INVITE, while it waits for its ACK; else NULL */
	uint32_t cseq;
	size_t length;
	char text[UA_REPLY_MAX];
};

enum ua_phase {
	UA_ASKING, /* the order has no final response */
	UA_TALKING,
	UA_LEAVING, /* BYE was sent */
	UA_OVER,
};

struct ua {
	struct ua_order order;
	struct ua_world world;
	struct ua_authorization authorization;
	struct ua_session session;
	struct ua_result result;
	enum ua_phase phase;
	bool invite;	/* the order is an INVITE */
	bool has_offer; /* its body is an offer of ours */
	uint32_t expires;

	char request_uri[UA_URI_MAX];
	char to[UA_URI_MAX], from[UA_URI_MAX], contact[UA_URI_MAX];
	char tag[UA_TOKEN_MAX], call_id[UA_TOKEN_MAX];
	uint32_t cseq; /* outside of dialogs */

	unsigned int interrupts;
	bool cancel_wanted, cancel_sent;
	uint64_t cancel_at, ring_until, cancelled_until;
	uint64_t hold_until, reinvite_at, reinvite_until;
	unsigned int reinvites_left;
	unsigned int glares; /* 491s that were waited out */
	uint64_t over_at;

	struct ua_leg *talk; /* the call that is held */
	struct ua_leg legs[UA_LEGS_MAX];
	struct ua_client clients[UA_CLIENTS_MAX];
	struct ua_server servers[UA_SERVERS_MAX];

	struct sip_message msg; /* what is being received */
	struct sip_message own; /* for a last look at what is being sent */
	struct sip_sdp sdp;
	char body[UA_SDP_MAX];
};

/* ---- ua.c ---- */

void ua_note(struct ua *ua, const char *format, ...) __attribute__((format(printf, 2, 3)));
void ua_note_received(struct ua *ua, const struct ua_peer *from, const char *data, size_t length,
		      bool again);

/* Sends and tells. 0 or -errno. */
int ua_emit(struct ua *ua, const struct ua_peer *to, const char *data, size_t length, bool again,
	    enum ua_timer timer);

/* A token of 16 hexadecimal digits that nobody can guess, behind a prefix. */
void ua_make_token(struct ua *ua, const char *prefix, char *out, size_t size);

/* Where a URI leads to. 0 or -errno. */
int ua_find_hop(struct ua *ua, const char *uri, enum ua_transport usual, struct ua_peer *hop);

/* Ends the order: in `linger` ns, until when copies of what came are still answered. */
void ua_finish(struct ua *ua, enum ua_outcome outcome, uint64_t linger, uint64_t now);
void ua_explain(struct ua *ua, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- client.c ---- */

/* Sends the order's request; 0, or -EINVAL with *error. */
int ua_client_order(struct ua *ua, unsigned int tries, uint64_t now, struct sip_error *error);
void ua_client_response(struct ua *ua, const struct ua_peer *from, const char *data, size_t length,
			uint64_t now);
void ua_client_run(struct ua *ua, uint64_t now);
uint64_t ua_client_next(const struct ua *ua);
void ua_client_lost(struct ua *ua, const struct ua_peer *peer, int error, uint64_t now);

/* Cancels as soon as it may be done (section 9.1). */
void ua_client_cancel(struct ua *ua, uint64_t now);

/* A request that follows from another. What cannot be sent is told, and false returned. */
bool ua_client_follow(struct ua *ua, enum ua_purpose purpose, const char *method,
		      struct ua_leg *leg, unsigned int tries, uint64_t now);

/* A transaction of that purpose that waits for its final response, or NULL. */
struct ua_client *ua_client_waiting(struct ua *ua, enum ua_purpose purpose);

/* Does an INVITE of ours wait for its final response? */
bool ua_client_has_invite(const struct ua *ua);

/* ---- call.c ---- */

/* The first 2xx to the order's INVITE came; c is its transaction. */
void ua_call_start(struct ua *ua, const struct ua_client *c, uint64_t now);

/* Another 2xx to the same INVITE: a copy, or another branch of a forked call, which is hung up at
 * once (section 13.2.2.4). */
void ua_call_again(struct ua *ua, const struct ua_client *c, uint64_t now);

/* A re-INVITE got its 2xx, or another final response that no credentials can turn. */
void ua_call_changed(struct ua *ua, const struct ua_client *c, uint64_t now);
void ua_call_unchanged(struct ua *ua, uint64_t now);

/* Hangs up. */
void ua_call_leave(struct ua *ua, uint64_t now);

/* A BYE has its answer, or will have none: the order is done, unless another one waits. */
void ua_call_end(struct ua *ua, uint64_t now);

/* Does what is due in a call. */
void ua_call_run(struct ua *ua, uint64_t now);

/* ---- server.c ---- */

void ua_server_request(struct ua *ua, const struct ua_peer *from, const char *data, size_t length,
		       uint64_t now);
void ua_server_run(struct ua *ua, uint64_t now);
uint64_t ua_server_next(const struct ua *ua);

/* Does an INVITE of the other side wait for its ACK? */
bool ua_server_has_invite(const struct ua *ua);

/* ---- write.c ---- */

/* Methods of an order that make no sense alone. */
#define UA_ALLOW "INVITE, ACK, CANCEL, BYE, OPTIONS"

struct ua_body {
	const char *type; /* NULL: no body */
	const char *octets;
	size_t length;
};

/* A request of that purpose, all of it. */
void ua_write_request(const struct ua *ua, const struct ua_request *request,
		      enum ua_purpose purpose, const struct ua_body *body, struct ua_text *out);

/* The ACK of a 2xx (section 13.2.2.4). */
void ua_write_ack(const struct ua *ua, const struct ua_request *request, struct ua_text *out);

/* The ACK of any other final response (section 17.1.1.3), whose To it takes. */
void ua_write_failure_ack(const struct ua *ua, const struct ua_request *invite,
			  const struct sip_message *response, struct ua_text *out);

/* The CANCEL of a request (section 9.1). */
void ua_write_cancel(const struct ua *ua, const struct ua_request *invite, struct ua_text *out);

/* A response to the request in ua->msg (section 8.2.6). */
struct ua_reply {
	unsigned int status;
	const char *reason;
	bool contact, allow, unsupported; /* headers it is to have */
	struct ua_body body;
};
void ua_write_reply(const struct ua *ua, const struct ua_peer *from, const struct ua_reply *reply,
		    struct ua_text *out);

#endif
