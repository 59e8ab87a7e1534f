/* SPDX-License-Identifier: GPL-2.0-only */
/* A user agent from the order to the result: how it starts, what arrives, what is due. */
#include "ua/ua.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip/uri.h"
#include "ua/core.h"

/* ---- what the files of this directory share ---- */

void ua_note(struct ua *ua, const char *format, ...)
{
	char text[512];
	struct ua_event event = { .kind = UA_NOTE, .data = text };
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	event.length = strlen(text);
	ua->world.tell(ua->world.context, &event);
}

void ua_note_received(struct ua *ua, const struct ua_peer *from, const char *data, size_t length,
		      bool again)
{
	const struct ua_event event = {
		.kind = UA_RECEIVED,
		.peer = from,
		.data = data,
		.length = length,
		.again = again,
	};

	ua->world.tell(ua->world.context, &event);
}

int ua_emit(struct ua *ua, const struct ua_peer *to, const char *data, size_t length, bool again,
	    enum ua_timer timer)
{
	const struct ua_event event = {
		.kind = UA_SENT,
		.peer = to,
		.data = data,
		.length = length,
		.again = again,
		.timer = timer,
	};
	int err = ua->world.send(ua->world.context, to, data, length);

	if (!err)
		ua->world.tell(ua->world.context, &event);
	return err;
}

void ua_make_token(struct ua *ua, const char *prefix, char *out, size_t size)
{
	uint64_t chance;

	ua->world.random(ua->world.context, &chance, sizeof(chance));
	snprintf(out, size, "%s%016" PRIx64, prefix, chance);
}

int ua_find_hop(struct ua *ua, const char *uri, enum ua_transport usual, struct ua_peer *peer)
{
	struct ua_peer found = { 0 };
	struct ua_hop hop;
	int err = ua_hop_of_uri(uri, usual, &hop);

	if (err)
		return err;
	found.transport = hop.transport;
	found.at.port = hop.port;
	if (address_parse(hop.host, strlen(hop.host), &found.at.address))
		err = ua->world.resolve(ua->world.context, hop.host, hop.port, &found.at);
	if (!err)
		*peer = found;
	return err;
}

void ua_explain(struct ua *ua, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ua->result.why, sizeof(ua->result.why), format, args);
	va_end(args);
}

void ua_finish(struct ua *ua, enum ua_outcome outcome, uint64_t linger, uint64_t now)
{
	if (ua->phase == UA_OVER)
		return;
	ua->phase = UA_OVER;
	ua->result.outcome = outcome;
	ua->over_at = now + linger;
}

/* ---- start ---- */

static int refuse_order(struct sip_error *error, const char *rfc, const char *what)
{
	*error = (struct sip_error){ .line = 1, .rfc = rfc, .what = what };
	return -EINVAL;
}

static bool set_text(char *out, size_t size, const char *text)
{
	struct ua_text t = ua_text_in(out, size);

	ua_text_add(&t, "%s", text);
	return !t.full;
}

/* "sip:HOST", of a URI whose user and parameters say who, not where. */
static bool set_domain(char *out, size_t size, const char *text, const struct sip_uri *uri,
		       const char *user)
{
	struct ua_text t = ua_text_in(out, size);
	bool ipv6 = uri->host.kind == SIP_HOST_IPV6;

	ua_text_add(&t, "sip:%s%s%s", user ? user : "", user ? "@" : "", ipv6 ? "[" : "");
	ua_text_slice(&t, text, uri->host.name);
	ua_text_add(&t, "%s", ipv6 ? "]" : "");
	if (uri->host.has_port)
		ua_text_add(&t, ":%u", uri->host.port);
	return !t.full;
}

static bool set_from(struct ua *ua, const struct sip_uri *uri)
{
	const struct ua_order *o = &ua->order;

	if (o->from)
		return set_text(ua->from, sizeof(ua->from), o->from);
	if (o->secret.user)
		return set_domain(ua->from, sizeof(ua->from), o->uri, uri, o->secret.user);
	return set_text(ua->from, sizeof(ua->from), "sip:anonymous@anonymous.invalid");
}

