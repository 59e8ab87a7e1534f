/* SPDX-License-Identifier: GPL-2.0-only */
/* What a user agent asks: requests in client transactions, their responses and what those lead to,
 * and CANCEL (RFC 3261 sections 8.1.3, 9.1, 17.1, 22). */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <sipxdp/time.h>

#include "sip/number.h"
#include "ua/core.h"

static bool is_free(const struct ua_client *c)
{
	return c->transaction.state == UA_TERMINATED;
}

/* A free client transaction; if there is none, one that only waits for copies. NULL: none. */
static struct ua_client *take_client(struct ua *ua)
{
	struct ua_client *oldest = NULL;

	for (unsigned int i = 0; i < UA_CLIENTS_MAX; i++) {
		struct ua_client *c = &ua->clients[i];

		if (is_free(c))
			return c;
		if (!ua_transaction_waits(&c->transaction) &&
		    (!oldest || c->transaction.over_at < oldest->transaction.over_at))
			oldest = c;
	}
	return oldest;
}

struct ua_client *ua_client_waiting(struct ua *ua, enum ua_purpose purpose)
{
	for (unsigned int i = 0; i < UA_CLIENTS_MAX; i++) {
		struct ua_client *c = &ua->clients[i];

		if (ua_transaction_waits(&c->transaction) && c->purpose == purpose)
			return c;
	}
	return NULL;
}

bool ua_client_has_invite(const struct ua *ua)
{
	for (unsigned int i = 0; i < UA_CLIENTS_MAX; i++) {
		const struct ua_transaction *t = &ua->clients[i].transaction;

		if (t->invite && ua_transaction_waits(t))
			return true;
	}
	return false;
}

/* ---- requests ---- */

/* Request-URI, hop, tag and number of a request, in a dialog or outside. 0 or -errno. */
static int address_request(struct ua *ua, struct ua_request *r, struct ua_leg *leg)
{
	struct ua_text uri;
	int err;

	if (!leg) {
		uri = ua_text_in(r->path.uri, sizeof(r->path.uri));
		ua_text_add(&uri, "%s", ua->request_uri);
		r->path.routes[0] = r->to_tag[0] = 0;
		r->hop = ua->order.hop;
		r->cseq = ++ua->cseq;
		return 0;
	}
	err = ua_dialog_path(&leg->dialog, &r->path);
	if (err)
		return err;
	strcpy(r->to_tag, leg->dialog.remote_tag);
	r->cseq = ++leg->dialog.local_cseq;
	return ua_find_hop(ua, r->path.next, ua->order.hop.transport, &r->hop);
}

static struct ua_body session_body(struct ua *ua)
{
	struct ua_text offer = ua_text_in(ua->body, sizeof(ua->body));

	ua_session_offer(&ua->session, &offer);
	return (struct ua_body){ "application/sdp", offer.data, offer.length };
}

static struct ua_body body_of(struct ua *ua, enum ua_purpose purpose)
{
	if (purpose == UA_FOR_REINVITE || (purpose == UA_FOR_ORDER && ua->has_offer))
		return session_body(ua);
	if (purpose == UA_FOR_ORDER && ua->order.body)
		return (struct ua_body){ ua->order.content_type, ua->order.body,
					 ua->order.body_length };
	return (struct ua_body){ .octets = "" };
}

static void sign(struct ua *ua, struct ua_request *r, const struct ua_body *body)
{
	struct ua_text lines = ua_text_in(r->credentials, sizeof(r->credentials));
	char cnonce[UA_TOKEN_MAX];
	const struct ua_signed request = {
		.method = r->method,
		.uri = r->path.uri,
		.body = body->octets,
		.body_length = body->length,
		.cnonce = cnonce,
	};

	if (!ua->order.secret.user)
		return;
	ua_make_token(ua, "", cnonce, sizeof(cnonce));
	ua_authorization_write(&ua->authorization, &ua->order.secret, &request, &lines);
}

