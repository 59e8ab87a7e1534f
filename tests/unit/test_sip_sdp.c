/* SPDX-License-Identifier: GPL-2.0-only */
/* Bodies: what a session description says, which are refused, and how one is found in a multipart.
 */
#include <errno.h>

#include "test_sip_fixture.h"

#include "sip/content.h"
#include "sip/multipart.h"
#include "sip/sdp.h"

static struct sip_message msg;
static struct sip_sdp sdp;

#define HEAD "v=0\r\no=u 1 2 IN IP4 192.0.2.1\r\ns=-\r\n"

static int parse_text(const char *text, struct sip_error *err)
{
	size_t len = strlen(text);
	char *copy = guarded(text, len);
	int result = sip_sdp_parse(copy, len, &sdp, err);

	unguard(copy, len);
	return result;
}

/* Originator, addresses, ports, codecs by payload type and name, directions. */
Test(sip_sdp, says_who_talks_with_which_codec)
{
	static const char text[] =
		"v=0\r\no=alice 2890844526 2890844527 IN IP4 host.example.com\r\ns=a b\r\n"
		"c=IN IP4 224.2.17.12/127\r\nt=0 0\r\na=recvonly\r\n"
		"m=audio 49170/2 RTP/AVP 0 96 t\r\na=rtpmap:96 opus/48000/2\r\n"
		"a=fmtp:96 x\r\na=sendonly\r\n"
		"m=video 0 RTP/AVP 31\r\nc=IN IP6 2001:db8::1\r\n";
	struct sip_error err = { 0 };

	cr_assert_eq(parse_text(text, &err), 0, "%s", err.what);
	assert_slice(text, sdp.origin_user, "alice");
	assert_slice(text, sdp.session_id, "2890844526");
	assert_slice(text, sdp.session_version, "2890844527");
	assert_slice(text, sdp.name, "a b");
	cr_assert_eq(sdp.media_count, 2u);
	assert_slice(text, sdp.media[0].type, "audio");
	cr_assert_eq(sdp.media[0].port, 49170);
	assert_slice(text, sdp.media[0].protocol, "RTP/AVP");
	assert_slice(text, sdp.media[0].connection.address, "224.2.17.12");
	cr_assert_eq(sdp.media[0].direction, SIP_SDP_SENDONLY);
	cr_assert_eq(sdp.media[0].format_count, 3u);
	cr_assert_eq(sdp.media[0].formats[0].payload_type, 0);
	cr_assert_str_eq(sip_sdp_static_encoding(0), "PCMU");
	assert_slice(text, sdp.media[0].formats[1].encoding, "opus");
	cr_assert_eq(sdp.media[0].formats[1].clock_rate, 48000u);
	cr_assert_eq(sdp.media[0].formats[2].payload_type, 255);
	cr_assert_eq(sdp.media[1].port, 0);
	cr_assert_eq(sdp.media[1].direction, SIP_SDP_RECVONLY);
	cr_assert(sdp.media[1].connection.ipv6);
	assert_slice(text, sdp.media[1].connection.address, "2001:db8::1");
	cr_assert(sip_sdp_is_held(text, &sdp.media[0]));
	cr_assert(!sip_sdp_is_held(text, &sdp.media[1]));
}

/* Hold as it was before RFC 3264: an address of zeros. */
Test(sip_sdp, knows_the_old_hold)
{
	static const char text[] = HEAD "c=IN IP4 0.0.0.0\r\nm=audio 1 RTP/AVP 0\r\n";

	cr_assert_eq(parse_text(text, NULL), 0);
	cr_assert(sip_sdp_is_held(text, &sdp.media[0]));
}

Test(sip_sdp, accepts)
{
	static const char *const rows[] = {
		HEAD,
		"v=0\no=- 0 0 IN IP4 a\ns=\n",
		"v=0\ro=- 0 0 IN IP4 a\rs= \r",
		HEAD "m=audio 65535 RTP/AVP 0",
		HEAD "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n\r\n",
		HEAD "m=audio 9 RTP/AVP 0\r\na=rtpmap:31 LPC\r\na=\r\na=:\r\n",
		HEAD "b=AS:64\r\nk=clear:x\r\ni=x\r\nu=x\r\ne=x\r\np=x\r\nr=x\r\nz=x\r\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_error err = { 0 };

		cr_assert_eq(parse_text(rows[i], &err), 0, "%s: %s", rows[i], err.what);
	}
}

