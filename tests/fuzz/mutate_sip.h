/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutations that know what a SIP message looks like: whole header lines, folding, white space, runs
 * whose lengths are near the scanner's bounds. They reach in seconds what octets changed at random
 * reach in days. */
#ifndef SIPXDP_MUTATE_SIP_H
#define SIPXDP_MUTATE_SIP_H

#include <stdint.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

#define MUTATE_COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct mutate {
	uint8_t *data;
	size_t size, room;
	uint64_t random; /* never 0 */
};

static const char mutate_message[] = "INVITE sip:bob@192.0.2.10 SIP/2.0\r\n"
				     "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKnashds8\r\n"
				     "From: Alice <sip:alice@example.org>;tag=1928301774\r\n"
				     "To: Bob <sip:bob@example.org>\r\n"
				     "Call-ID: a84b4c76e66710@pc33.example.org\r\n"
				     "CSeq: 314159 INVITE\r\n"
				     "Max-Forwards: 70\r\n\r\n";

static const char *const mutate_lines[] = {
	"Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n",
	"v: SIP/2.0/TCP [2001:db8::1]:5060;rport;branch=z9hG4bKb;received=192.0.2.1\r\n",
	"VIA : SIP / 2.0 / UDP h:5060 ; branch = z9hG4bK2 ;x=\";branch=q\"\r\n",
	"Via: SIP/2.0/TLS-SCTP a.example ;ttl=1;branch=z9hG4bKa,SIP/2.0/UDP b;branch=z9hG4bKb\r\n",
	"Via: SIP/2.0/UDP h;x=a,SIP/2.0/UDP b;branch=z9hG4bKb\r\n",
	"From: \"A;tag=no, \\\" x\" <sip:a@b;tag=no>;x=y;tag=f1\r\n",
	"f: sip:a@b;tag=f2\r\n",
	"from:<sip:a@b>;tag\t=\r\n f3 ; tagx=1\r\n",
	"To: <sip:b@c?x=%3btag>;TAG=t1\r\n",
	"t: tel:+1;x=\"a;tag=b\";tag=t2;taga\r\n",
	"To: B \t C<sips:b@[::1]:5061;transport=tcp>\r\n",
	"Call-ID: 1\r\n",
	"i:(<>:\\/\"?{}[]@%\r\n",
	"CALL-ID \t:\r\n\t1@2 \r\n",
	"CSeq: 1 INVITE\r\n",
	"cseq:\t0000000000000001\r\n \tINVITE\t\r\n",
	"Max-Forwards: 0\r\n",
	"max-forwards:\t255 \r\n",
	"Content-Length: 0\r\n",
	"l : 00000000\r\n",
	"L:000000000000000\r\n",
	"User-Agent: \xc3\xbc\xe2\x82\xac friendly\t(x)\r\n",
	"User-Agent:\r\n",
	"user-agent: \r\n \r\n\t \r\n",
	"Subject: \xf0\xa0\xa0\xa0\t\xc3\xa4\r\n",
	"Subject:\r\n",
	"X:\t\r\n",
	"Contact: <sip:a@b:5062>;q=0.5;expires=10,\"x,y\" "
	"<sips:c@d>;+sip.instance=\"<urn:uuid:1>\"\r\n",
	"m: *\r\n",
	"Record-Route: <sip:p;lr>,<sip:q;lr>\r\n",
	"Route: <sip:[2001:db8::9]:5060;lr>\r\n",
	"Authorization: Digest "
	"username=\"a\",realm=\"b\",nonce=\"c\",uri=\"sip:d\",response=\"00\"\r\n",
	"Session-Expires: 90;refresher=uac\r\n",
	"Event: presence;id=1\r\n",
	"Expires: 4294967295\r\n",
	"c: application/sdp\r\n",
	"Vi: 1\r\n",
	"Call-IDs: 5\r\n",
	"Content-Lengths: 1\r\n",
	"To-: 1\r\n",
	" \t\r\n",
	"\r\n",
};

static const char *const mutate_pieces[] = {
	";tag=1",
	";tag = \"1\"",
	" ; tag=a-b.c!%*_+`'~",
	";branch=z9hG4bK",
	";branch = x",
	";x",
	";x=\";tag=2\"",
	";x=[::1]",
	";received=::1",
	"\r\n ",
	"\r\n\t",
	" \r\n ",
	"\t",
	" ",
	"\"",
	"\\\"",
	"\xc3\xa4",
	"\xf0\xa0\xa0\xa0",
	"\x80",
	"\r\n",
	"\r",
	"\n",
	"<",
	">",
	",",
	"=",
	";",
	":",
	"%41",
	"0",
	"/",
	"@",
	"SIP/2.0",
	"sip:a@b",
	"\r\n\r\n",
	"\r\nCall-ID: 2\r\n",
};

/* Lengths at which the scanner, the parser's index, or both do something else. */
static const uint16_t mutate_lengths[] = { 1,	2,   4,	  7,   8,   12,	 15,   16,   20,   24,	31,
					   32,	40,  48,  56,  57,  63,	 64,   96,   127,  128, 255,
					   256, 300, 319, 320, 384, 512, 1024, 1400, 1900, 2047 };

static inline uint32_t mutate_below(struct mutate *m, size_t bound)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return bound ? (uint32_t)((m->random >> 16) % bound) : 0;
}

static inline size_t mutate_length(struct mutate *m)
{
	size_t length = mutate_lengths[mutate_below(m, MUTATE_COUNT(mutate_lengths))];

	length += mutate_below(m, 7);
	return length > 3 ? length - 3 : length;
}