/* Writes c->text, and reads it as its receiver will. 0, or -EINVAL with *error. */
static int compose(struct ua *ua, struct ua_client *c, struct sip_error *error)
{
	struct ua_text out = ua_text_in(c->text, sizeof(c->text));
	struct ua_body body = body_of(ua, c->purpose);

	sign(ua, &c->request, &body);
	ua_write_request(ua, &c->request, c->purpose, &body, &out);
	if (out.full) {
		*error = (struct sip_error){ .line = 1,
					     .rfc = "RFC 3261 18.1.1",
					     .what = "the message would be larger than 65535 "
						     "octets" };
		return -EINVAL;
	}
	c->length = out.length;
	return sip_message_parse(out.data, out.length, &ua->own, error);
}

static void fail_client(struct ua *ua, struct ua_client *c, int error, uint64_t now);

/* Sends a client's text for the first time. */
static void launch(struct ua *ua, struct ua_client *c, uint64_t now)
{
	const struct ua_peer *hop = &c->request.hop;
	uint64_t patience = ua->order.patience ? ua->order.patience : UA_TIMEOUT_NS;
	int err;

	ua_transaction_start(&c->transaction, strcmp(c->request.method, "INVITE") == 0,
			     hop->transport == UA_TCP, patience, now);
	err = ua_emit(ua, hop, c->text, c->length, false, UA_NO_TIMER);
	if (err)
		fail_client(ua, c, -err, now);
}

/* A new request. 0, or -errno: nothing was sent; *error is filled in if it is -EINVAL. */
static int start_client(struct ua *ua, enum ua_purpose purpose, const char *method,
			struct ua_leg *leg, unsigned int tries, uint64_t now,
			struct sip_error *error)
{
	struct ua_client *c = take_client(ua);
	struct ua_text name;
	int err;

	if (!c)
		return -EBUSY;
	c->transaction.state = UA_TERMINATED;
	c->purpose = purpose;
	c->leg = leg;
	c->tries = tries;
	c->heard = 0;
	c->ack_length = 0;
	c->request.credentials[0] = 0;
	name = ua_text_in(c->request.method, sizeof(c->request.method));
	ua_text_add(&name, "%s", method);
	ua_make_token(ua, SIP_MAGIC_COOKIE, c->request.branch, sizeof(c->request.branch));
	err = address_request(ua, &c->request, leg) ?: compose(ua, c, error);
	if (!err)
		launch(ua, c, now);
	return err;
}

int ua_client_order(struct ua *ua, unsigned int tries, uint64_t now, struct sip_error *error)
{
	uint64_t patience = ua->order.patience ? ua->order.patience : UA_RING_NS;

	ua->ring_until = ua->invite ? now + patience : UA_NEVER;
	return start_client(ua, UA_FOR_ORDER, ua->order.method, NULL, tries, now, error);
}

bool ua_client_follow(struct ua *ua, enum ua_purpose purpose, const char *method,
		      struct ua_leg *leg, unsigned int tries, uint64_t now)
{
	struct sip_error error = { 0 };
	int err = start_client(ua, purpose, method, leg, tries, now, &error);

	if (err)
		ua_note(ua, "%s cannot be sent: %s", method,
			error.what ? error.what : strerror(-err));
	return !err;
}

/* ---- cancelling ---- */

static bool send_cancel(struct ua *ua, struct ua_client *invite, uint64_t now)
{
	struct ua_client *c = take_client(ua);
	struct ua_text out;

	if (!c || c == invite)
		return false;
	c->purpose = UA_FOR_CANCEL;
	c->leg = NULL;
	c->tries = UA_TRIES_MAX; /* a CANCEL cannot be challenged (section 22.1) */
	c->heard = 0;
	c->ack_length = 0;
	c->request = invite->request;
	strcpy(c->request.method, "CANCEL");
	out = ua_text_in(c->text, sizeof(c->text));
	ua_write_cancel(ua, &c->request, &out);
	c->length = out.length;
	launch(ua, c, now);
	return true;
}

void ua_client_cancel(struct ua *ua, uint64_t now)
{
	struct ua_client *invite = ua_client_waiting(ua, UA_FOR_ORDER);

	if (!ua->cancel_wanted && invite && invite->transaction.state == UA_TRYING)
		ua_note(ua, "CANCEL waits for a provisional response (RFC 3261 9.1)");
	ua->cancel_wanted = true;
	if (!invite || invite->transaction.state != UA_PROCEEDING || ua->cancel_sent)
		return;
	ua->cancel_sent = send_cancel(ua, invite, now);
	ua->cancelled_until = now + UA_TIMEOUT_NS;
}

