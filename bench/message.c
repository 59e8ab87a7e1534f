// SPDX-License-Identifier: GPL-2.0-only
/* SIP messages for the benchmarks, put together from parts that are drawn at random. */
#include "message.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "random.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define WORD_MAX   32
#define VIA_MAX	   3
#define FILLER_MAX 4 /* header fields that the scanner has no interest in */
#define CORE	   7

/* What the messages of a dialog have in common. */
struct dialog_parts {
	char user[WORD_MAX], peer[WORD_MAX], domain[2 * WORD_MAX], display[WORD_MAX];
	char from_tag[WORD_MAX], to_tag[WORD_MAX];
	char call_id[4 * WORD_MAX];
	unsigned int cseq;
	unsigned int host[4], port;
	const char *agent;
};

struct text {
	char *at;
	size_t left;
	bool full;
};

static void add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at, t->left, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= t->left) {
		t->full = true;
		return;
	}
	t->at += n;
	t->left -= (size_t)n;
}

static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789";
static const char hexadecimal[] = "0123456789abcdef";

static void word(struct bench_random *r, char out[WORD_MAX], const char *letters, unsigned int from,
		 unsigned int to)
{
	unsigned int length = bench_random_between(r, from, to);

	for (unsigned int i = 0; i < length; i++)
		out[i] = letters[bench_random_between(r, 0, (unsigned int)strlen(letters) - 1)];
	out[length] = '\0';
}

/* The shapes of common user agents' Call-IDs. */
static void make_call_id(struct bench_random *r, char *out, size_t size)
{
	char a[WORD_MAX], b[WORD_MAX];
	unsigned int n = bench_random_between(r, 0, 99999);

	word(r, a, hexadecimal, 8, 8);
	word(r, b, hexadecimal, 12, 12);
	switch (bench_random_between(r, 0, 5)) {
	case 0: snprintf(out, size, "%s-%04x-4a1b-9c2d-%s", a, n & 0xffff, b); break;
	case 1: snprintf(out, size, "%s%s%s@192.0.2.%u", a, b, b, n % 250); break;
	case 2: snprintf(out, size, "%u-%u-5060@BJC.%u.GE.H", n * 7919, n, n % 10); break;
	case 3: snprintf(out, size, "%s@%s.example.com", b, a); break;
	case 4: snprintf(out, size, "%s%s@10.1.%u.7:5060", a, a, n % 250); break;
	default: snprintf(out, size, "%s%s..", b, a); break;
	}
}

static const char *const agents[] = {
	"Linphone/3.12.0 (belle-sip/1.6.3)",
	"Asterisk PBX 18.9.0",
	"FreeSWITCH-mod_sofia/1.10.7",
	"Yealink SIP-T46S 66.85.0.5",
	"Grandstream GXP2135 1.0.11.3",
	"PolycomVVX-VVX_411-UA/5.9.5",
	"Zoiper v2.10",
	"MicroSIP/3.20.7",
	"Cisco-CP8841/12.5",
};

static const char *const domains[] = { "example.org", "example.net", "sip.example.com" };

static void make_parts(struct dialog_parts *p, unsigned int number)
{
	struct bench_random r = { number + 1 };
	char name[WORD_MAX];

	word(&r, p->user, lower, 3, 11);
	word(&r, p->peer, lower, 3, 12);
	word(&r, name, lower, 4, 12);
	snprintf(p->domain, sizeof(p->domain), "%s.%s", name,
		 domains[bench_random_between(&r, 0, COUNT(domains) - 1)]);
	word(&r, p->display, lower, 4, 14);
	if (bench_random_between(&r, 0, 1))
		p->display[0] = '\0';
	word(&r, p->from_tag, lower, 8, 20);
	word(&r, p->to_tag, lower, 8, 16);
	make_call_id(&r, p->call_id, sizeof(p->call_id));
	p->cseq = bench_random_between(&r, 1, 30000);
	for (size_t i = 0; i < COUNT(p->host); i++)
		p->host[i] = bench_random_between(&r, 1, 223);
	p->port = bench_random_between(&r, 0, 1) ? 5060 : bench_random_between(&r, 1024, 65535);
	p->agent = agents[bench_random_between(&r, 0, COUNT(agents) - 1)];
}

static void add_via(struct text *t, struct bench_random *r, const struct dialog_parts *p)
{
	static const char *const rport[] = { "", ";rport", ";rport=49152" };
	char branch[WORD_MAX];

	word(r, branch, lower, 8, 24);
	add(t, "Via: SIP/2.0/UDP %u.%u.%u.%u:%u;branch=z9hG4bK%s%s%s\r\n", p->host[0], p->host[1],
	    p->host[2], bench_random_between(r, 1, 254), p->port,
	    bench_random_between(r, 0, 1) ? "-524287-1---" : "", branch,
	    rport[bench_random_between(r, 0, COUNT(rport) - 1)]);
}

enum core {
	CORE_MAX_FORWARDS,
	CORE_FROM,
	CORE_TO,
	CORE_CALL_ID,
	CORE_CSEQ,
	CORE_CONTACT,
	CORE_AGENT
};

