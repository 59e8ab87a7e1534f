// SPDX-License-Identifier: GPL-2.0-only
/* Canonical forms of URIs, hashed piece by piece without being built. */
#include "track/aor.h"

#include "sip/octet.h"
#include "track/record.h"

#define USER_MAX 256 /* octets in which escapes are resolved; the rest counts as it stands */

static const char *at(const char *text, struct sip_slice s)
{
	return text + s.offset;
}

static bool is_escape(const uint8_t *p, const uint8_t *end)
{
	return end - p >= 3 && p[0] == '%' && sip_octet_is(p[1], SIP_HEX) &&
	       sip_octet_is(p[2], SIP_HEX);
}

/* Takes in a user part with "%61" as "a" (RFC 3261 section 19.1.4). */
static void add_unescaped(struct siphash *h, const char *user, size_t length)
{
	const uint8_t *p = (const uint8_t *)user, *end = p + length;
	uint8_t plain[USER_MAX];
	size_t n = 0;

	if (!memchr(user, '%', length)) {
		siphash_add(h, user, length);
		return;
	}
	while (p < end && n < sizeof(plain)) {
		if (is_escape(p, end)) {
			plain[n++] = (uint8_t)(sip_hex_value(p[1]) << 4 | sip_hex_value(p[2]));
			p += 3;
		} else {
			plain[n++] = *p++;
		}
	}
	siphash_add(h, plain, n);
	if (p < end)
		siphash_add(h, p, (size_t)(end - p));
}

static void add_aor(struct siphash *h, const char *text, const struct sip_uri *uri)
{
	switch (uri->scheme) {
	case SIP_SCHEME_SIP:
	case SIP_SCHEME_SIPS:
		siphash_add_u64(h, SIP_SCHEME_SIP);
		add_unescaped(h, at(text, uri->user), uri->user.length);
		siphash_add_nocase(h, at(text, uri->host.name), uri->host.name.length);
		siphash_add_u64(h, uri->host.port);
		break;
	case SIP_SCHEME_TEL:
		siphash_add_u64(h, SIP_SCHEME_TEL);
		siphash_add_nocase(h, at(text, uri->user), uri->user.length);
		break;
	default:
		siphash_add_u64(h, SIP_SCHEME_OTHER);
		siphash_add_nocase(h, at(text, uri->text), uri->text.length);
	}
}

uint64_t aor_hash(const struct siphash_key *key, const char *text, const struct sip_uri *uri)
{
	struct siphash h;

	siphash_start(&h, key);
	add_aor(&h, text, uri);
	return siphash_end(&h);
}

uint64_t aor_binding_hash(const struct siphash_key *key, uint64_t aor, const char *text,
			  const struct sip_uri *contact)
{
	struct siphash h;

	siphash_start(&h, key);
	siphash_add_u64(&h, aor);
	add_aor(&h, text, contact);
	siphash_add_nocase(&h, at(text, contact->params), contact->params.length);
	return siphash_end(&h);
}

uint64_t aor_flow_hash(const struct siphash_key *key, uint64_t aor, const char *text,
		       const struct sip_address *contact)
{
	struct siphash h;

	if (!contact->reg_id || !contact->instance.length)
		return aor_binding_hash(key, aor, text, &contact->uri);
	siphash_start(&h, key);
	siphash_add_u64(&h, aor);
	siphash_add_nocase(&h, at(text, contact->instance), contact->instance.length);
	siphash_add_u64(&h, contact->reg_id);
	return siphash_end(&h);
}

/* Where the part that names someone ends. */
static uint32_t name_end(const struct sip_uri *uri)
{
	if (uri->scheme == SIP_SCHEME_OTHER)
		return sip_slice_end(uri->text);
	if (uri->params.length)
		return uri->params.offset;
	/* The headers begin behind a "?". */
	return uri->headers.length ? uri->headers.offset - 1u : sip_slice_end(uri->text);
}

size_t aor_print(char *out, size_t size, const char *text, const struct sip_uri *uri)
{
	uint32_t end = name_end(uri);
	uint32_t from = uri->text.offset;
	size_t used = 0;

	if (uri->password.length) {
		used = record_text(out, size, text + from, sip_slice_end(uri->user) - from);
		from = sip_slice_end(uri->password);
	}
	if (used >= size)
		return used + end - from;
	return used + record_text(out + used, size - used, text + from, end - from);
}
