/* SPDX-License-Identifier: GPL-2.0-only */
/* What a user agent is asked while it is at work: BYE, re-INVITE and OPTIONS of its own call are
 * done, all else is refused as RFC 3261 section 8.2 and 12.2.2 say. */
#include <inttypes.h>
#include <string.h>

#include "sip/number.h"
#include "ua/core.h"

/* Marks a request that has come before: what section 17.2.3 compares, and Call-ID and number for
 * those without a branch of RFC 3261. False if it is too long to remember. */
static bool make_key(const struct sip_message *msg, char key[UA_KEY_MAX])
{
	const struct sip_via *via = &msg->via[0];
	struct ua_text t = ua_text_in(key, UA_KEY_MAX);

	ua_text_slice(&t, msg->text, via->branch);
	ua_text_add(&t, "|");
	ua_text_slice(&t, msg->text, via->sent_by.name);
	ua_text_add(&t, ":%u|", via->sent_by.port);
	ua_text_slice(&t, msg->text, msg->call_id);
	ua_text_add(&t, "|%" PRIu32 " ", msg->cseq.number);
	ua_text_slice(&t, msg->text, msg->cseq.method_name);
	if (t.full)
		key[0] = 0;
	return !t.full;
}

static struct ua_server *find_server(struct ua *ua, const char *key)
{
	for (unsigned int i = 0; *key && i < UA_SERVERS_MAX; i++)
		if (strcmp(ua->servers[i].key, key) == 0)
			return &ua->servers[i];
	return NULL;
}

/* A free row, or the one that is soonest forgotten; never one that waits for its ACK. NULL: all do.
 */
static struct ua_server *take_server(struct ua *ua)
{
	struct ua_server *oldest = NULL;

	for (unsigned int i = 0; i < UA_SERVERS_MAX; i++) {
		struct ua_server *s = &ua->servers[i];

		if (!s->key[0])
			return s;
		if (!s->leg && (!oldest || s->until < oldest->until))
			oldest = s;
	}
	return oldest;
}

/* Where a response goes (section 18.2.2, RFC 3581 section 4). */
static struct ua_peer reply_peer(const struct sip_message *msg, const struct ua_peer *from)
{
	const struct sip_via *via = &msg->via[0];
	struct ua_peer to = *from;

	if (from->transport == UA_UDP && !via->has_rport)
		to.at.port = via->sent_by.port ? via->sent_by.port : UA_SIP_PORT;
	return to;
}

/* Sends a response, and remembers it for when the request comes again. The row; NULL: none free. */
static struct ua_server *reply(struct ua *ua, const struct ua_peer *from, const struct ua_reply *r,
			       uint64_t now)
{
	struct ua_server *s = take_server(ua);
	struct ua_text out;

	if (!s)
		return NULL;
	out = ua_text_in(s->text, sizeof(s->text));
	s->key[0] = 0;
	s->leg = NULL;
	ua_write_reply(ua, from, r, &out);
	if (out.full)
		return NULL;
	s->length = out.length;
	s->peer = reply_peer(&ua->msg, from);
	s->until = now + UA_TIMEOUT_NS;
	s->again_at = UA_NEVER;
	s->cseq = ua->msg.cseq.number;
	make_key(&ua->msg, s->key);
	ua_emit(ua, &s->peer, s->text, s->length, false, UA_NO_TIMER);
	return s;
}

static void refuse(struct ua *ua, const struct ua_peer *from, unsigned int status,
		   const char *reason, uint64_t now)
{
	const struct ua_reply r = {
		.status = status,
		.reason = reason,
		.allow = status == 405,
		.unsupported = status == 420,
	};

	reply(ua, from, &r, now);
}

/* The dialog of a request (section 12.2.2), ended or not. */
static struct ua_leg *find_leg(struct ua *ua)
{
	const struct sip_message *msg = &ua->msg;

	if (!sip_slice_is(msg->text, msg->call_id, ua->call_id) ||
	    !sip_slice_is(msg->text, msg->to.tag, ua->tag))
		return NULL;
	for (unsigned int i = 0; i < UA_LEGS_MAX; i++)
		if (ua->legs[i].used &&
		    sip_slice_is(msg->text, msg->from.tag, ua->legs[i].dialog.remote_tag))
			return &ua->legs[i];
	return NULL;
}

