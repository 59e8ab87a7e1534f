/* SPDX-License-Identifier: GPL-2.0-only */
/* SIP-URI, SIPS-URI (RFC 3261 section 19.1.1), telephone-uri (RFC 3966 section 3), absoluteURI. */
#include "sip/uri.h"

#include "sip/warning.h"

#define RFC_URI "RFC 3261 19.1.1"
#define RFC_TEL "RFC 3966 3"

/* The classes of what stands before "@", which differ without < and >. */
static inline uint16_t user_class(enum sip_uri_place place)
{
	return place == SIP_URI_BARE ? SIP_BARE_USER : SIP_USER;
}

/* userinfo = ( user / telephone-subscriber ) [ ":" password ] "@". Whether there is one shows only
 * at the "@": without it, nothing is taken and what was read is the host. */
static bool take_userinfo(struct sip_cursor *c, enum sip_uri_place place, struct sip_uri *uri)
{
	uint32_t from = c->at, user_end = sip_run_escaped(c, from, user_class(place));
	uint32_t end = user_end;

	if (c->text[end] == ':')
		end = sip_run_escaped(c, end + 1, SIP_PASSWORD);
	if (c->text[end] != '@')
		return true;
	if (sip_unlikely(user_end == from))
		return sip_fail(c, from, RFC_URI, "empty user before @");
	uri->user = sip_slice_of(from, user_end);
	if (end != user_end)
		uri->password = sip_slice_of(user_end + 1, end);
	c->at = end + 1;
	return true;
}

/* *( ";" pname [ "=" pvalue ] ) */
static bool take_params(struct sip_cursor *c, struct sip_uri *uri)
{
	uint32_t from = c->at;

	do {
		uint32_t name = c->at + 1, end = sip_run_escaped(c, name, SIP_URI_PARAM);

		if (sip_unlikely(end == name))
			return sip_fail(c, name, RFC_URI, "empty uri-parameter");
		if (sip_is_word(c->text, sip_slice_of(name, end), "lr"))
			uri->lr = 1;
		c->at = end;
		if (c->text[end] != '=')
			continue;
		c->at = sip_run_escaped(c, end + 1, SIP_URI_PARAM);
		if (sip_unlikely(c->at == end + 1))
			return sip_fail(c, c->at, RFC_URI, "uri-parameter without a value after =");
	} while (sip_peek(c) == ';');
	uri->params = sip_slice_of(from, c->at);
	return true;
}

/* headers = "?" header *( "&" header ), header = hname "=" hvalue */
static __attribute__((noinline)) bool take_headers(struct sip_cursor *c, struct sip_uri *uri)
{
	uint32_t from = c->at + 1;

	do {
		uint32_t name = c->at + 1;

		c->at = sip_run_escaped(c, name, SIP_URI_HEADER);
		if (c->at == name || sip_peek(c) != '=')
			return sip_fail(c, c->at, RFC_URI, "URI header without name or =");
		c->at = sip_run_escaped(c, c->at + 1, SIP_URI_HEADER);
	} while (sip_peek(c) == '&');
	uri->headers = sip_slice_of(from, c->at);
	return true;
}

/* What may follow the host. A bare addr-spec ends there: its ";" starts a header's parameter. */
static bool take_tail(struct sip_cursor *c, enum sip_uri_place place, struct sip_uri *uri)
{
	if (sip_peek(c) == ';' && place != SIP_URI_BARE && !take_params(c, uri))
		return false;
	if (sip_likely(sip_peek(c) != '?'))
		return true;
	switch (place) {
	case SIP_URI_REQUEST: return sip_fail(c, c->at, RFC_URI, "headers in a Request-URI");
	case SIP_URI_BARE:
		return sip_fail(c, c->at, "RFC 3261 20.10", "? in a URI that is not within <>");
	case SIP_URI_ANGLED: break;
	}
	return take_headers(c, uri);
}

static inline __attribute__((always_inline)) bool take_sip_uri(struct sip_cursor *c,
							       enum sip_uri_place place,
							       struct sip_uri *uri)
{
	if (!take_userinfo(c, place, uri) || !sip_take_host(c, &uri->host))
		return false;
	if (sip_peek(c) == ':') {
		c->at++;
		if (!sip_take_port(c, &uri->host))
			return false;
	}
	return take_tail(c, place, uri);
}