/* A REGISTER goes to the domain; who is registered is in To (section 10.2). */
static bool set_register(struct ua *ua, const struct sip_uri *uri)
{
	const struct ua_order *o = &ua->order;

	if (!set_domain(ua->request_uri, sizeof(ua->request_uri), o->uri, uri, NULL))
		return false;
	if (!o->from && uri->user.length && !set_text(ua->from, sizeof(ua->from), o->uri))
		return false;
	return set_text(ua->to, sizeof(ua->to), uri->user.length ? o->uri : ua->from);
}

/* The user part of From, and the address that answers come to. */
static bool set_contact(struct ua *ua)
{
	const struct ua_order *o = &ua->order;
	struct ua_text t = ua_text_in(ua->contact, sizeof(ua->contact));
	char reached[ENDPOINT_TEXT_SIZE];
	struct sip_uri from;

	if (o->contact && strcmp(o->contact, "*") != 0)
		return set_text(ua->contact, sizeof(ua->contact), o->contact);
	ua_text_add(&t, "sip:");
	if (sip_uri_parse(ua->from, strlen(ua->from), &from, NULL) == 0 && from.user.length) {
		ua_text_slice(&t, ua->from, from.user);
		ua_text_add(&t, "@");
	}
	ua_text_add(&t, "%s%s", endpoint_print(&o->local, reached),
		    o->hop.transport == UA_TCP ? ";transport=tcp" : "");
	return !t.full;
}

static bool has_line_end(const char *text)
{
	return text && strpbrk(text, "\r\n");
}

/* What would end a line of ours, or a quoted name, and make another message of it. */
static int check_texts(const struct ua_order *o, struct sip_error *error)
{
	if (has_line_end(o->method) || has_line_end(o->uri) || has_line_end(o->from) ||
	    has_line_end(o->contact) || has_line_end(o->content_type))
		return refuse_order(error, "RFC 3261 7.3.1", "line end in a value");
	for (unsigned int i = 0; i < o->header_count; i++) {
		if (has_line_end(o->headers[i]))
			return refuse_order(error, "RFC 3261 7.3.1", "line end in a header");
		if (!strchr(o->headers[i], ':'))
			return refuse_order(error, "RFC 3261 7.3.1", "header without a colon");
	}
	if (o->secret.user && !ua_user_is_quotable(o->secret.user))
		return refuse_order(error, "RFC 3261 25.1", "user name with a quote or backslash");
	if (strlen(o->method) >= UA_METHOD_MAX)
		return refuse_order(error, "RFC 3261 7.1", "method too long");
	if (o->body_length > UA_BODY_MAX)
		return refuse_order(error, "RFC 3261 18.1.1", "body larger than 32768 octets");
	return 0;
}

static int set_names(struct ua *ua, struct sip_error *error)
{
	const struct ua_order *o = &ua->order;
	struct sip_uri uri;
	bool fits;
	int err = sip_uri_parse(o->uri, strlen(o->uri), &uri, error);

	if (err)
		return err;
	fits = set_text(ua->request_uri, sizeof(ua->request_uri), o->uri) &&
	       set_text(ua->to, sizeof(ua->to), o->uri) && set_from(ua, &uri);
	if (fits && strcmp(o->method, "REGISTER") == 0)
		fits = set_register(ua, &uri);
	if (!fits || !set_contact(ua))
		return refuse_order(error, "RFC 3261 8.1.1", "URI longer than 1023 octets");
	return 0;
}

