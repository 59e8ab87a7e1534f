/* SPDX-License-Identifier: GPL-2.0-only */
/* Digest authentication (RFC 3261 section 22, RFC 2617), MD5, with and without qop=auth. */
#ifndef LAB_PHONES_DIGEST_H
#define LAB_PHONES_DIGEST_H

#include "message.h"

struct credentials {
	const char *user;
	const char *password;
};

/* Adds the Authorization or Proxy-Authorization line that answers a 401 or 407 to w.
 * 0, or -EINVAL when the response has no challenge that could be answered. */
int digest_answer(struct writer *w, struct text response, const struct credentials *who,
		  const char *method, const char *uri);

#endif
