/* SPDX-License-Identifier: GPL-2.0-only */
/* A stage for a user agent: a clock that the test moves, a drawer for what it sends, and a peer
 * that answers the last request as the test says. */
#ifndef SIPXDP_TEST_UA_STAGE_H
#define SIPXDP_TEST_UA_STAGE_H

#include <criterion/criterion.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sip/message.h"
#include "ua/ua.h"

#define MS	 UINT64_C(1000000)
#define S	 (1000 * MS)
#define SENT_MAX 64

struct sent {
	char text[8192];
	struct ua_peer to;
	bool again;
	uint64_t at;
};

static struct sent sent[SENT_MAX];
static unsigned int sent_count;
static char notes[8192];
static uint64_t now;
static uint64_t chance;
static int send_error; /* what sending fails with, or 0 */
static struct ua *ua;
static struct ua_peer server, other;
static struct sip_message parsed; /* the latest request that was looked at */

static inline int stage_send(void *context, const struct ua_peer *to, const char *data,
			     size_t length)
{
	(void)context;
	if (send_error)
		return -send_error;
	cr_assert_lt(sent_count, SENT_MAX, "it sends without end");
	cr_assert_lt(length, sizeof(sent[0].text));
	memcpy(sent[sent_count].text, data, length);
	sent[sent_count].text[length] = 0;
	sent[sent_count].to = *to;
	sent[sent_count].at = now;
	sent_count++;
	return 0;
}

static inline int stage_resolve(void *context, const char *host, uint16_t port,
				struct endpoint *out)
{
	(void)context;
	if (strcmp(host, "other.test") != 0)
		return -ENOENT;
	*out = other.at;
	out->port = port;
	return 0;
}

static inline void stage_random(void *context, void *octets, size_t count)
{
	(void)context;
	memset(octets, 0, count);
	chance++;
	memcpy(octets, &chance, count < sizeof(chance) ? count : sizeof(chance));
}

static inline void stage_tell(void *context, const struct ua_event *event)
{
	size_t length = strlen(notes);

	(void)context;
	if (event->kind == UA_NOTE && length + event->length + 2 < sizeof(notes)) {
		memcpy(notes + length, event->data, event->length);
		strcpy(notes + length + event->length, "\n");
	}
	/* Told when it has been sent. */
	if (event->kind == UA_SENT)
		sent[sent_count - 1].again = event->again;
}

static inline struct ua_peer peer_at(const char *text, enum ua_transport transport)
{
	struct ua_peer peer = { .transport = transport };

	cr_assert_eq(endpoint_parse(text, strlen(text), &peer.at), 0);
	return peer;
}

static inline struct ua_order order_of(const char *method, const char *uri)
{
	struct ua_order order = {
		.method = method,
		.uri = uri,
		.hold = 10 * S,
		.cancel_after = UA_NEVER,
		.media_port = 30000,
	};

	order.hop = peer_at("192.0.2.1:5060", UA_UDP);
	order.local = peer_at("192.0.2.99:6000", UA_UDP).at;
	return order;
}

static inline void start(const struct ua_order *order)
{
	static const struct ua_world world = {
		.send = stage_send,
		.resolve = stage_resolve,
		.random = stage_random,
		.tell = stage_tell,
	};
	struct sip_error error = { 0 };

	server = order->hop;
	other = peer_at("192.0.2.7:5070", UA_UDP);
	now = 1000 * S;
	sent_count = 0;
	notes[0] = 0;
	cr_assert_eq(ua_new(order, &world, now, &ua, &error), 0, "%s", error.what);
}

/* Moves the clock, and lets it do what is due on the way. */
static inline void pass(uint64_t time)
{
	uint64_t until = now + time, next;

	while (!ua_is_done(ua, now) && (next = ua_next(ua)) <= until) {
		cr_assert_geq(next, now, "what was due was not done");
		now = next;
		ua_run(ua, now);
		cr_assert_gt(ua_next(ua), now - ua_is_done(ua, now), "it would never sleep");
	}
	now = until;
	ua_run(ua, now);
}

static inline const char *last(void)
{
	cr_assert_gt(sent_count, 0);
	return sent[sent_count - 1].text;
}