static void add_core(struct text *t, struct bench_random *r, const struct dialog_parts *p,
		     enum core what, const char *method, bool in_dialog)
{
	switch (what) {
	case CORE_MAX_FORWARDS:
		add(t, "Max-Forwards: %u\r\n", bench_random_between(r, 66, 70));
		break;
	case CORE_FROM:
		add(t, p->display[0] ? "From: \"%s\" " : "From: %s", p->display);
		add(t, "<sip:%s@%s>;tag=%s\r\n", p->user, p->domain, p->from_tag);
		break;
	case CORE_TO:
		add(t, "To: <sip:%s@%s>%s%s\r\n", p->peer, p->domain, in_dialog ? ";tag=" : "",
		    in_dialog ? p->to_tag : "");
		break;
	case CORE_CALL_ID: add(t, "Call-ID: %s\r\n", p->call_id); break;
	case CORE_CSEQ: add(t, "CSeq: %u %s\r\n", p->cseq, method); break;
	case CORE_CONTACT:
		add(t, "Contact: <sip:%s@%u.%u.%u.9:%u;transport=UDP>\r\n", p->user, p->host[0],
		    p->host[1], p->host[2], p->port);
		break;
	case CORE_AGENT: add(t, "User-Agent: %s\r\n", p->agent); break;
	}
}

static const char *const fillers[] = {
	"Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, MESSAGE, SUBSCRIBE, INFO",
	"Supported: replaces, norefersub, extended-refer, timer, outbound, path",
	"Allow-Events: presence, kpml, talk",
	"Expires: 3600",
	"Accept: application/sdp",
	"Session-Expires: 1800",
	"P-Asserted-Identity: <sip:+442079460000@carrier.example.com>",
};

static void add_fillers(struct text *t, struct bench_random *r)
{
	unsigned int count = bench_random_between(r, 0, FILLER_MAX);
	unsigned int first = bench_random_between(r, 0, COUNT(fillers) - 1);

	for (unsigned int i = 0; i < count; i++)
		add(t, "%s\r\n", fillers[(first + i) % COUNT(fillers)]);
}

/* Orders that user agents write the same header fields in. */
static const enum core orders[][CORE] = {
	{ CORE_MAX_FORWARDS, CORE_FROM, CORE_TO, CORE_CALL_ID, CORE_CSEQ, CORE_CONTACT,
	  CORE_AGENT },
	{ CORE_FROM, CORE_TO, CORE_CALL_ID, CORE_CSEQ, CORE_CONTACT, CORE_MAX_FORWARDS,
	  CORE_AGENT },
	{ CORE_MAX_FORWARDS, CORE_CONTACT, CORE_TO, CORE_FROM, CORE_CALL_ID, CORE_CSEQ,
	  CORE_AGENT },
	{ CORE_CALL_ID, CORE_FROM, CORE_TO, CORE_CSEQ, CORE_MAX_FORWARDS, CORE_CONTACT,
	  CORE_AGENT },
	{ CORE_TO, CORE_FROM, CORE_AGENT, CORE_CSEQ, CORE_CALL_ID, CORE_CONTACT,
	  CORE_MAX_FORWARDS },
};

static size_t make_sdp(char *out, size_t size, struct bench_random *r)
{
	int n = snprintf(out, size,
			 "v=0\r\no=- %u 1 IN IP4 192.0.2.10\r\ns=-\r\nc=IN IP4 192.0.2.10\r\n"
			 "t=0 0\r\nm=audio %u RTP/AVP 0 8 101\r\na=rtpmap:8 PCMA/8000\r\n"
			 "a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
			 "a=sendrecv\r\n",
			 bench_random_between(r, 1, 999999999),
			 bench_random_between(r, 10000, 60000));

	return (size_t)n;
}

static const char *method_of(enum message_kind kind)
{
	switch (kind) {
	case MESSAGE_OPTIONS: return "OPTIONS";
	case MESSAGE_BYE: return "BYE";
	default: return "INVITE";
	}
}

int message_make(char out[MESSAGE_MAX], enum message_kind kind, unsigned int number)
{
	struct bench_random r = { (uint64_t)number << 8 | kind };
	bool has_body = kind == MESSAGE_INVITE || kind == MESSAGE_OK_INVITE;
	bool in_dialog = kind == MESSAGE_BYE || kind == MESSAGE_OK_INVITE;
	struct text t = { out, MESSAGE_MAX, false };
	unsigned int vias, early;
	struct dialog_parts p;
	const enum core *order;
	char sdp[512];

	make_parts(&p, number);
	p.cseq += kind == MESSAGE_BYE;
	if (kind == MESSAGE_OK_INVITE)
		add(&t, "SIP/2.0 200 OK\r\n");
	else
		add(&t, "%s sip:%s@%s SIP/2.0\r\n", method_of(kind), p.peer, p.domain);
	vias = bench_random_between(&r, 0, 9);
	vias = vias < 6 ? 1 : vias < 9 ? 2 : VIA_MAX;
	for (unsigned int i = 0; i < vias; i++)
		add_via(&t, &r, &p);
	early = bench_random_between(&r, 0, 2);
	if (early == 0)
		add_fillers(&t, &r);
	order = orders[bench_random_between(&r, 0, COUNT(orders) - 1)];
	for (unsigned int i = 0; i < CORE; i++)
		add_core(&t, &r, &p, order[i], method_of(kind), in_dialog);
	if (early != 0)
		add_fillers(&t, &r);
	if (has_body)
		add(&t, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
		    make_sdp(sdp, sizeof(sdp), &r), sdp);
	else
		add(&t, "Content-Length: 0\r\n\r\n");
	return t.full ? -EMSGSIZE : (int)(t.at - out);
}