/* `length` octets take the place of `gone` at `at`; nothing happens if there is no room. */
static inline void mutate_splice(struct mutate *m, size_t at, size_t gone, const void *octets,
				 size_t length)
{
	if (at + gone > m->size || m->size - gone + length > m->room)
		return;
	memmove(m->data + at + length, m->data + at + gone, m->size - at - gone);
	if (octets)
		memmove(m->data + at, octets, length);
	m->size += length - gone;
}

static inline size_t mutate_line_end(const struct mutate *m, size_t at)
{
	while (at < m->size && m->data[at] != '\n')
		at++;
	return at < m->size ? at + 1 : at;
}

/* Where the headers end: behind the blank line, or the end of the message. */
static inline size_t mutate_headers_end(const struct mutate *m)
{
	for (size_t at = 0; at + 4 <= m->size; at++) {
		if (!memcmp(m->data + at, "\r\n\r\n", 4))
			return at + 4;
	}
	return m->size;
}

/* The start of a header line, or of the blank line. */
static inline size_t mutate_line(struct mutate *m)
{
	size_t end = mutate_headers_end(m), at = mutate_line_end(m, mutate_below(m, end));

	return at < end ? at : end < 2 ? 0 : end - 2;
}

/* A place in the headers: any, the end of a line, or the end of the last one. */
static inline size_t mutate_place(struct mutate *m)
{
	size_t end = mutate_headers_end(m), at;

	switch (mutate_below(m, 4)) {
	case 0: return end >= 4 ? end - 4 : 0;
	case 1: at = mutate_line(m); return at >= 2 ? at - 2 : 0;
	default: return mutate_below(m, end);
	}
}

static inline void mutate_put_line(struct mutate *m)
{
	const char *line = mutate_lines[mutate_below(m, MUTATE_COUNT(mutate_lines))];
	size_t at = mutate_line(m), gone = mutate_below(m, 3) ? 0 : mutate_line_end(m, at) - at;

	mutate_splice(m, at, gone, line, strlen(line));
}

/* Puts a line where another one begins: twice, or moved. */
static inline void mutate_copy_line(struct mutate *m)
{
	uint8_t line[512];
	size_t from = mutate_line(m), length = mutate_line_end(m, from) - from;

	if (length > sizeof(line))
		return;
	memcpy(line, m->data + from, length);
	if (mutate_below(m, 2))
		mutate_splice(m, from, length, NULL, 0);
	mutate_splice(m, mutate_line(m), 0, line, length);
}

static inline void mutate_drop_line(struct mutate *m)
{
	size_t at = mutate_line(m);

	mutate_splice(m, at, mutate_line_end(m, at) - at, NULL, 0);
}

static inline void mutate_put_piece(struct mutate *m)
{
	const char *piece = mutate_pieces[mutate_below(m, MUTATE_COUNT(mutate_pieces))];
	size_t at = mutate_place(m);

	mutate_splice(m, at, mutate_below(m, 3) ? 0 : 1, piece, strlen(piece));
}

/* Repeats one octet, or one piece of text, so often that a run of a length of interest is there. */
static inline void mutate_repeat(struct mutate *m)
{
	static const char *const runs[] = { " ", "\t", "0", "a", "-", "\xc3\xa4", "\r\n ", "%41" };
	size_t at = mutate_place(m), count = mutate_length(m);
	char octet[2] = { m->size ? (char)m->data[at] : 'x', '\0' };
	const char *run = mutate_below(m, 2) ? octet : runs[mutate_below(m, MUTATE_COUNT(runs))];

	while (count--)
		mutate_splice(m, at, 0, run, strlen(run));
}

/* A header whose length puts what is behind it, or the end of the headers, near a bound. */
static inline void mutate_pad(struct mutate *m)
{
	size_t at = mutate_line(m), length = mutate_length(m);
	size_t origin = mutate_below(m, 2) ? at : mutate_headers_end(m);
	size_t count = origin + 8 < length ? length - origin - 5 : length;

	mutate_splice(m, at, 0, "XP:\r\n", 5);
	while (count--)
		mutate_splice(m, at + 3, 0, "p", 1);
}

static inline void mutate_body(struct mutate *m)
{
	size_t end = mutate_headers_end(m), length = mutate_below(m, 80);

	if (mutate_below(m, 2))
		m->size = end;
	while (length--)
		mutate_splice(m, m->size, 0, "b", 1);
}

static inline void mutate_case(struct mutate *m)
{
	size_t at = mutate_line(m);

	for (size_t i = at; i < m->size && i < at + 14 && m->data[i] != ':'; i++) {
		if (((m->data[i] | 0x20) >= 'a' && (m->data[i] | 0x20) <= 'z') &&
		    mutate_below(m, 2))
			m->data[i] ^= 0x20;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	static void (*const ways[])(struct mutate *) = {
		mutate_put_line,  mutate_copy_line, mutate_drop_line,
		mutate_put_piece, mutate_put_piece, mutate_repeat,
		mutate_pad,	  mutate_body,	    mutate_case,
	};
	struct mutate m = {
		.data = data, .size = size, .room = max_size, .random = 0x9e3779b97f4a7c15 ^ seed
	};

	if (!mutate_below(&m, 4))
		return LLVMFuzzerMutate(data, size, max_size);
	if (size < 8 || !mutate_below(&m, 64)) {
		m.size = 0;
		mutate_splice(&m, 0, 0, mutate_message, sizeof(mutate_message) - 1);
	}
	for (uint32_t edits = 1 + mutate_below(&m, 4); edits; edits--)
		ways[mutate_below(&m, MUTATE_COUNT(ways))](&m);
	return m.size;
}

#endif