/* ---- final responses ---- */

static void note_result(struct ua *ua)
{
	const struct sip_start_line *start = &ua->msg.start;

	ua->result.status = start->status;
	if (!ua_text_copy(ua->msg.text, start->reason, ua->result.reason,
			  sizeof(ua->result.reason)))
		ua->result.reason[0] = 0;
}

/* A registrar may want more seconds than were asked for (section 10.2.8). */
static bool ask_for_longer(struct ua *ua, const struct ua_client *c, uint64_t now)
{
	const struct sip_header *h = sip_message_header(&ua->msg, SIP_HEADER_MIN_EXPIRES, NULL);
	struct sip_cursor cursor;
	struct sip_number least;

	if (ua->msg.start.status != 423 || !h || c->tries >= UA_TRIES_MAX)
		return false;
	cursor = sip_message_cursor(&ua->msg, h);
	least = sip_take_number(&cursor);
	if (least.value <= ua->expires || least.value > UINT32_MAX)
		return false;
	ua->expires = (uint32_t)least.value;
	ua_note(ua, "the registrar wants at least %" PRIu32 " s", ua->expires);
	return ua_client_follow(ua, UA_FOR_ORDER, ua->order.method, NULL, c->tries + 1, now);
}

static const char *why_not_again(int err)
{
	switch (err) {
	case -EACCES: return "user or password is wrong";
	case -ENOENT: return "there is no digest challenge that can be answered";
	case -ENOSPC: return "too many realms";
	default: return "challenged too often";
	}
}

/* Answers a 401 or 407 by the same request with credentials (section 22.2, 22.3). */
static bool answer_challenge(struct ua *ua, const struct ua_client *c, uint64_t now)
{
	uint16_t status = ua->msg.start.status;
	int err = -E2BIG;

	if (status != 401 && status != 407)
		return false;
	if (!ua->order.secret.user) {
		ua_note(ua, "the challenge needs --user and --password");
		return false;
	}
	if (c->purpose == UA_FOR_ORDER && ua->cancel_wanted)
		return false;
	if (c->tries < UA_TRIES_MAX)
		err = ua_authorization_take(&ua->authorization, &ua->msg, c->tries > 0);
	if (err) {
		ua_note(ua, "the challenge is not answered: %s", why_not_again(err));
		return false;
	}
	return ua_client_follow(ua, c->purpose, c->request.method, c->leg, c->tries + 1, now);
}

static uint64_t linger_of(const struct ua_client *c)
{
	return c->transaction.invite && !c->transaction.reliable ? UA_LINGER_NS : 0;
}

static void end_order(struct ua *ua, const struct ua_client *c, uint64_t now)
{
	note_result(ua);
	if (ua->msg.start.status >= 300) {
		if (answer_challenge(ua, c, now) || ask_for_longer(ua, c, now))
			return;
		ua_explain(ua, "answered %u %s", ua->result.status, ua->result.reason);
		ua_finish(ua, UA_REFUSED, linger_of(c), now);
	} else if (ua->invite) {
		ua_call_start(ua, c, now);
	} else {
		ua_finish(ua, UA_SUCCEEDED, 0, now);
	}
}

static void end_reinvite(struct ua *ua, struct ua_client *c, uint64_t now)
{
	if (ua->msg.start.status < 300)
		ua_call_changed(ua, c, now);
	else if (!answer_challenge(ua, c, now))
		ua_call_unchanged(ua, now);
}

static void end_bye(struct ua *ua, const struct ua_client *c, uint64_t now)
{
	if (ua->msg.start.status >= 300) {
		if (answer_challenge(ua, c, now))
			return;
		if (!ua->result.hung_up)
			ua->result.spoilt = true;
	}
	if (ua->phase == UA_LEAVING)
		ua_call_end(ua, now);
}

static void take_final(struct ua *ua, struct ua_client *c, uint64_t now)
{
	struct ua_text ack = ua_text_in(c->ack, sizeof(c->ack));

	if (c->transaction.invite && ua->msg.start.status >= 300) {
		ua_write_failure_ack(ua, &c->request, &ua->msg, &ack);
		c->ack_length = ack.full ? 0 : ack.length;
		if (c->ack_length)
			ua_emit(ua, &c->request.hop, c->ack, c->ack_length, false, UA_NO_TIMER);
	}
	switch (c->purpose) {
	case UA_FOR_ORDER: end_order(ua, c, now); break;
	case UA_FOR_REINVITE: end_reinvite(ua, c, now); break;
	case UA_FOR_BYE: end_bye(ua, c, now); break;
	case UA_FOR_CANCEL: break; /* what counts is the INVITE's own response */
	}
}

