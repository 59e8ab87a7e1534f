/* SPDX-License-Identifier: GPL-2.0-only */
/* MD5, SHA-256 and SHA-512/256 in hexadecimal. */
#include "ua/hash.h"

#include <nettle/base16.h>
#include <nettle/md5.h>
#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>
#include <string.h>

union context {
	struct md5_ctx md5;
	struct sha256_ctx sha256;
	struct sha512_ctx sha512;
};

static const struct nettle_hash *function_of(enum sip_digest_algorithm algorithm)
{
	switch (algorithm) {
	case SIP_DIGEST_MD5:
	case SIP_DIGEST_MD5_SESS: return &nettle_md5;
	case SIP_DIGEST_SHA256:
	case SIP_DIGEST_SHA256_SESS: return &nettle_sha256;
	case SIP_DIGEST_SHA512_256:
	case SIP_DIGEST_SHA512_256_SESS: return &nettle_sha512_256;
	case SIP_DIGEST_AKA:
	case SIP_DIGEST_OTHER: break;
	}
	return NULL;
}

unsigned int ua_hash_strength(enum sip_digest_algorithm algorithm)
{
	const struct nettle_hash *hash = function_of(algorithm);

	if (hash == &nettle_md5)
		return 1;
	if (hash == &nettle_sha256)
		return 2;
	return hash ? 3 : 0;
}

static void finish(const struct nettle_hash *hash, union context *context, char hex[UA_HEX_SIZE])
{
	uint8_t digest[UA_HEX_SIZE / 2];

	hash->digest(context, hash->digest_size, digest);
	base16_encode_update(hex, hash->digest_size, digest);
	hex[2 * hash->digest_size] = 0;
}

void ua_hash_octets(enum sip_digest_algorithm algorithm, const void *octets, size_t count,
		    char hex[UA_HEX_SIZE])
{
	const struct nettle_hash *hash = function_of(algorithm);
	union context context;

	hash->init(&context);
	hash->update(&context, count, octets);
	finish(hash, &context, hex);
}

void ua_hash_texts(enum sip_digest_algorithm algorithm, char hex[UA_HEX_SIZE], unsigned int count,
		   ...)
{
	const struct nettle_hash *hash = function_of(algorithm);
	union context context;
	va_list texts;

	hash->init(&context);
	va_start(texts, count);
	for (unsigned int i = 0; i < count; i++) {
		const char *text = va_arg(texts, const char *);

		if (i)
			hash->update(&context, 1, (const uint8_t *)":");
		hash->update(&context, strlen(text), (const uint8_t *)text);
	}
	va_end(texts);
	finish(hash, &context, hex);
}