/* ---- within the call ---- */

static void take_bye(struct ua *ua, const struct ua_peer *from, struct ua_leg *leg, uint64_t now)
{
	const struct ua_reply ok = { .status = 200, .reason = "OK" };

	reply(ua, from, &ok, now);
	leg->dialog.over = true;
	if (leg != ua->talk)
		return;
	ua->result.hung_up = true;
	ua_note(ua, "the other side hung up");
	ua_finish(ua, UA_SUCCEEDED, from->transport == UA_UDP ? UA_LINGER_NS : 0, now);
}

/* The answer to its offer; an offer of ours if it makes none (section 14.2). False: there is no
 * stream to take, or the session is the order's own and not ours to change. */
static bool make_answer(struct ua *ua, struct ua_text *out)
{
	const struct sip_message *msg = &ua->msg;
	const char *body = sip_message_text(msg, msg->body);

	if (!ua->has_offer)
		return false;
	ua->session.version++;
	if (!msg->body.length) {
		ua_session_offer(&ua->session, out);
		return true;
	}
	return sip_sdp_parse(body, msg->body.length, &ua->sdp, NULL) == 0 &&
	       ua_session_answer(&ua->session, body, &ua->sdp, out) && !out->full;
}

static void take_reinvite(struct ua *ua, const struct ua_peer *from, struct ua_leg *leg,
			  uint64_t now)
{
	struct ua_text answer = ua_text_in(ua->body, sizeof(ua->body));
	struct ua_reply ok = { .status = 200, .reason = "OK", .contact = true, .allow = true };
	struct ua_server *s;

	if (ua_client_has_invite(ua)) {
		refuse(ua, from, 491, "Request Pending", now);
		return;
	}
	if (ua_server_has_invite(ua)) { /* section 14.2 */
		refuse(ua, from, 500, "Server Internal Error", now);
		return;
	}
	if (!make_answer(ua, &answer)) {
		refuse(ua, from, 488, "Not Acceptable Here", now);
		return;
	}
	ua_dialog_retarget(&leg->dialog, &ua->msg);
	ok.body = (struct ua_body){ "application/sdp", answer.data, answer.length };
	s = reply(ua, from, &ok, now);
	if (!s)
		return;
	s->leg = leg;
	s->interval = UA_T1_NS;
	s->again_at = now + s->interval;
}

static void take_options(struct ua *ua, const struct ua_peer *from, uint64_t now)
{
	const struct ua_reply ok = {
		.status = 200, .reason = "OK", .contact = true, .allow = true
	};

	reply(ua, from, &ok, now);
}

/* A number below one that was seen is out of order (section 12.2.2). */
static bool is_in_order(struct ua_dialog *dialog, uint32_t cseq)
{
	if (dialog->has_remote_cseq && cseq < dialog->remote_cseq)
		return false;
	dialog->has_remote_cseq = true;
	dialog->remote_cseq = cseq;
	return true;
}

static void take_in_dialog(struct ua *ua, const struct ua_peer *from, struct ua_leg *leg,
			   uint64_t now)
{
	if (!is_in_order(&leg->dialog, ua->msg.cseq.number)) {
		refuse(ua, from, 500, "Server Internal Error", now);
		return;
	}
	switch (ua->msg.start.method) {
	case SIP_BYE: take_bye(ua, from, leg, now); break;
	case SIP_INVITE: take_reinvite(ua, from, leg, now); break;
	case SIP_OPTIONS: take_options(ua, from, now); break;
	default: refuse(ua, from, 405, "Method Not Allowed", now);
	}
}

/* ---- outside ---- */

static void take_outside(struct ua *ua, const struct ua_peer *from, uint64_t now)
{
	switch (ua->msg.start.method) {
	case SIP_OPTIONS: take_options(ua, from, now); break;
	case SIP_INVITE: refuse(ua, from, 486, "Busy Here", now); break;
	default: refuse(ua, from, 405, "Method Not Allowed", now);
	}
}

/* The INVITE that a CANCEL names has been answered already: that it came is all there is to say
 * (section 9.2). */