Test(sip_sdp, refuses)
{
	static const struct {
		const char *text;
		uint32_t line;
	} rows[] = {
		{ "", 1 },
		{ "v=0\r\n", 1 },
		{ "v=1\r\no=- 0 0 IN IP4 a\r\ns=-\r\n", 1 },
		{ "o=- 0 0 IN IP4 a\r\nv=0\r\ns=-\r\n", 1 },
		{ "v=0\r\ns=-\r\no=- 0 0 IN IP4 a\r\n", 2 },
		{ "v=0\r\no=- 0\r\ns=-\r\n", 2 },
		{ "v=0\r\no=- 0 0 IN IP4\r\ns=-\r\n", 2 },
		{ HEAD "c=IN IP4\r\n", 4 },
		{ HEAD "v=0\r\n", 4 },
		{ HEAD "m=audio\r\n", 4 },
		{ HEAD "m=audio x RTP/AVP 0\r\n", 4 },
		{ HEAD "m=audio 65536 RTP/AVP 0\r\n", 4 },
		{ HEAD "m=audio -1 RTP/AVP 0\r\n", 4 },
		{ HEAD "m=audio 1 RTP/AVP\r\n", 4 },
		{ HEAD "m=audio 1 RTP/AVP 0\r\na=rtpmap:96\r\n", 5 },
		{ HEAD "m=audio 1 RTP/AVP 0\r\na=rtpmap:96 x/y\r\n", 5 },
		{ HEAD "x\r\n", 4 },
		{ HEAD "A=b\r\n", 4 },
		{ HEAD " a=b\r\n", 4 },
		{ HEAD "=b\r\n", 4 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_error err = { 0 };

		cr_assert_eq(parse_text(rows[i].text, &err), -EINVAL, "%s", rows[i].text);
		cr_assert_eq(err.line, rows[i].line, "%s: line %u: %s", rows[i].text, err.line,
			     err.what);
	}
}

/* As many media as the limit are read, one more is refused; formats behind the limit are passed
 * over. */
Test(sip_sdp, limits)
{
	char text[4096], *p;

	for (unsigned int extra = 0; extra < 2; extra++) {
		p = stpcpy(text, HEAD);
		for (unsigned int i = 0; i < SIP_SDP_MEDIA_MAX + extra; i++)
			p = stpcpy(p, "m=audio 1 RTP/AVP 0\r\n");
		cr_assert_eq(parse_text(text, NULL), extra ? -EINVAL : 0);
	}
	p = stpcpy(text, HEAD "m=audio 1 RTP/AVP");
	for (unsigned int i = 0; i < SIP_SDP_FORMATS_MAX + 9; i++)
		p = stpcpy(p, " 0");
	cr_assert_eq(parse_text(text, NULL), 0);
	cr_assert_eq(sdp.media[0].format_count, (uint32_t)SIP_SDP_FORMATS_MAX);
}

/* The description is found in the multipart body of a carrier's INVITE, beside the binary one. */
Test(sip_sdp, lies_in_a_multipart)
{
	struct sip_content_type type;
	struct sip_multipart parts;
	struct sip_cursor c;
	struct sip_part part;

	parse_sample("carrier-sip-i-multipart.sip", &msg);
	c = sip_message_cursor(&msg, sip_message_header(&msg, SIP_HEADER_CONTENT_TYPE, NULL));
	cr_assert(sip_take_content_type(&c, &type));
	assert_slice(msg.text, type.boundary, "ss7-boundary");
	cr_assert(sip_multipart_start(&parts, msg.text, msg.body, type.boundary));
	cr_assert(sip_multipart_next(&parts, &part));
	assert_slice(msg.text, part.content_type, "application/sdp");
	cr_assert_eq(sip_sdp_parse(sip_message_text(&msg, part.body), part.body.length, &sdp, NULL),
		     0);
	assert_slice(sip_message_text(&msg, part.body), sdp.media[0].connection.address,
		     "203.0.113.78");
	cr_assert(sip_multipart_next(&parts, &part));
	assert_slice(msg.text, part.content_type, "application/isup;version=itu-t92+");
	cr_assert_eq(part.body.length, 27);
	cr_assert(!sip_multipart_next(&parts, &part));
}

/* Delimiters count only where they are whole lines, preambles and missing ends are borne. */
Test(sip_sdp, multipart_shapes)
{
	static const struct {
		const char *body;
		const char *parts; /* bodies, each ended by "|" */
	} rows[] = {
		{ "--b\r\n\r\n1\r\n--b\r\n\r\n2\r\n--b--\r\n", "1|2|" },
		{ "preamble\r\n--b  \r\nX: y\r\n\r\n1\r\n--b--\r\nepilogue\r\n--b\r\n", "1|" },
		{ "--b\r\n\r\n--bb\r\nx --b\r\n--b--", "--bb\r\nx --b|" },
		{ "--b\n\n1\n--b--\n", "1|" },
		{ "--b\r\n\r\n1\r\n", "" },
		{ "--b\r\nX: y\r\n--b--\r\n", "|" },
		{ "--b--\r\n", "" },
		{ "", "" },
		{ "-", "" },
		{ "--", "" },
		{ "--b", "" },
	};
	static const char boundary[] = "b";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[256], found[256] = "", *end;
		struct sip_multipart m;
		struct sip_part part;
		int len = snprintf(text, sizeof(text), "%s%s", boundary, rows[i].body);

		end = guarded(text, (size_t)len);
		cr_assert(sip_multipart_start(&m, end, sip_slice_of(1, (uint32_t)len),
					      sip_slice_of(0, 1)));
		while (sip_multipart_next(&m, &part)) {
			strncat(found, end + part.body.offset, part.body.length);
			strcat(found, "|");
		}
		cr_assert_str_eq(found, rows[i].parts, "%s: %s", rows[i].body, found);
	}
}
