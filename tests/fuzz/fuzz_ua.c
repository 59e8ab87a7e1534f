/* SPDX-License-Identifier: GPL-2.0-only */
/* A user agent before a hostile peer. The input is a play: what the peer says, what time passes,
 * what the user does. Whatever it is, each message that is sent is valid, few are sent for one that
 * came, every wait has an end, and the order is done at last. The same octets are also cut up as a
 * stream, which must not depend on how they arrive. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sip/message.h"
#include "sip/stream.h"
#include "ua/ua.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MS		UINT64_C(1000000)
#define SENT_PER_ACT	16
#define ACTS_MAX	64
#define STEPS_TO_END	4000
#define LINE_MAX_OCTETS 1024

#define require(x)                                                                                 \
	do {                                                                                       \
		if (!(x))                                                                          \
			__builtin_trap();                                                          \
	} while (0)

static uint64_t now;
static uint32_t chance;
static unsigned int sent_in_act;
static struct sip_message checked;
static char request[SIP_MESSAGE_MAX + 1]; /* the latest sent, which is answered */
static size_t request_length;
static bool refuse_to_send;

static int play_send(void *context, const struct ua_peer *to, const char *data, size_t length)
{
	struct sip_error err;

	(void)context;
	(void)to;
	require(length <= SIP_MESSAGE_MAX);
	require(sip_message_parse(data, length, &checked, &err) == 0);
	require(++sent_in_act <= SENT_PER_ACT);
	if (checked.kind == SIP_REQUEST && checked.start.method != SIP_ACK) {
		memcpy(request, data, length);
		request_length = length;
	}
	return refuse_to_send ? -111 : 0;
}

static int play_resolve(void *context, const char *host, uint16_t port, struct endpoint *out)
{
	(void)context;
	(void)host;
	out->address = address_from_ipv4(0x0100007f);
	out->port = port;
	return 0;
}

static void play_random(void *context, void *octets, size_t count)
{
	(void)context;
	memset(octets, 0, count);
	chance++;
	memcpy(octets, &chance, count < sizeof(chance) ? count : sizeof(chance));
}

static void play_tell(void *context, const struct ua_event *event)
{
	(void)context;
	require(event->data);
}

/* ---- the play ---- */

struct script {
	const uint8_t *at, *end;
};

static uint8_t take_octet(struct script *s)
{
	return s->at < s->end ? *s->at++ : 0;
}

/* The octets up to a NUL. */
static size_t take_text(struct script *s, const uint8_t **text)
{
	const uint8_t *nul = memchr(s->at, 0, (size_t)(s->end - s->at));
	size_t length = (size_t)((nul ? nul : s->end) - s->at);

	*text = s->at;
	s->at = nul ? nul + 1 : s->end;
	return length < LINE_MAX_OCTETS ? length : LINE_MAX_OCTETS;
}

static const struct ua_peer peer = { .at = { .port = 5060 } };

/* From a buffer of the exact size, for the sanitizer to see a read behind it. */
static void deliver(struct ua *ua, const char *text, size_t length)
{
	char *octets = malloc(length + 1);

	memcpy(octets, text, length);
	octets = realloc(octets, length ? length : 1);
	ua_receive(ua, &peer, octets, length, now);
	free(octets);
}

static void add_header(char *out, size_t size, enum sip_header_id id)
{
	const struct sip_header *h = sip_message_header(&checked, id, NULL);
	size_t used = strlen(out);

	if (h)
		snprintf(out + used, size - used, "%s: %.*s\r\n", sip_header_name(id),
			 h->value.length, checked.text + h->value.offset);
}

/* A response to the latest request: its status, tag and further lines are the script's. */
static void answer(struct ua *ua, struct script *s)
{
	static const unsigned int statuses[] = { 100, 180, 200, 401, 407, 423, 481, 486,
						 487, 491, 302, 603, 202, 183, 408, 500 };
	unsigned int status = statuses[take_octet(s) % 16];
	char out[16384], tag[8];
	const uint8_t *lines;
	size_t length, used;

	if (sip_message_parse(request, request_length, &checked, NULL) < 0)
		return;
	snprintf(tag, sizeof(tag), ";tag=%u", take_octet(s) % 8);
	length = take_text(s, &lines);
	snprintf(out, sizeof(out), "SIP/2.0 %u R\r\n", status);
	add_header(out, sizeof(out), SIP_HEADER_VIA);
	add_header(out, sizeof(out), SIP_HEADER_FROM);
	add_header(out, sizeof(out), SIP_HEADER_TO);
	used = strlen(out) - 2;
	if (!checked.to.tag.length)
		snprintf(out + used, sizeof(out) - used, "%s\r\n", tag);
	add_header(out, sizeof(out), SIP_HEADER_CALL_ID);
	add_header(out, sizeof(out), SIP_HEADER_CSEQ);
	used = strlen(out);
	memcpy(out + used, lines, length);
	memcpy(out + used + length, "\r\n\r\n", 5);
	deliver(ua, out, used + length + 4);
}

