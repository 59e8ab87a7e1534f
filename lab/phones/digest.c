// SPDX-License-Identifier: GPL-2.0-only
/* Answers a digest challenge. */
#include <errno.h>
#include <nettle/base16.h>
#include <nettle/md5.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "digest.h"

#define FIELD_MAX 256	     /* a hash is over four of them at most */
#define CNONCE	  "0a4f113b" /* a phone in a lab has nothing to hide */
#define COUNT	  "00000001"

#define MD5_HEX_SIZE (BASE16_ENCODE_LENGTH(MD5_DIGEST_SIZE) + 1)

static bool copy_parameter(struct text challenge, const char *name, char *to, size_t room)
{
	struct text value;

	if (!text_parameter(challenge, name, &value) || value.length >= room)
		return false;
	text_copy(value, to, room);
	return true;
}

__attribute__((format(printf, 2, 3))) static void hash(char hex[MD5_HEX_SIZE], const char *format,
						       ...)
{
	uint8_t digest[MD5_DIGEST_SIZE];
	char octets[4 * FIELD_MAX];
	struct md5_ctx context;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(octets, sizeof(octets), format, arguments);
	va_end(arguments);
	md5_init(&context);
	md5_update(&context, length < 0 ? 0 : strnlen(octets, sizeof(octets)),
		   (const uint8_t *)octets);
	md5_digest(&context, sizeof(digest), digest);
	base16_encode_update(hex, sizeof(digest), digest);
	hex[MD5_HEX_SIZE - 1] = '\0';
}

int digest_answer(struct writer *w, struct text response, const struct credentials *who,
		  const char *method, const char *uri)
{
	bool proxy = message_status(response) == 407;
	char realm[FIELD_MAX], nonce[FIELD_MAX], qop[FIELD_MAX];
	char a1[MD5_HEX_SIZE], a2[MD5_HEX_SIZE], answer[MD5_HEX_SIZE];
	struct text challenge;
	bool has_qop;

	if (!message_header(response, proxy ? "Proxy-Authenticate" : "WWW-Authenticate", 0,
			    &challenge) ||
	    challenge.length < 7 || strncmp(challenge.at, "Digest ", 7))
		return -EINVAL;
	challenge.at += 7;
	challenge.length -= 7;
	if (!copy_parameter(challenge, "realm", realm, sizeof(realm)) ||
	    !copy_parameter(challenge, "nonce", nonce, sizeof(nonce)))
		return -EINVAL;
	has_qop = copy_parameter(challenge, "qop", qop, sizeof(qop));
	hash(a1, "%s:%s:%s", who->user, realm, who->password);
	hash(a2, "%s:%s", method, uri);
	if (has_qop)
		hash(answer, "%s:%s:" COUNT ":" CNONCE ":auth:%s", a1, nonce, a2);
	else
		hash(answer, "%s:%s:%s", a1, nonce, a2);
	put(w,
	    "%s: Digest username=\"%s\",realm=\"%s\",nonce=\"%s\",uri=\"%s\",response=\"%s\","
	    "algorithm=MD5",
	    proxy ? "Proxy-Authorization" : "Authorization", who->user, realm, nonce, uri, answer);
	if (has_qop)
		put(w, ",qop=auth,nc=" COUNT ",cnonce=\"" CNONCE "\"");
	put(w, "\r\n");
	return 0;
}
