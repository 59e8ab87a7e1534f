// SPDX-License-Identifier: GPL-2.0-only
/* The caller's side of a call (RFC 3261 sections 12, 13.2, 15.1.1). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "caller.h"

static const char sdp[] = "v=0\r\n"
			  "o=- 1 1 IN IP4 127.0.0.1\r\n"
			  "s=-\r\n"
			  "c=IN IP4 127.0.0.1\r\n"
			  "t=0 0\r\n"
			  "m=audio 10000 RTP/AVP 8\r\n"
			  "a=rtpmap:8 PCMA/8000\r\n"
			  "a=sendrecv\r\n";

int caller_init(struct caller *c, const struct site *site, int64_t hold)
{
	*c = (struct caller){ .site = site, .hold = hold };
	c->calls = calloc(CALLS_MAX, sizeof(*c->calls));
	for (unsigned int n = 0; n < CALLS_MAX; n++)
		c->order[n] = (uint16_t)n;
	return c->calls ? 0 : -ENOMEM;
}

void caller_free(struct caller *c)
{
	free(c->calls);
	free(c->tally.setup.ns);
}

static unsigned int slot(const struct caller *c, const struct call *call)
{
	return (unsigned int)(call - c->calls);
}

/* Via to CSeq: what all the requests of a call have in common. */
static void put_start(struct writer *w, const struct caller *c, const struct call *call,
		      const char *method, const char *uri, const char *branch, uint32_t cseq)
{
	const struct phone *p = call->phone;

	put(w, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\nMax-Forwards: 70\r\n",
	    method, uri, p->peer, branch);
	put(w, "From: \"%s\" <sip:%s@%s>;tag=%x%" PRIx64 "\r\n", p->user, p->user, c->site->domain,
	    call->serial, c->site->run);
	put(w, "To: <%s>%s%s\r\n", call->request_uri, *call->to_tag ? ";tag=" : "", call->to_tag);
	put(w, "Call-ID: %x-%x-%" PRIx64 "\r\nCSeq: %u %s\r\n", slot(c, call), call->serial,
	    c->site->run, cseq, method);
}

/* Header lines of no meaning, to make the message as long as is asked. */
static void put_padding(struct writer *w, unsigned int octets)
{
	static const char line[] = "X-Padding: " /* 11 + 51 + 2 = 64 */
				   "one line of many that make this message very long..\r\n";

	for (unsigned int done = 0; done < octets; done += sizeof(line) - 1)
		put(w, "%s", line);
}

/* challenge: the 401 or 407 to answer, or an empty text. */
static void send_invite(struct caller *c, struct call *call, struct text challenge, int64_t now)
{
	struct transaction *t = &call->transaction;
	struct writer w = { .at = t->message, .room = sizeof(t->message) };

	transaction_new(t, c->site, t->cseq + 1, true);
	call->invite_cseq = t->cseq;
	put_start(&w, c, call, "INVITE", call->request_uri, t->branch, t->cseq);
	put(&w, "Contact: <sip:%s@%s>\r\nUser-Agent: lab phone\r\n", call->phone->user,
	    call->phone->peer);
	put_padding(&w, c->site->padding);
	if (challenge.length)
		digest_answer(&w, challenge, &call->phone->credentials, "INVITE",
			      call->request_uri);
	put(&w, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s", sizeof(sdp) - 1,
	    sdp);
	t->length = w.length;
	transaction_send(t, call->phone, c->site->give_up, now);
}

void caller_call(struct caller *c, const struct phone *from, const char *to_user, int64_t now)
{
	struct call *call;

	c->tally.tried++;
	if (c->in_progress == CALLS_MAX) {
		c->tally.refused_start++;
		return;
	}
	call = &c->calls[c->order[c->in_progress]];
	*call = (struct call){
		.state = CALL_INVITING,
		.phone = from,
		.serial = ++c->serial,
		.position = (uint16_t)c->in_progress++,
		.started = now,
	};
	snprintf(call->request_uri, sizeof(call->request_uri), "sip:%s@%s", to_user,
		 c->site->domain);
	send_invite(c, call, (struct text){ NULL, 0 }, now);
}

/* The last call in progress takes its place in the order. */
static void end_call(struct caller *c, struct call *call)
{
	uint16_t last = c->order[--c->in_progress];

	c->order[c->in_progress] = c->order[call->position];
	c->order[call->position] = last;
	c->calls[last].position = call->position;
	call->state = CALL_FREE;
}

/* The call a response belongs to, by the Call-ID that put_start() wrote. */
static struct call *find_call(struct caller *c, struct text response)
{
	char text[64];
	struct text value;
	unsigned int number, serial;
	uint64_t run;

	if (!message_header(response, "Call-ID", 0, &value))
		return NULL;
	text_copy(value, text, sizeof(text));
	if (sscanf(text, "%x-%x-%" SCNx64, &number, &serial, &run) != 3 || run != c->site->run ||
	    number >= CALLS_MAX || c->calls[number].serial != serial ||
	    c->calls[number].state == CALL_FREE)
		return NULL;
	return &c->calls[number];
}

