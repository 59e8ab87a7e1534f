// SPDX-License-Identifier: GPL-2.0-only
/* The callee's side of a call (RFC 3261 sections 13.3, 15.1.2, 17.2). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "callee.h"

#define T1	(500 * NSEC_PER_MSEC)
#define T2	(4000 * NSEC_PER_MSEC)
#define LONGEST (600 * NSEC_PER_SEC)

static const char sdp[] = "v=0\r\n"
			  "o=- 2 2 IN IP4 127.0.0.1\r\n"
			  "s=-\r\n"
			  "c=IN IP4 127.0.0.1\r\n"
			  "t=0 0\r\n"
			  "m=audio 20000 RTP/AVP 8\r\n"
			  "a=rtpmap:8 PCMA/8000\r\n"
			  "a=sendrecv\r\n";

void callee_init(struct callee *c, const struct site *site)
{
	*c = (struct callee){ .site = site, .longest = LONGEST };
}

void callee_free(struct callee *c)
{
	struct answer *a;

	for (unsigned int n = 0; n < ANSWER_BUCKETS; n++) {
		while ((a = c->bucket[n])) {
			c->bucket[n] = a->next;
			free(a);
		}
	}
}

/* FNV-1a (Fowler, Noll, Vo) */
static struct answer **bucket(struct callee *c, struct text call_id)
{
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < call_id.length; i++)
		hash = (hash ^ (uint8_t)call_id.at[i]) * 16777619U;
	return &c->bucket[hash % ANSWER_BUCKETS];
}

/* The place that points to the call, or to NULL at the end of its bucket. */
static struct answer **find(struct callee *c, struct text call_id)
{
	struct answer **place = bucket(c, call_id);

	while (*place && !text_equals(call_id, (*place)->call_id))
		place = &(*place)->next;
	return place;
}

static void forget(struct callee *c, struct answer **place)
{
	struct answer *a = *place;

	*place = a->next;
	free(a);
	c->in_progress--;
}

static void put_copies(struct writer *w, struct text request, const char *name)
{
	struct text value;

	for (unsigned int n = 0; message_header(request, name, n, &value); n++)
		put(w, "%s: %.*s\r\n", name, (int)value.length, value.at);
}

/* Section 8.2.6. Contact and body only where asked for. */
static void put_response(struct writer *w, const struct callee *c, const struct phone *p,
			 struct text request, const char *status, bool session)
{
	struct text to, tag;

	put(w, "SIP/2.0 %s\r\n", status);
	put_copies(w, request, "Via");
	put_copies(w, request, "Record-Route");
	put_copies(w, request, "From");
	if (message_header(request, "To", 0, &to)) {
		put(w, "To: %.*s", (int)to.length, to.at);
		if (!text_parameter(to, "tag", &tag))
			put(w, ";tag=a%" PRIx64, c->site->run);
		put(w, "\r\n");
	}
	put_copies(w, request, "Call-ID");
	put_copies(w, request, "CSeq");
	if (session)
		put(w,
		    "Contact: <sip:%s@%s>\r\nContent-Type: application/sdp\r\n"
		    "Content-Length: %zu\r\n\r\n%s",
		    p->user, p->peer, sizeof(sdp) - 1, sdp);
	else
		put(w, "Content-Length: 0\r\n\r\n");
}

static void respond(const struct callee *c, const struct phone *p, struct text request,
		    const char *status)
{
	char message[MESSAGE_MAX];
	struct writer w = { .at = message, .room = sizeof(message) };

	put_response(&w, c, p, request, status, false);
	phone_send(p, w.at, w.length);
}

static void take_invite(struct callee *c, const struct phone *p, struct text request,
			struct text call_id, uint32_t cseq, int64_t now)
{
	struct answer **place = find(c, call_id), *a = *place;
	struct writer w;

	if (a && a->cseq == cseq) {
		c->tally.invites_again++;
		phone_send(p, a->ok, a->length);
		return;
	}
	c->tally.invites++;
	if (!a && c->in_progress < ANSWERS_MAX && call_id.length < ANSWER_CALL_ID) {
		a = calloc(1, sizeof(*a));
		if (a) {
			*place = a;
			c->in_progress++;
		}
	}
	if (!a) {
		c->tally.refused++;
		respond(c, p, request, "503 Service Unavailable");
		return;
	}
	text_copy(call_id, a->call_id, sizeof(a->call_id));
	a->phone = p;
	a->cseq = cseq;
	a->acknowledged = false;
	a->interval = T1;
	a->resend_at = now + T1;
	a->acknowledge_by = now + 64 * T1;
	a->forget_at = now + c->longest;
	w = (struct writer){ .at = a->ok, .room = sizeof(a->ok) };
	put_response(&w, c, p, request, "200 OK", true);
	a->length = w.length;
	respond(c, p, request, "180 Ringing");
	phone_send(p, a->ok, a->length);
}

static void take_ack(struct callee *c, struct text call_id, uint32_t cseq)
{
	struct answer *a = *find(c, call_id);

	if (!a || a->cseq != cseq || a->acknowledged)
		return;
	a->acknowledged = true;
	c->tally.acknowledged++;
}

static void take_bye(struct callee *c, const struct phone *p, struct text request,
		     struct text call_id)
{
	struct answer **place = find(c, call_id);

	if (*place) {
		c->tally.ended++;
		forget(c, place);
	}
	/* One that comes again is answered again. */
	respond(c, p, request, "200 OK");
}

void callee_request(struct callee *c, const struct phone *p, struct text request, int64_t now)
{
	struct text call_id, method;
	uint32_t cseq;

	if (request.length && (request.at[0] == '\r' || request.at[0] == '\0')) {
		c->tally.keepalives++;
		return;
	}
	if (!message_header(request, "Call-ID", 0, &call_id) ||
	    !message_cseq(request, &cseq, &method))
		return;
	if (text_equals(method, "INVITE"))
		take_invite(c, p, request, call_id, cseq, now);
	else if (text_equals(method, "ACK"))
		take_ack(c, call_id, cseq);
	else if (text_equals(method, "BYE"))
		take_bye(c, p, request, call_id);
	else if (text_equals(method, "OPTIONS"))
		respond(c, p, request, "200 OK");
	else
		respond(c, p, request, "405 Method Not Allowed");
}

/* Sends a 200 again until it is acknowledged, for 64 * T1 (section 13.3.1.4). */
static bool tick_answer(struct callee *c, struct answer *a, int64_t now)
{
	if (now >= a->forget_at)
		return false;
	if (a->acknowledged || now < a->resend_at)
		return true;
	if (now >= a->acknowledge_by) {
		c->tally.never_acknowledged++;
		return false;
	}
	a->interval = a->interval * 2 < T2 ? a->interval * 2 : T2;
	a->resend_at = now + a->interval;
	c->tally.sent_again++;
	phone_send(a->phone, a->ok, a->length);
	return true;
}

void callee_tick(struct callee *c, int64_t now)
{
	for (unsigned int n = 0; n < ANSWER_BUCKETS && c->in_progress; n++) {
		struct answer **place = &c->bucket[n];

		while (*place) {
			if (tick_answer(c, *place, now))
				place = &(*place)->next;
			else
				forget(c, place);
		}
	}
}