static void take_again(struct ua *ua, struct ua_client *c, uint64_t now)
{
	if (!c->transaction.invite)
		return;
	if (c->transaction.state == UA_ACCEPTED)
		ua_call_again(ua, c, now);
	else if (c->ack_length)
		ua_emit(ua, &c->request.hop, c->ack, c->ack_length, true, UA_NO_TIMER);
}

static void take_provisional(struct ua *ua, const struct ua_client *c, uint64_t now)
{
	if (c->purpose == UA_FOR_ORDER && ua->cancel_wanted)
		ua_client_cancel(ua, now);
}

/* The transaction that a response belongs to: by the topmost branch and the method in CSeq
 * (section 17.1.3); its number, From tag and Call-ID must fit too. */
static struct ua_client *find_client(struct ua *ua, const struct sip_message *msg)
{
	for (unsigned int i = 0; i < UA_CLIENTS_MAX; i++) {
		struct ua_client *c = &ua->clients[i];

		if (!is_free(c) && msg->cseq.number == c->request.cseq &&
		    sip_slice_is(msg->text, msg->via[0].branch, c->request.branch) &&
		    sip_slice_is(msg->text, msg->cseq.method_name, c->request.method) &&
		    sip_slice_is(msg->text, msg->from.tag, ua->tag) &&
		    sip_slice_is(msg->text, msg->call_id, ua->call_id))
			return c;
	}
	return NULL;
}

/* Was the same response heard just before? */
static bool is_copy(struct ua_client *c, const struct sip_message *msg)
{
	uint16_t status = msg->start.status;

	if (c->heard == status && sip_slice_is(msg->text, msg->to.tag, c->heard_tag))
		return true;
	c->heard = status;
	if (!ua_text_copy(msg->text, msg->to.tag, c->heard_tag, sizeof(c->heard_tag)))
		c->heard = 0;
	return false;
}

void ua_client_response(struct ua *ua, const struct ua_peer *from, const char *data, size_t length,
			uint64_t now)
{
	const struct sip_message *msg = &ua->msg;
	/* A response with another Via below ours went astray (section 8.1.3.3). */
	struct ua_client *c = msg->via_count == 1 ? find_client(ua, msg) : NULL;

	ua_note_received(ua, from, data, length, c && is_copy(c, msg));
	if (!c) {
		ua_note(ua, "this response belongs to no request: ignored");
		return;
	}
	switch (ua_transaction_response(&c->transaction, msg->start.status, now)) {
	case UA_RESPONSE_STRAY: break;
	case UA_RESPONSE_PROVISIONAL: take_provisional(ua, c, now); break;
	case UA_RESPONSE_FINAL: take_final(ua, c, now); break;
	case UA_RESPONSE_AGAIN: take_again(ua, c, now); break;
	}
}

/* ---- no response ---- */

static void give_up(struct ua *ua, struct ua_client *c, enum ua_outcome outcome, uint64_t now)
{
	switch (c->purpose) {
	case UA_FOR_ORDER: ua_finish(ua, outcome, 0, now); break;
	case UA_FOR_REINVITE:
		ua->result.spoilt = true;
		ua->reinvites_left = 0;
		ua_call_leave(ua, now); /* section 12.2.1.2 */
		break;
	case UA_FOR_BYE:
		ua->result.spoilt = true;
		if (ua->phase == UA_LEAVING)
			ua_call_end(ua, now);
		break;
	case UA_FOR_CANCEL: break;
	}
}

static void fail_client(struct ua *ua, struct ua_client *c, int error, uint64_t now)
{
	c->transaction.state = UA_TERMINATED;
	ua_note(ua, "%s could not be delivered: %s", c->request.method, strerror(error));
	if (c->purpose == UA_FOR_ORDER)
		ua_explain(ua, "cannot be reached: %s", strerror(error));
	give_up(ua, c, UA_UNREACHABLE, now);
}

