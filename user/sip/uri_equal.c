/* SPDX-License-Identifier: GPL-2.0-only */
/* When two URIs are the same (RFC 3261 section 19.1.4; tel: RFC 3966 section 4): an escaped octet
 * equals the octet itself, and parts differ in whether case counts and what an absence means. */
#include "sip/uri.h"

#include <ctype.h>

/* Reads the octets of a piece one after the other, escapes resolved. */
struct octets {
	const char *text;
	uint32_t at, end;
};

static struct octets octets_of(const char *text, struct sip_slice s)
{
	return (struct octets){ .text = text, .at = s.offset, .end = sip_slice_end(s) };
}

/* The next octet, or -1 at the end. */
static int next_octet(struct octets *o)
{
	const uint8_t *p = (const uint8_t *)o->text + o->at;

	if (o->at >= o->end)
		return -1;
	if (p[0] == '%' && o->end - o->at >= 3 && sip_octet_is(p[1], SIP_HEX) &&
	    sip_octet_is(p[2], SIP_HEX)) {
		o->at += 3;
		return (int)(sip_hex_value(p[1]) << 4 | sip_hex_value(p[2]));
	}
	o->at++;
	return p[0];
}

static bool same_octets(struct octets a, struct octets b, bool any_case)
{
	int x, y;

	do {
		x = next_octet(&a);
		y = next_octet(&b);
		if (any_case && x >= 0 && y >= 0) {
			x = tolower(x);
			y = tolower(y);
		}
	} while (x == y && x >= 0);
	return x == y;
}

static bool same_piece(const char *a_text, struct sip_slice a, const char *b_text,
		       struct sip_slice b, bool any_case)
{
	return same_octets(octets_of(a_text, a), octets_of(b_text, b), any_case);
}

/* Every pair of one list is looked for in the other: with more than these, two URIs are not the
 * same, whatever they hold. */
#define PAIRS_MAX 64

/* One name and value of a list of parameters or headers. */
struct pair {
	struct sip_slice name, value;
	bool has_value;
};

/* The pair at *at; false at the end of the list. `separator` stands between pairs. */
static bool next_pair(const char *text, struct sip_slice list, char separator, uint32_t *at,
		      struct pair *pair)
{
	uint32_t end = sip_slice_end(list), from, equals;

	while (*at < end && text[*at] == separator)
		++*at;
	if (*at >= end)
		return false;
	from = *at;
	while (*at < end && text[*at] != separator)
		++*at;
	for (equals = from; equals < *at && text[equals] != '='; equals++)
		;
	pair->name = sip_slice_of(from, equals);
	pair->has_value = equals < *at;
	pair->value = sip_slice_of(pair->has_value ? equals + 1 : *at, *at);
	return true;
}

static bool find_pair(const char *text, struct sip_slice list, char separator,
		      const char *name_text, struct sip_slice name, struct pair *found)
{
	uint32_t at = list.offset;

	for (uint32_t i = 0; i <= PAIRS_MAX && next_pair(text, list, separator, &at, found); i++) {
		if (same_piece(text, found->name, name_text, name, true))
			return true;
	}
	return false;
}

/* Parameters that matter even if only one of the two URIs has them. */
static bool must_be_in_both(const char *text, struct sip_slice name)
{
	static const char *const names[] = { "user", "ttl", "method", "maddr", "transport" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (sip_slice_is_nocase(text, name, names[i]))
			return true;
	}
	return false;
}

/* Every parameter of `a` that `b` has too is the same there; and has to be there, if `always`, or
 * for those that matter always. */
static bool params_agree(const char *a_text, struct sip_slice a, const char *b_text,
			 struct sip_slice b, bool always)
{
	uint32_t at = a.offset, count = 0;
	struct pair mine, other;

