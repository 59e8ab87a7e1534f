/* SPDX-License-Identifier: GPL-2.0-only */
/* Offers and answers of a silent phone. */
#include "ua/session.h"

#include <inttypes.h>

static void write_head(const struct ua_session *session, struct ua_text *out)
{
	const char *family = address_is_ipv4(&session->media.address) ? "IP4" : "IP6";
	char address[ADDRESS_TEXT_SIZE];

	address_print(&session->media.address, address);
	ua_text_add(out, "v=0\r\no=- %" PRIu64 " %" PRIu32 " IN %s %s\r\ns=-\r\n", session->id,
		    session->version, family, address);
	ua_text_add(out, "c=IN %s %s\r\nt=0 0\r\n", family, address);
}

void ua_session_offer(const struct ua_session *session, struct ua_text *out)
{
	write_head(session, out);
	ua_text_add(out, "m=audio %u RTP/AVP 8 0\r\n", session->media.port);
	ua_text_add(out, "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=%s\r\n",
		    session->held ? "inactive" : "recvonly");
}

static bool can_take(const char *text, const struct sip_sdp_media *media)
{
	return media->port && media->format_count &&
	       sip_slice_is_nocase(text, media->type, "audio") &&
	       sip_slice_is_nocase(text, media->protocol, "RTP/AVP");
}

/* "m=audio PORT RTP/AVP FORMAT" */
static void write_media_line(const char *text, const struct sip_sdp_media *media, uint16_t port,
			     struct ua_text *out)
{
	ua_text_add(out, "m=");
	ua_text_slice(out, text, media->type);
	ua_text_add(out, " %u ", port);
	ua_text_slice(out, text, media->protocol);
	ua_text_add(out, " ");
	if (media->format_count)
		ua_text_slice(out, text, media->formats[0].name);
	else
		ua_text_add(out, "0");
	ua_text_add(out, "\r\n");
}

/* Who offers to send may do so, and nobody is sent to. */
static const char *answer_direction(const struct ua_session *session,
				    const struct sip_sdp_media *offered)
{
	bool sends = offered->direction == SIP_SDP_SENDRECV ||
		     offered->direction == SIP_SDP_SENDONLY;

	return sends && !session->held ? "recvonly" : "inactive";
}

static void write_attributes(const struct ua_session *session, const char *text,
			     const struct sip_sdp_media *media, struct ua_text *out)
{
	const struct sip_sdp_format *format = &media->formats[0];

	if (format->encoding.length && format->clock_rate) {
		ua_text_add(out, "a=rtpmap:");
		ua_text_slice(out, text, format->name);
		ua_text_add(out, " ");
		ua_text_slice(out, text, format->encoding);
		ua_text_add(out, "/%" PRIu32 "\r\n", format->clock_rate);
	}
	ua_text_add(out, "a=%s\r\n", answer_direction(session, media));
}

bool ua_session_answer(const struct ua_session *session, const char *text,
		       const struct sip_sdp *offer, struct ua_text *out)
{
	bool taken = false;

	write_head(session, out);
	for (uint32_t i = 0; i < offer->media_count; i++) {
		const struct sip_sdp_media *media = &offer->media[i];
		bool take = !taken && can_take(text, media);

		write_media_line(text, media, take ? session->media.port : 0, out);
		if (take)
			write_attributes(session, text, media, out);
		taken |= take;
	}
	return taken;
}