/* To an ACK or BYE within the dialog: section 12.2.1.1, with loose routers only. */
static void put_within_dialog(struct writer *w, const struct caller *c, const struct call *call,
			      const char *method, const char *branch, uint32_t cseq)
{
	put_start(w, c, call, method, call->target, branch, cseq);
	put(w, "%sContent-Length: 0\r\n\r\n", call->route);
}

/* The ACK to a 2xx is a transaction of its own, sent for each 2xx (section 13.2.2.4). */
static void acknowledge(struct caller *c, struct call *call)
{
	char message[MESSAGE_MAX], branch[BRANCH_MAX];
	struct writer w = { .at = message, .room = sizeof(message) };

	snprintf(branch, sizeof(branch), "z9hG4bKa%x.%" PRIx64, call->serial, c->site->run);
	put_within_dialog(&w, c, call, "ACK", branch, call->invite_cseq);
	phone_send(call->phone, w.at, w.length);
}

static void learn_dialog(struct call *call, struct text response)
{
	struct writer w = { .at = call->route, .room = sizeof(call->route) };
	struct text value, tag;
	unsigned int routes = 0;

	if (message_header(response, "To", 0, &value) && text_parameter(value, "tag", &tag))
		text_copy(tag, call->to_tag, sizeof(call->to_tag));
	if (message_header(response, "Contact", 0, &value))
		text_copy(text_uri(value), call->target, sizeof(call->target));
	else
		memcpy(call->target, call->request_uri, sizeof(call->target));
	while (message_header(response, "Record-Route", routes, &value))
		routes++;
	while (routes--) {
		message_header(response, "Record-Route", routes, &value);
		put(&w, "Route: %.*s\r\n", (int)value.length, value.at);
	}
}

static void answer_to_invite(struct caller *c, struct call *call, struct text response, int64_t now)
{
	unsigned int status = message_status(response);

	if (status < 300) {
		learn_dialog(call, response);
		call->state = CALL_TALKING;
		call->hang_up_at = now + c->hold;
		c->tally.set_up++;
		durations_add(&c->tally.setup, now - call->started);
		acknowledge(c, call);
		return;
	}
	acknowledge_failure(call->phone, response);
	if ((status == 401 || status == 407) && !call->answered_challenge) {
		call->answered_challenge = true;
		send_invite(c, call, response, now);
		return;
	}
	failures_add(&c->tally.failures, status);
	end_call(c, call);
}

static void answer_to_bye(struct caller *c, struct call *call, unsigned int status)
{
	if (status < 300)
		c->tally.completed++;
	else
		failures_add(&c->tally.failures, status);
	end_call(c, call);
}

/* A final response that has come before: the ACK to it was lost. */
static void answer_again(struct caller *c, struct call *call, const struct phone *p,
			 struct text response, uint32_t cseq)
{
	unsigned int status = message_status(response);

	if (status >= 300) {
		acknowledge_failure(p, response);
	} else if (status >= 200 && call && cseq == call->invite_cseq) {
		c->tally.answers_again++;
		acknowledge(c, call);
	}
}

void caller_response(struct caller *c, const struct phone *p, struct text response, int64_t now)
{
	struct call *call = find_call(c, response);
	unsigned int status = message_status(response);
	struct text method;
	uint32_t cseq;
	bool was_active;

	if (!message_cseq(response, &cseq, &method))
		return;
	was_active = call && call->transaction.active;
	if (!was_active || !transaction_takes(&call->transaction, response)) {
		if (text_equals(method, "INVITE"))
			answer_again(c, call, p, response, cseq);
		return;
	}
	if (status < 200)
		return;
	if (call->state == CALL_INVITING)
		answer_to_invite(c, call, response, now);
	else if (call->state == CALL_HANGING_UP)
		answer_to_bye(c, call, status);
}

static void hang_up(struct caller *c, struct call *call, int64_t now)
{
	struct transaction *t = &call->transaction;
	struct writer w = { .at = t->message, .room = sizeof(t->message) };

	transaction_new(t, c->site, t->cseq + 1, false);
	put_within_dialog(&w, c, call, "BYE", t->branch, t->cseq);
	t->length = w.length;
	call->state = CALL_HANGING_UP;
	transaction_send(t, call->phone, c->site->give_up, now);
}

void caller_tick(struct caller *c, int64_t now)
{
	struct call *call;

	/* Backwards: a call that ends is replaced by one that has been looked at. */
	for (size_t n = c->in_progress; n-- > 0;) {
		call = &c->calls[c->order[n]];
		if (call->state == CALL_TALKING && now >= call->hang_up_at)
			hang_up(c, call, now);
		switch (transaction_tick(&call->transaction, call->phone, now)) {
		case TRANSACTION_WAITS: break;
		case TRANSACTION_SENT_AGAIN: c->tally.sent_again++; break;
		case TRANSACTION_TIMED_OUT:
			failures_add(&c->tally.failures, CAUSE_TIMEOUT);
			end_call(c, call);
			break;
		}
	}
}