/* A request within the call, or nearly so; the lines are the script's. */
static void ask(struct ua *ua, struct script *s)
{
	static const char *const methods[] = { "BYE",  "INVITE", "OPTIONS", "ACK",
					       "INFO", "CANCEL", "UPDATE",  "MESSAGE" };
	const char *method = methods[take_octet(s) % 8];
	unsigned int cseq = take_octet(s), tag = take_octet(s) % 8, branch = take_octet(s) % 32;
	char out[16384];
	const uint8_t *lines;
	size_t length = take_text(s, &lines), used;

	if (sip_message_parse(request, request_length, &checked, NULL) < 0)
		return;
	snprintf(out, sizeof(out),
		 "%s sip:a SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK%u%s\r\n"
		 "From: <sip:b>;tag=%u\r\nTo: <sip:a>;tag=%.*s\r\nCall-ID: %.*s\r\n"
		 "CSeq: %u %s\r\nMax-Forwards: 9\r\n",
		 method, branch, branch & 1 ? ";rport" : "", tag, checked.from.tag.length,
		 checked.text + checked.from.tag.offset, checked.call_id.length,
		 checked.text + checked.call_id.offset, cseq, method);
	used = strlen(out);
	memcpy(out + used, lines, length);
	memcpy(out + used + length, "\r\n\r\n", 5);
	deliver(ua, out, used + length + 4);
}

static void act(struct ua *ua, struct script *s)
{
	const uint8_t *text;
	size_t length;

	switch (take_octet(s) % 8) {
	case 0:
	case 1:
	case 2: answer(ua, s); break;
	case 3:
	case 4: ask(ua, s); break;
	case 5:
		length = take_text(s, &text);
		deliver(ua, (const char *)text, length);
		break;
	case 6: now += (uint64_t)take_octet(s) * 100 * MS; break;
	case 7:
		length = take_octet(s);
		refuse_to_send = length & 4;
		if (length & 1)
			ua_interrupt(ua, now);
		if (length & 2)
			ua_lost(ua, &peer, 111, now);
		break;
	}
	ua_run(ua, now);
}

/* Silence at last: it must come to an end by itself. */
static void play_to_the_end(struct ua *ua)
{
	unsigned int steps = 0;

	while (!ua_is_done(ua, now)) {
		uint64_t next = ua_next(ua);

		require(next != UA_NEVER);
		require(++steps < STEPS_TO_END);
		if (next > now)
			now = next;
		sent_in_act = 0;
		ua_run(ua, now);
	}
}

static struct ua_order make_order(struct script *s)
{
	static const char *const methods[] = { "INVITE", "INVITE", "REGISTER", "OPTIONS" };
	uint8_t choice = take_octet(s);
	struct ua_order order = {
		.method = methods[choice & 3],
		.uri = "sip:b@h",
		.secret = { choice & 4 ? "u" : NULL, "p" },
		.hold = 30 * 1000 * MS,
		.reinvite = !(choice & 2) && choice & 8,
		.cancel_after = choice & 16 ? 5000 * MS : UA_NEVER,
		.hop = { .transport = choice & 32 ? UA_TCP : UA_UDP },
		.media_port = 30000,
	};

	order.hop.at = peer.at;
	order.local = (struct endpoint){ address_from_ipv4(0x0200007f), 6000 };
	return order;
}

static void play(const uint8_t *data, size_t size)
{
	static const struct ua_world world = {
		.send = play_send,
		.resolve = play_resolve,
		.random = play_random,
		.tell = play_tell,
	};
	struct script s = { data, data + size };
	struct ua_order order = make_order(&s);
	struct sip_error error;
	struct ua *ua;

	now = 1000 * MS;
	chance = 0;
	sent_in_act = 0;
	refuse_to_send = false;
	require(ua_new(&order, &world, now, &ua, &error) == 0);
	for (unsigned int i = 0; s.at < s.end && i < ACTS_MAX; i++) {
		sent_in_act = 0;
		act(ua, &s);
	}
	play_to_the_end(ua);
	require(ua_result(ua)->outcome != UA_WORKING);
	ua_free(ua);
}

/* ---- the stream ---- */

/* Pieces as they are found when `step` octets arrive at a time: a hash of their ends. */
static uint64_t cut(const char *data, size_t size, size_t step)
{
	uint64_t hash = 0;
	size_t from = 0, have = 0, piece;

	while (have < size) {
		have = size - have < step ? size : have + step;
		while (from < have) {
			enum sip_stream_piece kind = sip_stream_next(data + from, have - from,
								     &piece, NULL);

			if (kind == SIP_STREAM_BROKEN)
				return hash * 31 + 1;
			if (kind == SIP_STREAM_PARTIAL)
				break;
			require(piece && piece <= have - from);
			from += piece;
			if (kind == SIP_STREAM_MESSAGE)
				hash = hash * 31 + from;
		}
	}
	return hash;
}

static void cut_all(const uint8_t *data, size_t size)
{
	char *octets = malloc(size + 1);

	memcpy(octets, data, size);
	octets = realloc(octets, size ? size : 1);
	require(cut(octets, size, size) == cut(octets, size, 7));
	free(octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 8192)
		return 0;
	play(data, size);
	cut_all(data, size);
	return 0;
}
