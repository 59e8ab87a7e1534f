/* SPDX-License-Identifier: GPL-2.0-only */
/* Just enough of URIs to find records by what people call a phone. */
#include <string.h>
#include <strings.h>

#include "ctl/uri.h"

/* Length of "sip:", "sips:" or "tel:" at the start of text, or 0. */
static size_t scheme_length(const char *text, size_t len)
{
	static const char *const schemes[] = { "sip:", "sips:", "tel:" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		size_t scheme = strlen(schemes[i]);

		if (len >= scheme && strncasecmp(text, schemes[i], scheme) == 0)
			return scheme;
	}
	return 0;
}

bool uri_has_user(const char *text, size_t size, const char *user)
{
	size_t len = strnlen(text, size), scheme = scheme_length(text, len), end = 0;
	const char *at;

	text += scheme;
	len -= scheme;
	at = memchr(text, '@', len);
	if (at)
		len = (size_t)(at - text);
	else if (!scheme || strncasecmp(text - scheme, "tel:", scheme) != 0)
		return false; /* a host alone */
	while (end < len && text[end] != ':' && text[end] != ';')
		end++;
	return end == strlen(user) && memcmp(text, user, end) == 0;
}

bool uri_is_aor(const char *text, size_t size, const char *wanted)
{
	size_t len = strnlen(text, size), wanted_len = strlen(wanted), user;
	const char *at;

	if (!scheme_length(wanted, wanted_len)) {
		size_t scheme = scheme_length(text, len);

		text += scheme;
		len -= scheme;
		size -= scheme;
	}
	if (wanted_len < len || (wanted_len > len && len + RECORD_CUT_MAX < size))
		return false;
	at = memchr(text, '@', len);
	user = at ? (size_t)(at - text) : 0;
	return memcmp(text, wanted, user) == 0 &&
	       strncasecmp(text + user, wanted + user, len - user) == 0;
}
