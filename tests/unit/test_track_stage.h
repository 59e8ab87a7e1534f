/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stage for the tracker: messages are written as one line each, go through the real parser, and
 * what the tracker puts out is kept in plain arrays.
 *
 *	"> INVITE"			from the caller to the server
 *	"< 180 INVITE"			the server's response
 *	"> BYE from=B to=A cseq=7"	words that change what is usual
 *	"wait 32000"			milliseconds
 *
 * Usual are: From tag A, To tag B in responses but 100 and in ACK and BYE, none elsewhere; CSeq 1;
 * a branch of the CSeq number and the method; Call-ID "one"; the peer 192.0.2.1. Tags that start
 * with A belong to alice, all others to bob; alice registers. The words:
 *
 *	from= to=	tags, - for none
 *	branch= via=	branch without the cookie, or all of it
 *	cseq= id= ruri= toward= (To URI) se= (Session-Expires) expires= agent=
 *	contact=	as the header has it, blanks as _
 *	peer=		last octet of the far side's address
 *	path= sid=	Path, Session-ID
 *	sdp=		a session description: codecs with "," between, then after a ":" the direction,
 *			as in sdp=PCMA,opus:sendonly; a codec's name is its payload type, too
 *	auth		with credentials
 *	challenge=	Proxy-Authenticate with that for stale
 */
#ifndef TEST_TRACK_STAGE_H
#define TEST_TRACK_STAGE_H

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "track/record.h"
#include "track/track.h"

#define STAGE_RECORDS 4096
#define STAGE_FACTS   256
#define STAGE_TEXT    4096
#define STAGE_WORD    512
#define STAGE_START   1700000000000000000ull
#define MS	      1000000ull
#define SECONDS	      (1000 * MS)

struct stage {
	struct track *track;
	struct track_config config;
	uint64_t now_ns;
	struct {
		struct call_key key;
		struct call_record record;
	} calls[STAGE_RECORDS];
	size_t call_count;
	struct {
		struct registration_key key;
		struct registration_record record;
	} registrations[STAGE_RECORDS];
	size_t registration_count;
	struct track_fact facts[STAGE_FACTS];
	size_t fact_count;
	size_t room; /* of either kind of record; puts beyond it fail */
	size_t puts;
	enum track_dialog dialog; /* what the kernel is to know of every call */
	uint64_t dialog_seen_ns;
	unsigned int abandoned; /* calls that the kernel was told of */
	struct sip_message message;
};

/* ---- the sink ---- */

