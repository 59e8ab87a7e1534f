/* SPDX-License-Identifier: GPL-2.0-only */
/* The header scanner held against the full parser on one message: what the parser accepts the
 * scanner finds to the octet, and what the scanner calls broken the parser refuses. For the fuzzer
 * and the unit test of the scanner. */
#ifndef SIPXDP_SCAN_ORACLE_H
#define SIPXDP_SCAN_ORACLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sipxdp/scan.h>

#include "sip/message.h"

static const __u64 scan_oracle_key[SCAN_HASH_KEYS] = {
	0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89,
	0x452821e638d01377, 0xbe5466cf34e90c6c, 0xc0ac29b7c97c50dd, 0x3f84d5b5b5470917,
	0x9216d5d98979fb1b, 0xd1310ba698dfb5ac, 0x2ffd72dbd01adfb7, 0xb8e1afed6a267e96,
	0xba7c9045f12c7f99, 0x24a19947b3916cf7, 0x0801f2e2858efc16, 0x636920d871574e69,
	0xa458fea3f4933d7e, 0x0d95748f728eb658,
};

/* Scans `length` octets at `text`, the first of a message of `whole`; no octet behind them is read.
 */
static inline void scan_oracle_run(const char *text, size_t length, size_t whole, struct scan *s)
{
	struct scan_text t = { .msg = text, .end = text + length };

	/* The packet path leaves in `tail` and `last` what the packet before left there. */
	memset(s, 0xa5, sizeof(*s));
	scan_begin(s, length, whole);
	scan_message(&t, s, scan_oracle_key);
	scan_to_tag(&t, s);
	scan_details(&t, s);
}

struct scan_complaint {
	const char *what; /* NULL: scanner and parser agree */
	struct scan_field found;
	struct sip_slice wanted;
};

static inline bool scan_oracle_differs(const char *what, struct scan_field found,
				       struct sip_slice wanted, struct scan_complaint *out)
{
	if (found.length == wanted.length && (!wanted.length || found.offset == wanted.offset))
		return false;
	*out = (struct scan_complaint){ .what = what, .found = found, .wanted = wanted };
	return true;
}

static inline struct sip_slice scan_oracle_value(const struct sip_message *msg,
						 enum sip_header_id id)
{
	const struct sip_header *header = sip_message_header(msg, id, NULL);

	return header ? header->value : (struct sip_slice){ 0, 0 };
}

/* The hash is of the Call-ID's octets alone, wherever they stand and whatever is around them. */
static inline bool scan_oracle_hash_differs(const struct sip_message *msg, const struct scan *s)
{
	struct scan_field at = { .offset = 3, .length = s->call_id.length };
	size_t room = 3U + at.length + 8;
	char *copy = malloc(room);
	struct scan other = { .flags = 0 };
	__u64 hash;

	memset(copy, 0xff, room);
	memcpy(copy + 3, msg->text + s->call_id.offset, at.length);
	hash = scan_hash(&(struct scan_text){ copy, copy + room }, &other, at, scan_oracle_key);
	free(copy);
	return hash != s->call_id_hash || !hash;
}

/* The words that the packet path compares instead of the text. */
static inline bool scan_oracle_words_differ(const struct sip_message *msg, const struct scan *s)
{
	char agent[sizeof(s->agent)] = "", cseq[8] = "";
	size_t agent_length = s->user_agent.length, cseq_length = s->cseq_method.length;

	if (agent_length > sizeof(agent))
		agent_length = sizeof(agent);
	if (cseq_length > sizeof(cseq))
		cseq_length = sizeof(cseq);
	memcpy(cseq, msg->text + s->cseq_method.offset, cseq_length);
	if (memcmp(cseq, &s->cseq_word, sizeof(cseq)) != 0)
		return true;
	for (size_t i = 0; i < agent_length; i++)
		agent[i] = msg->text[s->user_agent.offset + i] | 0x20;
	return memcmp(agent, s->agent, agent_length) != 0;
}

/* What a parser that accepts the message found, and the scanner must have found. */
static inline bool scan_oracle_fields_differ(const struct sip_message *msg, const struct scan *s,
					     struct scan_complaint *out)
{
	return scan_oracle_differs("Call-ID", s->call_id, msg->call_id, out) ||
	       scan_oracle_differs("branch of the topmost Via", s->branch, msg->via[0].branch,
				   out) ||
	       scan_oracle_differs("CSeq method", s->cseq_method, msg->cseq.method_name, out) ||
	       scan_oracle_differs("From tag", s->from_tag, msg->from.tag, out) ||
	       scan_oracle_differs("To tag", s->to_tag, msg->to.tag, out) ||
	       scan_oracle_differs("User-Agent", s->user_agent,
				   scan_oracle_value(msg, SIP_HEADER_USER_AGENT), out) ||
	       scan_oracle_differs("Max-Forwards", s->max_forwards,
				   scan_oracle_value(msg, SIP_HEADER_MAX_FORWARDS), out) ||
	       scan_oracle_differs("Content-Length", s->content_length,
				   scan_oracle_value(msg, SIP_HEADER_CONTENT_LENGTH), out);
}

/* Holds both against each other over the message at text, which begins with its start line. *s is
 * left as the scanner filled it. */
static inline struct scan_complaint scan_oracle(const char *text, size_t length, struct scan *s)
{
	static struct sip_message msg;
	struct scan_complaint complaint = { .what = NULL };
	bool accepted = !sip_message_parse(text, length, &msg, NULL);

	scan_oracle_run(text, length, length, s);
	if (!accepted)
		return complaint;
	if (s->flags & (SCAN_BROKEN | SCAN_REPEATED)) {
		complaint.what = s->flags & SCAN_BROKEN ? "broken, but the parser accepts it"
							: "repeated, but the parser accepts it";
		return complaint;
	}
	if (s->flags & SCAN_BEYOND)
		return complaint;
	if (!(s->flags & SCAN_COMPLETE) || s->body != msg.index.size)
		complaint.what = "where the headers end";
	else if (scan_oracle_fields_differ(&msg, s, &complaint))
		return complaint;
	else if (scan_oracle_hash_differs(&msg, s))
		complaint.what = "hash of the Call-ID";
	else if (scan_oracle_words_differ(&msg, s))
		complaint.what = "words of User-Agent or CSeq";
	return complaint;
}

static inline void scan_complaint_print(const struct scan_complaint *complaint, FILE *out)
{
	fprintf(out, "scanner and parser disagree: %s: scanner %u+%u, parser %u+%u\n",
		complaint->what, complaint->found.offset, complaint->found.length,
		complaint->wanted.offset, complaint->wanted.length);
}

#endif