static void set_up(struct ua *ua)
{
	uint32_t chance;

	ua->invite = strcmp(ua->order.method, "INVITE") == 0;
	ua->has_offer = ua->invite && !ua->order.body;
	ua->expires = ua->order.expires;
	ua->cancel_at = ua->ring_until = ua->cancelled_until = UA_NEVER;
	ua->hold_until = ua->reinvite_at = ua->reinvite_until = UA_NEVER;
	ua->over_at = UA_NEVER;
	ua_make_token(ua, "", ua->tag, sizeof(ua->tag));
	ua_make_token(ua, "", ua->call_id, sizeof(ua->call_id));
	ua->world.random(ua->world.context, &chance, sizeof(chance));
	ua->cseq = chance & 0xffff; /* any start below 2^31 (section 8.1.1.5) */
	ua->world.random(ua->world.context, &chance, sizeof(chance));
	ua->session = (struct ua_session){
		.media = { ua->order.local.address, ua->order.media_port },
		.id = chance,
		.version = 1,
	};
}

int ua_new(const struct ua_order *order, const struct ua_world *world, uint64_t now,
	   struct ua **out, struct sip_error *error)
{
	struct ua *ua = calloc(1, sizeof(*ua));
	int err;

	if (!ua)
		return -ENOMEM;
	ua->order = *order;
	ua->world = *world;
	set_up(ua);
	err = check_texts(order, error) ?: set_names(ua, error);
	if (!err) {
		if (ua->invite && order->cancel_after != UA_NEVER)
			ua->cancel_at = now + order->cancel_after;
		err = ua_client_order(ua, 0, now, error);
	}
	if (err)
		free(ua);
	else
		*out = ua;
	return err;
}

void ua_free(struct ua *ua)
{
	free(ua);
}

/* ---- what arrives ---- */

static void note_invalid(struct ua *ua, const struct ua_peer *from, const char *data, size_t length,
			 const struct sip_error *fault)
{
	const struct ua_event event = {
		.kind = UA_RECEIVED,
		.peer = from,
		.data = data,
		.length = length,
		.fault = fault,
	};

	ua->world.tell(ua->world.context, &event);
}

void ua_receive(struct ua *ua, const struct ua_peer *from, const char *data, size_t length,
		uint64_t now)
{
	struct sip_error fault;

	if (sip_message_parse(data, length, &ua->msg, &fault) < 0)
		note_invalid(ua, from, data, length, &fault);
	else if (ua->msg.kind == SIP_RESPONSE)
		ua_client_response(ua, from, data, length, now);
	else
		ua_server_request(ua, from, data, length, now);
}

void ua_lost(struct ua *ua, const struct ua_peer *peer, int error, uint64_t now)
{
	ua_client_lost(ua, peer, error, now);
}

/* ---- what is due ---- */

void ua_run(struct ua *ua, uint64_t now)
{
	ua_client_run(ua, now);
	ua_server_run(ua, now);
}

uint64_t ua_next(const struct ua *ua)
{
	uint64_t client = ua_client_next(ua), server = ua_server_next(ua);
	uint64_t next = client < server ? client : server;

	if (ua->phase == UA_OVER && ua->over_at < next)
		next = ua->over_at;
	return next;
}

static void interrupt_asking(struct ua *ua, uint64_t now)
{
	if (ua->invite) {
		ua_client_cancel(ua, now);
		return;
	}
	ua_explain(ua, "interrupted");
	ua_finish(ua, UA_NO_ANSWER, 0, now);
}

void ua_interrupt(struct ua *ua, uint64_t now)
{
	if (ua->interrupts++ && ua->phase != UA_OVER) {
		ua_note(ua, "interrupted again: left as it is");
		if (ua->phase == UA_ASKING)
			ua_explain(ua, "interrupted");
		ua->result.spoilt = true;
		ua_finish(ua, ua->phase == UA_ASKING ? UA_NO_ANSWER : UA_SUCCEEDED, 0, now);
		return;
	}
	switch (ua->phase) {
	case UA_ASKING: interrupt_asking(ua, now); break;
	case UA_TALKING: ua_call_leave(ua, now); break;
	case UA_LEAVING: break;
	case UA_OVER: ua->over_at = now; break;
	}
}

bool ua_is_done(const struct ua *ua, uint64_t now)
{
	return ua->phase == UA_OVER && now >= ua->over_at;
}

const struct ua_result *ua_result(const struct ua *ua)
{
	return &ua->result;
}
