/* SPDX-License-Identifier: GPL-2.0-only */
/* A URI that stands alone. */
#include <errno.h>

#include "sip/text.h"
#include "sip/uri.h"

int sip_uri_parse(const char *text, size_t len, struct sip_uri *uri, struct sip_error *error)
{
	struct sip_uri parsed;
	struct sip_cursor c;
	struct sip_text t;

	if (sip_text_open(&t, text, len, &c) && sip_take_uri(&c, SIP_URI_ANGLED, &parsed) &&
	    sip_expect_end(&c, "RFC 3261 19.1.1", "octet that a URI cannot hold")) {
		*uri = parsed;
		return 0;
	}
	if (error)
		sip_text_error(&c, error);
	return -EINVAL;
}