#define STAGE_SINK(kind)                                                                           \
	static inline size_t stage_find_##kind(const struct stage *s, const struct kind##_key *k)  \
	{                                                                                          \
		size_t i = 0;                                                                      \
                                                                                                   \
		while (i < s->kind##_count && memcmp(&s->kind##s[i].key, k, sizeof(*k)))           \
			i++;                                                                       \
		return i;                                                                          \
	}                                                                                          \
	static inline int stage_put_##kind(void *context, const struct kind##_key *k,              \
					   const struct kind##_record *r)                          \
	{                                                                                          \
		struct stage *s = context;                                                         \
		size_t i = stage_find_##kind(s, k);                                                \
                                                                                                   \
		s->puts++;                                                                         \
		if (i == s->kind##_count) {                                                        \
			if (i == s->room)                                                          \
				return -E2BIG;                                                     \
			s->kind##_count++;                                                         \
		}                                                                                  \
		s->kind##s[i].key = *k;                                                            \
		s->kind##s[i].record = *r;                                                         \
		return 0;                                                                          \
	}                                                                                          \
	static inline int stage_get_##kind(void *context, const struct kind##_key *k,              \
					   struct kind##_record *r)                                \
	{                                                                                          \
		struct stage *s = context;                                                         \
		size_t i = stage_find_##kind(s, k);                                                \
                                                                                                   \
		if (i == s->kind##_count)                                                          \
			return -ENOENT;                                                            \
		*r = s->kind##s[i].record;                                                         \
		return 0;                                                                          \
	}                                                                                          \
	static inline void stage_delete_##kind(void *context, const struct kind##_key *k)          \
	{                                                                                          \
		struct stage *s = context;                                                         \
		size_t i = stage_find_##kind(s, k);                                                \
                                                                                                   \
		if (i < s->kind##_count)                                                           \
			s->kind##s[i] = s->kind##s[--s->kind##_count];                             \
	}

STAGE_SINK(call)
STAGE_SINK(registration)

static inline enum track_dialog stage_dialog(void *context, const struct call_key *key,
					     uint64_t *seen_unix_ns)
{
	const struct stage *s = context;

	(void)key;
	*seen_unix_ns = s->dialog_seen_ns;
	return s->dialog;
}

static inline void stage_abandoned(void *context, const struct call_key *key)
{
	struct stage *s = context;

	(void)key;
	s->abandoned++;
}

static inline void stage_fact(void *context, const struct track_fact *fact)
{
	struct stage *s = context;

	if (s->fact_count < STAGE_FACTS)
		s->facts[s->fact_count++] = *fact;
}

static inline struct track_sink stage_sink(struct stage *s)
{
	return (struct track_sink){
		.context = s,
		.call_put = stage_put_call,
		.call_get = stage_get_call,
		.call_delete = stage_delete_call,
		.call_dialog = stage_dialog,
		.call_abandoned = stage_abandoned,
		.registration_put = stage_put_registration,
		.registration_get = stage_get_registration,
		.registration_delete = stage_delete_registration,
		.fact = stage_fact,
	};
}

static inline struct stage *stage_new(void)
{
	struct stage *s = calloc(1, sizeof(*s));
	struct track_sink sink;

	s->config = (struct track_config){ .calls = 1024,
					   .registrations = 1024,
					   .transactions = 1024,
					   .seed = { 0x1122334455667788, 0x99aabbccddeeff00 } };
	s->now_ns = STAGE_START;
	s->room = STAGE_RECORDS;
	sink = stage_sink(s);
	cr_assert_eq(track_new(&s->config, &sink, s->now_ns, &s->track), 0);
	return s;
}

static inline void stage_free(struct stage *s)
{
	track_free(s->track);
	free(s);
}

/* The daemon dies and another one takes over the records. */
static inline void stage_restart(struct stage *s)
{
	struct track_sink sink = stage_sink(s);

	track_flush(s->track);
	track_free(s->track);
	cr_assert_eq(track_new(&s->config, &sink, s->now_ns, &s->track), 0);
	for (size_t i = 0; i < s->call_count; i++)
		cr_assert_eq(track_adopt_call(s->track, &s->calls[i].key, &s->calls[i].record), 0);
	for (size_t i = 0; i < s->registration_count; i++)
		cr_assert_eq(track_adopt_registration(s->track, &s->registrations[i].key,
						      &s->registrations[i].record),
			     0);
}

/* ---- messages ---- */

struct stage_line {
	enum track_direction direction;
	int status;
	char method[32];
	char from[STAGE_WORD], to[STAGE_WORD], branch[STAGE_WORD], id[STAGE_WORD];
	char ruri[STAGE_WORD], toward[STAGE_WORD], contact[STAGE_WORD], agent[STAGE_WORD];
	char extra[STAGE_WORD], sdp[STAGE_WORD];
	unsigned int cseq, peer;
	bool branch_given, to_given;
};

static inline void stage_word(struct stage_line *l, const char *word)
{
	const char *value = strchr(word, '=');
	size_t used = strlen(l->extra);

	value = value ? value + 1 : "";
	if (!strncmp(word, "from=", 5)) {
		snprintf(l->from, sizeof(l->from), "%s", strcmp(value, "-") ? value : "");
	} else if (!strncmp(word, "to=", 3)) {
		snprintf(l->to, sizeof(l->to), "%s", strcmp(value, "-") ? value : "");
		l->to_given = true;
	} else if (!strncmp(word, "branch=", 7)) {
		snprintf(l->branch, sizeof(l->branch), "z9hG4bK%.64s", value);
		l->branch_given = true;
	} else if (!strncmp(word, "via=", 4)) {
		snprintf(l->branch, sizeof(l->branch), "%s", value);
		l->branch_given = true;
	} else if (!strncmp(word, "cseq=", 5)) {
		l->cseq = (unsigned int)strtoul(value, NULL, 10);
	} else if (!strncmp(word, "id=", 3)) {
		snprintf(l->id, sizeof(l->id), "%s", value);
	} else if (!strncmp(word, "peer=", 5)) {
		l->peer = (unsigned int)strtoul(value, NULL, 10);
	} else if (!strncmp(word, "ruri=", 5)) {
		snprintf(l->ruri, sizeof(l->ruri), "%s", value);
	} else if (!strncmp(word, "toward=", 7)) {
		snprintf(l->toward, sizeof(l->toward), "%s", value);
	} else if (!strncmp(word, "agent=", 6)) {
		snprintf(l->agent, sizeof(l->agent), "%s", value);
	} else if (!strncmp(word, "contact=", 8)) {
		snprintf(l->contact, sizeof(l->contact), "%s", value);
		for (char *p = l->contact; *p; p++)
			if (*p == '_')
				*p = ' ';
	} else if (!strncmp(word, "se=", 3)) {
		snprintf(l->extra + used, sizeof(l->extra) - used,
			 "Session-Expires: %s;refresher=uac\r\n", value);
	} else if (!strncmp(word, "expires=", 8)) {
		snprintf(l->extra + used, sizeof(l->extra) - used, "Expires: %s\r\n", value);
	} else if (!strncmp(word, "path=", 5)) {
		snprintf(l->extra + used, sizeof(l->extra) - used, "Path: %s\r\n", value);
	} else if (!strncmp(word, "sid=", 4)) {
		snprintf(l->extra + used, sizeof(l->extra) - used, "Session-ID: %s\r\n", value);
	} else if (!strncmp(word, "sdp=", 4)) {
		snprintf(l->sdp, sizeof(l->sdp), "%s", value);
	} else if (!strncmp(word, "challenge=", 10)) {
		snprintf(l->extra + used, sizeof(l->extra) - used,
			 "Proxy-Authenticate: Digest realm=\"r\", nonce=\"m\", stale=%s\r\n",
			 value);
	} else if (!strcmp(word, "auth")) {
		snprintf(l->extra + used, sizeof(l->extra) - used,
			 "Authorization: Digest username=\"alice\", realm=\"r\", nonce=\"n\", "
			 "uri=\"sip:example.com\", "
			 "response=\"0123456789abcdef0123456789abcdef\"\r\n");
	} else {
		cr_assert_fail("no such word: %s", word);
	}
}

static inline bool stage_has_to_tag(const struct stage_line *l)
{
	if (l->status)
		return l->status > 100;
	return !strcmp(l->method, "ACK") || !strcmp(l->method, "BYE");
}

/* CANCEL, and ACK to a failure, have the branch of their INVITE; that to a 2xx is given one. */
static inline const char *stage_matched_method(const char *method)
{
	return strcmp(method, "CANCEL") && strcmp(method, "ACK") ? method : "INVITE";
}

static inline void stage_read_line(struct stage_line *l, const char *line)
{
	char copy[STAGE_TEXT], *save = NULL, *word;

	*l = (struct stage_line){ .from = "A", .id = "one", .cseq = 1, .peer = 1 };
	snprintf(copy, sizeof(copy), "%s", line);
	word = strtok_r(copy, " ", &save);
	l->direction = *word == '>' ? TRACK_TO_SERVER : TRACK_FROM_SERVER;
	word = strtok_r(NULL, " ", &save);
	if (*word >= '0' && *word <= '9') {
		l->status = atoi(word);
		word = strtok_r(NULL, " ", &save);
	}
	snprintf(l->method, sizeof(l->method), "%s", word);
	while ((word = strtok_r(NULL, " ", &save)))
		stage_word(l, word);
	if (!l->to_given && stage_has_to_tag(l))
		snprintf(l->to, sizeof(l->to), "B");
	if (!l->branch_given)
		snprintf(l->branch, sizeof(l->branch), "z9hG4bK-%.32s-%u-%.16s",
			 stage_matched_method(l->method), l->cseq, l->id);
}

static inline const char *stage_user(const char *tag)
{
	return *tag == 'A' ? "alice" : "bob";
}

/* The top Via is that of the request's sender, in the request and in its responses. */
static inline unsigned int stage_via_host(const struct stage_line *l)
{
	bool by_peer = (l->direction == TRACK_TO_SERVER) == !l->status;

	return by_peer ? l->peer : 99;
}

/* Codecs as dynamic payload types 96, 97 … of one stream. */
static inline void stage_build_sdp(char *out, size_t size, const char *word)
{
	const char *direction = strchr(word, ':');
	char names[STAGE_WORD], formats[128] = "", maps[STAGE_WORD] = "", *save = NULL;
	unsigned int type = 96;

	snprintf(names, sizeof(names), "%.*s", (int)strcspn(word, ":"), word);
	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		size_t used = strlen(formats), mapped = strlen(maps);

		snprintf(formats + used, sizeof(formats) - used, " %u", type);
		snprintf(maps + mapped, sizeof(maps) - mapped, "a=rtpmap:%u %s/8000\r\n", type++,
			 name);
	}
	snprintf(out, size,
		 "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
		 "m=audio 4000 RTP/AVP%s\r\n%sa=%s\r\n",
		 formats, maps, direction ? direction + 1 : "sendrecv");
}

static inline int stage_build(char *out, size_t size, const struct stage_line *l)
{
	const char *dash = *l->to ? ";tag=" : "";
	char to_uri[STAGE_WORD + 32], from[STAGE_WORD + 64], start[2 * STAGE_WORD];
	char sdp[2 * STAGE_WORD] = "";

	if (*l->sdp)
		stage_build_sdp(sdp, sizeof(sdp), l->sdp);
	snprintf(to_uri, sizeof(to_uri), "%s", l->toward);
	if (!*l->toward)
		snprintf(to_uri, sizeof(to_uri), "sip:%s@example.com",
			 strcmp(l->method, "REGISTER") ? stage_user(l->to) : "alice");
	snprintf(from, sizeof(from), "<sip:%s@example.com>%s%s", stage_user(l->from),
		 *l->from ? ";tag=" : "", l->from);
	if (l->status)
		snprintf(start, sizeof(start), "SIP/2.0 %d Whatever", l->status);
	else
		snprintf(start, sizeof(start), "%s %s SIP/2.0", l->method,
			 *l->ruri ? l->ruri : to_uri);
	return snprintf(out, size,
			"%s\r\n"
			"Via: SIP/2.0/UDP 192.0.2.%u:5060%s%s\r\n"
			"Max-Forwards: 70\r\n"
			"From: %s\r\nTo: <%s>%s%s\r\n"
			"Call-ID: %s\r\nCSeq: %u %s\r\n"
			"%s%s%s%s%s%s%s%s"
			"Content-Length: %zu\r\n\r\n%s",
			start, stage_via_host(l), *l->branch ? ";branch=" : "", l->branch, from,
			to_uri, dash, l->to, l->id, l->cseq, l->method,
			*l->contact ? "Contact: " : "", l->contact, *l->contact ? "\r\n" : "",
			*l->agent ? "User-Agent: " : "", l->agent, *l->agent ? "\r\n" : "",
			l->extra, *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp),
			sdp);
}

/* Not the kernel's hash: all that counts is that it depends on the Call-ID alone. */
static inline uint64_t stage_call_id_hash(const char *id)
{
	uint64_t h = 0xcbf29ce484222325;

	while (*id)
		h = (h ^ (unsigned char)*id++) * 0x100000001b3;
	return h | 1;
}

static inline struct sipxdp_peer stage_peer(unsigned int host, uint16_t port)
{
	return (struct sipxdp_peer){
		.addr = { .word = { 0, 0, htonl(0xffff), htonl(0xc0000200 | host) } },
		.port = htons(port),
	};
}

static inline struct track_arrival stage_arrival(const struct stage_line *l, uint64_t now_ns)
{
	return (struct track_arrival){
		.now_ns = now_ns,
		.call_id_hash = stage_call_id_hash(l->id),
		.peer = stage_peer(l->peer, 5060),
		.server = stage_peer(99, 5060),
		.service = 3,
		.direction = l->direction,
	};
}

static inline size_t stage_message(char text[STAGE_TEXT], struct stage_line *l, const char *line)
{
	int length;

	stage_read_line(l, line);
	length = stage_build(text, STAGE_TEXT, l);
	cr_assert(length > 0 && length < STAGE_TEXT);
	return (size_t)length;
}

static inline void stage_play(struct stage *s, const char *line)
{
	char text[STAGE_TEXT];
	struct sip_error error = { 0 };
	struct track_arrival arrival;
	struct stage_line l;
	size_t length;

	if (!strncmp(line, "wait ", 5)) {
		s->now_ns += strtoull(line + 5, NULL, 10) * MS;
		track_advance(s->track, s->now_ns);
		track_flush(s->track);
		return;
	}
	length = stage_message(text, &l, line);
	cr_assert_eq(sip_message_parse(text, length, &s->message, &error), 0, "%s: %s (%s)\n%s",
		     line, error.what, error.rfc, text);
	arrival = stage_arrival(&l, s->now_ns);
	track_message(s->track, &arrival, &s->message);
	track_flush(s->track);
	s->now_ns += 10 * MS;
}

/* Lines end with NULL. */
static inline void stage_play_all(struct stage *s, const char *const *lines)
{
	for (; *lines; lines++)
		stage_play(s, *lines);
}

#define PLAY(s, ...) stage_play_all(s, (const char *const[]){ __VA_ARGS__, NULL })

/* The record of a call; NULL: there is none. */
static inline const struct call_record *stage_call(const struct stage *s, const char *id)
{
	struct call_key key = { .call_id_hash = stage_call_id_hash(id) };
	size_t i = stage_find_call(s, &key);

	return i < s->call_count ? &s->calls[i].record : NULL;
}

/* The record of the binding with that contact URI. */
static inline const struct registration_record *stage_registration(const struct stage *s,
								   const char *contact)
{
	for (size_t i = 0; i < s->registration_count; i++)
		if (!strcmp(s->registrations[i].record.contact, contact))
			return &s->registrations[i].record;
	return NULL;
}

static inline size_t stage_facts(const struct stage *s, enum track_fact_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < s->fact_count; i++)
		n += s->facts[i].kind == kind;
	return n;
}

static inline const struct track_fact *stage_last_fact(const struct stage *s,
						       enum track_fact_kind kind)
{
	for (size_t i = s->fact_count; i-- > 0;)
		if (s->facts[i].kind == kind)
			return &s->facts[i];
	return NULL;
}

static inline struct track_stats stage_stats(const struct stage *s)
{
	struct track_stats stats;

	track_stats(s->track, &stats);
	return stats;
}

#endif