static inline bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The number of messages sent that start so. */
static inline unsigned int count(const char *with)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < sent_count; i++)
		found += starts(sent[i].text, with);
	return found;
}

/* The same without copies. */
static inline unsigned int fresh(const char *with)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < sent_count; i++)
		found += starts(sent[i].text, with) && !sent[i].again;
	return found;
}

/* The latest message sent that starts so. */
static inline const struct sent *latest(const char *with)
{
	for (unsigned int i = sent_count; i > 0; i--)
		if (starts(sent[i - 1].text, with))
			return &sent[i - 1];
	cr_assert_fail("no %s was sent; last: %s", with, sent_count ? last() : "nothing");
	return NULL;
}

static inline const struct sip_message *parse_sent(const char *text)
{
	struct sip_error err = { 0 };

	cr_assert_eq(sip_message_parse(text, strlen(text), &parsed, &err), 0, "%s: %s", err.what,
		     text);
	return &parsed;
}

static inline void receive(const char *text)
{
	ua_receive(ua, &server, text, strlen(text), now);
	ua_run(ua, now);
}

/* Answers a request as "STATUS REASON", with a To tag ("" for none) and more header lines. */
static inline void answer_request(const char *request, const char *status, const char *tag,
				  const char *lines)
{
	const struct sip_message *m = parse_sent(request);
	const struct sip_header *via = sip_message_header(m, SIP_HEADER_VIA, NULL);
	const struct sip_header *to = sip_message_header(m, SIP_HEADER_TO, NULL);
	const struct sip_header *from = sip_message_header(m, SIP_HEADER_FROM, NULL);
	const struct sip_header *cseq = sip_message_header(m, SIP_HEADER_CSEQ, NULL);
	char text[8192];

	snprintf(text, sizeof(text),
		 "SIP/2.0 %s\r\nVia: %.*s\r\nFrom: %.*s\r\nTo: %.*s%s%s\r\nCall-ID: %.*s\r\n"
		 "CSeq: %.*s\r\n%sContent-Length: 0\r\n\r\n",
		 status, via->value.length, m->text + via->value.offset, from->value.length,
		 m->text + from->value.offset, to->value.length, m->text + to->value.offset,
		 *tag && !m->to.tag.length ? ";tag=" : "", m->to.tag.length ? "" : tag,
		 m->call_id.length, m->text + m->call_id.offset, cseq->value.length,
		 m->text + cseq->value.offset, lines);
	receive(text);
}

#define CONTACT "Contact: <sip:bob@192.0.2.7:5070>\r\n"

/* Answers the latest request of that method. */
static inline void answer(const char *method, const char *status, const char *tag,
			  const char *lines)
{
	answer_request(latest(method)->text, status, tag, lines);
}

/* A request of the other side within the call that the latest INVITE began. */
static inline void ask(const char *method, unsigned int cseq, const char *branch, const char *tag,
		       const char *lines, const char *body)
{
	const struct sip_message *m = parse_sent(latest("INVITE")->text);
	char text[8192];

	snprintf(text, sizeof(text),
		 "%s sip:alice@192.0.2.99:6000 SIP/2.0\r\nVia: SIP/2.0/UDP "
		 "192.0.2.1;branch=z9hG4bK%s;rport\r\nMax-Forwards: 70\r\nFrom: "
		 "<sip:bob@example.com>;tag=%s\r\nTo: <sip:alice@example.com>;tag=%.*s\r\n"
		 "Call-ID: %.*s\r\nCSeq: %u %s\r\n%sContent-Length: %zu\r\n\r\n%s",
		 method, branch, tag, m->from.tag.length, m->text + m->from.tag.offset,
		 m->call_id.length, m->text + m->call_id.offset, cseq, method, lines, strlen(body),
		 body);
	receive(text);
}

static inline void assert_result(enum ua_outcome outcome, unsigned int status)
{
	pass(UA_LINGER_NS);
	cr_assert(ua_is_done(ua, now), "it is not done");
	cr_assert_eq(ua_result(ua)->outcome, outcome, "outcome %d: %s", ua_result(ua)->outcome,
		     ua_result(ua)->why);
	cr_assert_eq(ua_result(ua)->status, status, "status %u", ua_result(ua)->status);
	ua_free(ua);
	ua = NULL;
}

#endif