/* phonedigit = DIGIT / "-" / "." / "(" / ")"; a local number may hold HEXDIG, "*" and "#" too. */
static bool is_phone_digit(uint8_t octet, bool global)
{
	if (sip_octet_is(octet, SIP_DIGIT) || octet == '-' || octet == '.' || octet == '(' ||
	    octet == ')')
		return true;
	return !global && (sip_octet_is(octet, SIP_HEX) || octet == '*' || octet == '#');
}

static bool is_visual_separator(uint8_t octet)
{
	return octet == '-' || octet == '.' || octet == '(' || octet == ')';
}

/* telephone-subscriber = global-number / local-number */
static __attribute__((noinline)) bool take_tel_uri(struct sip_cursor *c, enum sip_uri_place place,
						   struct sip_uri *uri)
{
	uint32_t from = c->at;
	bool global = sip_peek(c) == '+', has_digit = false;
	struct sip_slice context;

	for (c->at += global; is_phone_digit(sip_peek(c), global); c->at++)
		has_digit |= !is_visual_separator(sip_peek(c));
	if (!has_digit)
		return sip_fail(c, from, RFC_TEL, "tel URI without digits");
	uri->user = sip_slice_of(from, c->at);
	if (sip_peek(c) == ';' && place != SIP_URI_BARE && !take_params(c, uri))
		return false;
	if (!global && !sip_uri_param((const char *)c->text, uri, "phone-context", &context))
		c->warnings |= SIP_WARN_LOCAL_NUMBER;
	return true;
}

/* absoluteURI = scheme ":" ( hier-part / opaque-part ) */
static __attribute__((noinline)) bool take_absolute_uri(struct sip_cursor *c,
							enum sip_uri_place place)
{
	uint32_t from = c->at, colon = from, end;

	while (sip_octet_is(c->text[colon], SIP_SCHEME) || c->text[colon] == '+')
		colon++;
	if (!sip_octet_is(c->text[from], SIP_ALPHA) || c->text[colon] != ':') {
		sip_fail(c, from, "RFC 3261 25.1", "URI does not start with a scheme and a colon");
		return false;
	}
	end = sip_run_escaped(c, colon + 1, place == SIP_URI_BARE ? SIP_BARE_URIC : SIP_URIC);
	if (end == colon + 1)
		return sip_fail(c, end, "RFC 3261 25.1", "URI with nothing behind its scheme");
	c->at = end;
	return true;
}

static bool take_other_scheme(struct sip_cursor *c, enum sip_uri_place place, struct sip_uri *uri)
{
	if ((sip_load32(c->text + c->at) | 0x20202020) == sip_load32("tel:")) {
		uri->scheme = SIP_SCHEME_TEL;
		c->at += 4;
		return take_tel_uri(c, place, uri);
	}
	uri->scheme = SIP_SCHEME_OTHER;
	return take_absolute_uri(c, place);
}

/* "sip:" or "sips:" at the cursor, in any case: its length, or 0. */
static inline uint32_t sip_scheme_length(const struct sip_cursor *c)
{
	const uint8_t *p = c->text + c->at;
	uint32_t four = sip_load32(p) | 0x20202020;

	if (sip_likely(four == sip_load32("sip:")))
		return 4;
	return four == sip_load32("sips") && p[4] == ':' ? 5 : 0;
}

bool sip_take_uri(struct sip_cursor *c, enum sip_uri_place place, struct sip_uri *uri)
{
	uint32_t from = c->at, length = sip_scheme_length(c);

	*uri = (struct sip_uri){ .scheme = length == 5 ? SIP_SCHEME_SIPS : SIP_SCHEME_SIP };
	c->at += length;
	if (!(sip_likely(length) ? take_sip_uri(c, place, uri) : take_other_scheme(c, place, uri)))
		return false;
	uri->text = sip_slice_of(from, c->at);
	return true;
}

bool sip_uri_param(const char *text, const struct sip_uri *uri, const char *name,
		   struct sip_slice *value)
{
	uint32_t at = uri->params.offset, end = sip_slice_end(uri->params);

	while (at < end) {
		uint32_t name_from = at + 1, name_end, value_from;

		for (at = name_from; at < end && text[at] != ';' && text[at] != '='; at++)
			;
		name_end = value_from = at;
		if (at < end && text[at] == '=') {
			value_from = at + 1;
			for (at = value_from; at < end && text[at] != ';'; at++)
				;
		}
		if (sip_slice_is_nocase(text, sip_slice_of(name_from, name_end), name)) {
			*value = sip_slice_of(value_from, at);
			return true;
		}
	}
	return false;
}