static void time_out(struct ua *ua, struct ua_client *c, enum ua_timer timer, uint64_t now)
{
	uint64_t patience = ua->order.patience ? ua->order.patience : UA_TIMEOUT_NS;
	const char *section = timer == UA_TIMER_B ? "17.1.1.2" : "17.1.2.2";

	ua_note(ua, "no %s to %s within %" PRIu64 ".%" PRIu64 " s: timer %s (RFC 3261 %s)",
		timer == UA_TIMER_B ? "response" : "final response", c->request.method,
		patience / NSEC_PER_SEC, patience % NSEC_PER_SEC / (NSEC_PER_SEC / 10),
		ua_timer_name(timer), section);
	if (c->purpose == UA_FOR_ORDER)
		ua_explain(ua, "no answer: timer %s fired", ua_timer_name(timer));
	give_up(ua, c, UA_NO_ANSWER, now);
}

/* TCP that fails concerns every request on it; an ICMP error only those that nobody has answered
 * yet, for anybody on the way may have sent it. */
void ua_client_lost(struct ua *ua, const struct ua_peer *peer, int error, uint64_t now)
{
	for (unsigned int i = 0; i < UA_CLIENTS_MAX; i++) {
		struct ua_client *c = &ua->clients[i];
		const struct ua_peer *hop = &c->request.hop;

		if (!ua_transaction_waits(&c->transaction) || hop->transport != peer->transport ||
		    hop->at.port != peer->at.port ||
		    memcmp(&hop->at.address, &peer->at.address, sizeof(hop->at.address)) != 0)
			continue;
		if (peer->transport == UA_TCP || c->transaction.state == UA_TRYING)
			fail_client(ua, c, error, now);
	}
}

/* ---- what is due ---- */

static void run_client(struct ua *ua, struct ua_client *c, uint64_t now)
{
	enum ua_timer timer = ua_transaction_timer(&c->transaction, now);
	int err;

	switch (timer) {
	case UA_TIMER_A:
	case UA_TIMER_E:
		err = ua_emit(ua, &c->request.hop, c->text, c->length, true, timer);
		if (err)
			fail_client(ua, c, -err, now);
		break;
	case UA_TIMER_B:
	case UA_TIMER_F: time_out(ua, c, timer, now); break;
	case UA_NO_TIMER:
	case UA_TIMER_D:
	case UA_TIMER_K:
	case UA_TIMER_M: break;
	}
}

static void run_asking(struct ua *ua, uint64_t now)
{
	if (now >= ua->cancelled_until) {
		ua_note(ua, "no final response within 32 s of the CANCEL (RFC 3261 9.1)");
		ua_explain(ua, "no final response to a cancelled INVITE");
		ua_finish(ua, UA_NO_ANSWER, 0, now);
		return;
	}
	if (now < ua->cancel_at && now < ua->ring_until)
		return;
	if (now < ua->cancel_at)
		ua_note(ua, "it rings, and nobody answers: cancelled");
	ua->cancel_at = ua->ring_until = UA_NEVER;
	ua_client_cancel(ua, now);
}

void ua_client_run(struct ua *ua, uint64_t now)
{
	for (unsigned int i = 0; i < UA_CLIENTS_MAX; i++)
		run_client(ua, &ua->clients[i], now);
	if (ua->phase == UA_ASKING)
		run_asking(ua, now);
	else if (ua->phase == UA_TALKING)
		ua_call_run(ua, now);
}

static uint64_t minimum(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t ua_client_next(const struct ua *ua)
{
	uint64_t next = UA_NEVER;

	for (unsigned int i = 0; i < UA_CLIENTS_MAX; i++)
		next = minimum(next, ua_transaction_next(&ua->clients[i].transaction));
	if (ua->phase == UA_ASKING)
		return minimum(
			next, minimum(ua->cancelled_until, minimum(ua->cancel_at, ua->ring_until)));
	if (ua->phase != UA_TALKING)
		return next;
	if (ua_client_has_invite(ua))
		return minimum(next, ua->reinvite_until);
	/* A change that waits for the other side's ACK is tried when that has come or is due. */
	if (!ua_server_has_invite(ua))
		next = minimum(next, ua->reinvite_at);
	return minimum(next, ua->hold_until);
}