	while (next_pair(a_text, a, ';', &at, &mine)) {
		if (++count > PAIRS_MAX)
			return false;
		if (!find_pair(b_text, b, ';', a_text, mine.name, &other)) {
			if (always || must_be_in_both(a_text, mine.name))
				return false;
			continue;
		}
		if (mine.has_value != other.has_value ||
		    !same_piece(a_text, mine.value, b_text, other.value, true))
			return false;
	}
	return true;
}

/* Every header of `a` is in `b`, with the same value. */
static bool headers_agree(const char *a_text, struct sip_slice a, const char *b_text,
			  struct sip_slice b)
{
	uint32_t at = a.offset, count = 0;
	struct pair mine, other;

	while (next_pair(a_text, a, '&', &at, &mine)) {
		if (++count > PAIRS_MAX)
			return false;
		if (!find_pair(b_text, b, '&', a_text, mine.name, &other) ||
		    !same_piece(a_text, mine.value, b_text, other.value, false))
			return false;
	}
	return true;
}

static bool same_sip_uri(const char *a_text, const struct sip_uri *a, const char *b_text,
			 const struct sip_uri *b)
{
	return same_piece(a_text, a->user, b_text, b->user, false) &&
	       same_piece(a_text, a->password, b_text, b->password, false) &&
	       same_piece(a_text, a->host.name, b_text, b->host.name, true) &&
	       a->host.has_port == b->host.has_port && a->host.port == b->host.port &&
	       params_agree(a_text, a->params, b_text, b->params, false) &&
	       params_agree(b_text, b->params, a_text, a->params, false) &&
	       headers_agree(a_text, a->headers, b_text, b->headers) &&
	       headers_agree(b_text, b->headers, a_text, a->headers);
}

static int next_phone_digit(struct octets *o)
{
	int octet;

	do
		octet = next_octet(o);
	while (octet == '-' || octet == '.' || octet == '(' || octet == ')');
	return octet < 0 ? octet : tolower(octet);
}

static bool same_number(const char *a_text, struct sip_slice a, const char *b_text,
			struct sip_slice b)
{
	struct octets p = octets_of(a_text, a), q = octets_of(b_text, b);
	int x, y;

	do {
		x = next_phone_digit(&p);
		y = next_phone_digit(&q);
	} while (x == y && x >= 0);
	return x == y;
}

static bool same_tel_uri(const char *a_text, const struct sip_uri *a, const char *b_text,
			 const struct sip_uri *b)
{
	return same_number(a_text, a->user, b_text, b->user) &&
	       params_agree(a_text, a->params, b_text, b->params, true) &&
	       params_agree(b_text, b->params, a_text, a->params, true);
}

/* The piece behind the scheme; nothing, if it was read leniently and has no colon. */
static struct sip_slice opaque_part(const char *text, const struct sip_uri *uri)
{
	uint32_t at = uri->text.offset, end = sip_slice_end(uri->text);

	while (at < end && text[at] != ':')
		at++;
	return sip_slice_of(at, end);
}

static bool same_other_uri(const char *a_text, const struct sip_uri *a, const char *b_text,
			   const struct sip_uri *b)
{
	struct sip_slice a_rest = opaque_part(a_text, a), b_rest = opaque_part(b_text, b);

	return sip_slice_equal_nocase(a_text, sip_slice_of(a->text.offset, a_rest.offset), b_text,
				      sip_slice_of(b->text.offset, b_rest.offset)) &&
	       sip_slice_equal(a_text, a_rest, b_text, b_rest);
}

bool sip_uri_equal(const char *a_text, const struct sip_uri *a, const char *b_text,
		   const struct sip_uri *b)
{
	if (a->scheme != b->scheme)
		return false;
	switch ((enum sip_scheme)a->scheme) {
	case SIP_SCHEME_SIP:
	case SIP_SCHEME_SIPS: return same_sip_uri(a_text, a, b_text, b);
	case SIP_SCHEME_TEL: return same_tel_uri(a_text, a, b_text, b);
	case SIP_SCHEME_OTHER: break;
	}
	return same_other_uri(a_text, a, b_text, b);
}
