// SPDX-License-Identifier: GPL-2.0-only
/* The first stream of a session description. */
#include "track/media.h"

#include <string.h>
#include <strings.h>

#include "sip/sdp_body.h"
#include "track/record.h"

/* Digits and comfort noise come beside a codec (RFC 4733, RFC 3389). */
static bool is_beside(const char *name, size_t length)
{
	return (length == 2 && strncasecmp(name, "CN", length) == 0) ||
	       (length == 15 && strncasecmp(name, "telephone-event", length) == 0);
}

/* The name of a format: as a=rtpmap has it, as RFC 3551 has it, or as it stands. */
static void format_name(const char *text, const struct sip_sdp_format *format, const char **name,
			size_t *length)
{
	const char *known = sip_sdp_static_encoding(format->payload_type);

	*name = text + format->name.offset;
	*length = format->name.length;
	if (format->encoding.length) {
		*name = text + format->encoding.offset;
		*length = format->encoding.length;
	} else if (known) {
		*name = known;
		*length = strlen(known);
	}
}

static void read_codec(const char *text, const struct sip_sdp_media *stream, struct media *out)
{
	for (uint32_t i = 0; i < stream->format_count; i++) {
		const char *name;
		size_t length;

		format_name(text, &stream->formats[i], &name, &length);
		if (is_beside(name, length))
			continue;
		record_text(out->codec, sizeof(out->codec), name, length);
		return;
	}
}

bool media_read(const struct sip_message *m, struct sip_sdp *sdp, struct media *out)
{
	struct media media = { .held = false };
	struct sip_slice body;
	const char *text;

	if (!media_is_likely(m) || !sip_find_sdp(m, &body))
		return false;
	text = sip_message_text(m, body);
	if (sip_sdp_parse(text, body.length, sdp, NULL))
		return false;
	for (uint32_t i = 0; i < sdp->media_count; i++) {
		if (!sdp->media[i].port)
			continue;
		read_codec(text, &sdp->media[i], &media);
		media.held = sip_sdp_is_held(text, &sdp->media[i]);
		*out = media;
		return true;
	}
	return false;
}