static void take_cancel(struct ua *ua, const struct ua_peer *from, uint64_t now)
{
	const struct ua_reply ok = { .status = 200, .reason = "OK" };
	char key[UA_KEY_MAX];
	size_t stem;

	if (make_key(&ua->msg, key)) {
		stem = strlen(key) - strlen("CANCEL");
		strcpy(key + stem, "INVITE");
	}
	if (find_server(ua, key))
		reply(ua, from, &ok, now);
	else
		refuse(ua, from, 481, "Call/Transaction Does Not Exist", now);
}

static void take_ack(struct ua *ua)
{
	struct ua_leg *leg = find_leg(ua);

	for (unsigned int i = 0; i < UA_SERVERS_MAX; i++) {
		struct ua_server *s = &ua->servers[i];

		if (leg && s->leg == leg && s->cseq == ua->msg.cseq.number) {
			s->leg = NULL;
			s->again_at = UA_NEVER;
		}
	}
}

static void take_new(struct ua *ua, const struct ua_peer *from, uint64_t now)
{
	const struct sip_message *msg = &ua->msg;
	struct ua_leg *leg;

	if (msg->start.method == SIP_CANCEL) {
		take_cancel(ua, from, now);
		return;
	}
	leg = msg->to.tag.length ? find_leg(ua) : NULL;
	if (msg->to.tag.length && (!leg || leg->dialog.over))
		refuse(ua, from, 481, "Call/Transaction Does Not Exist", now);
	else if (sip_message_has(msg, SIP_HEADER_REQUIRE))
		refuse(ua, from, 420, "Bad Extension", now);
	else if (leg)
		take_in_dialog(ua, from, leg, now);
	else
		take_outside(ua, from, now);
}

void ua_server_request(struct ua *ua, const struct ua_peer *from, const char *data, size_t length,
		       uint64_t now)
{
	char key[UA_KEY_MAX];
	struct ua_server *s;

	make_key(&ua->msg, key);
	s = find_server(ua, key);
	ua_note_received(ua, from, data, length, s != NULL);
	if (ua->msg.start.method == SIP_ACK)
		take_ack(ua);
	else if (s)
		ua_emit(ua, &s->peer, s->text, s->length, true, UA_NO_TIMER);
	else
		take_new(ua, from, now);
}

/* ---- what is due ---- */

static uint64_t minimum(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* A 2xx goes again until its ACK comes, over TCP too (section 13.3.1.4). */
static void send_again(struct ua *ua, struct ua_server *s, uint64_t now)
{
	s->interval = minimum(2 * s->interval, UA_T2_NS);
	s->again_at = now + s->interval;
	ua_emit(ua, &s->peer, s->text, s->length, true, UA_NO_TIMER);
}

static void run_server(struct ua *ua, struct ua_server *s, uint64_t now)
{
	bool unacknowledged = s->leg != NULL;

	if (!s->length)
		return;
	if (now < s->until) {
		if (now >= s->again_at && ua->phase == UA_TALKING)
			send_again(ua, s, now);
		return;
	}
	s->key[0] = 0;
	s->length = 0;
	s->leg = NULL;
	s->again_at = UA_NEVER;
	if (unacknowledged && ua->phase == UA_TALKING) {
		ua_note(ua, "no ACK came: the call is hung up (RFC 3261 13.3.1.4)");
		ua_call_leave(ua, now);
	}
}

void ua_server_run(struct ua *ua, uint64_t now)
{
	for (unsigned int i = 0; i < UA_SERVERS_MAX; i++)
		run_server(ua, &ua->servers[i], now);
}

uint64_t ua_server_next(const struct ua *ua)
{
	uint64_t next = UA_NEVER;

	for (unsigned int i = 0; i < UA_SERVERS_MAX; i++) {
		const struct ua_server *s = &ua->servers[i];

		if (!s->length)
			continue;
		next = minimum(next, s->until);
		if (ua->phase == UA_TALKING)
			next = minimum(next, s->again_at);
	}
	return next;
}

bool ua_server_has_invite(const struct ua *ua)
{
	for (unsigned int i = 0; i < UA_SERVERS_MAX; i++)
		if (ua->servers[i].length && ua->servers[i].leg)
			return true;
	return false;
}
