/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as a session description: it is refused at a place within it, or every slice, count
 * and number of the result is one that the text can have. */
#include <stdlib.h>
#include <string.h>

#include "sip/sdp.h"

#define TEXT_MAX 65535

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sip_sdp sdp;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void within(struct sip_slice slice, size_t size)
{
	require(slice.offset <= size && slice.length <= size - slice.offset);
}

/* No slice reaches over an end of line: what is shown of it stays one line. */
static void within_line(const char *text, struct sip_slice slice, size_t size)
{
	within(slice, size);
	require(!memchr(text + slice.offset, '\n', slice.length));
	require(!memchr(text + slice.offset, '\r', slice.length));
}

static void check_media(const char *text, size_t size, const struct sip_sdp_media *media)
{
	within_line(text, media->type, size);
	within_line(text, media->protocol, size);
	within_line(text, media->connection.address, size);
	require(media->type.length && media->protocol.length);
	require(media->format_count <= SIP_SDP_FORMATS_MAX);
	require(media->direction <= SIP_SDP_INACTIVE);
	for (uint32_t i = 0; i < media->format_count; i++) {
		const struct sip_sdp_format *format = &media->formats[i];

		within_line(text, format->name, size);
		within_line(text, format->encoding, size);
		require(format->payload_type <= 127 || format->payload_type == 255);
		if (format->payload_type <= 127)
			sip_sdp_static_encoding(format->payload_type);
	}
	sip_sdp_is_held(text, media);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sip_error error = { 0 };
	char *text;

	if (size > TEXT_MAX)
		return 0;
	text = malloc(size ? size : 1); /* so that one octet too far is seen */
	require(text);
	memcpy(text, data, size);
	if (sip_sdp_parse(text, size, &sdp, &error) < 0) {
		require(error.what && error.offset <= size);
	} else {
		within_line(text, sdp.origin_user, size);
		within_line(text, sdp.session_id, size);
		within_line(text, sdp.session_version, size);
		within_line(text, sdp.origin.address, size);
		within_line(text, sdp.name, size);
		within_line(text, sdp.connection.address, size);
		require(sdp.media_count <= SIP_SDP_MEDIA_MAX);
		for (uint32_t i = 0; i < sdp.media_count; i++)
			check_media(text, size, &sdp.media[i]);
	}
	free(text);
	return 0;
}
