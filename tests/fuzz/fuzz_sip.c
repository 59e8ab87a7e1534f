/* SPDX-License-Identifier: GPL-2.0-only */
/* The SIP parser on any octets: no read outside of them, every slice within them, the same index
 * from every variant, and the same answer to the same question. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sip/content.h"
#include "sip/digest.h"
#include "sip/message.h"
#include "sip/multipart.h"
#include "sip/quoted.h"
#include "sip/sdp.h"

#include "mutate_sip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sip_message msg, again;
static struct sip_index index_a, index_b;
static struct sip_sdp sdp;

#define require(x)                                                                                 \
	do {                                                                                       \
		if (!(x))                                                                          \
			__builtin_trap();                                                          \
	} while (0)

static void within(struct sip_slice s, size_t size)
{
	require(sip_slice_end(s) <= size);
}

static void check_uri(const struct sip_uri *uri, size_t size)
{
	within(uri->text, size);
	within(uri->user, size);
	within(uri->password, size);
	within(uri->host.name, size);
	within(uri->params, size);
	within(uri->headers, size);
	/* Equal to itself, unless a parameter or header stands twice. */
	if (!uri->params.length && !uri->headers.length)
		require(sip_uri_equal(msg.text, uri, msg.text, uri));
	else
		sip_uri_equal(msg.text, uri, msg.text, uri);
}

static void check_address(const struct sip_address *a, size_t size)
{
	char display[64];

	check_uri(&a->uri, size);
	within(a->display, size);
	within(a->tag, size);
	within(a->params, size);
	within(a->instance, size);
	sip_unquote(msg.text, a->display, display, sizeof(display));
}

static void check_sdp(const char *text, size_t size)
{
	struct sip_error err;

	if (sip_sdp_parse(text, size, &sdp, &err) < 0) {
		require(err.offset <= size && err.what && err.rfc);
		return;
	}
	for (uint32_t i = 0; i < sdp.media_count; i++) {
		within(sdp.media[i].connection.address, size);
		for (uint32_t k = 0; k < sdp.media[i].format_count; k++)
			within(sdp.media[i].formats[k].encoding, size);
		sip_sdp_is_held(text, &sdp.media[i]);
	}
}

static void check_multipart(size_t size)
{
	const struct sip_header *h = sip_message_header(&msg, SIP_HEADER_CONTENT_TYPE, NULL);
	struct sip_content_type type;
	struct sip_multipart parts;
	struct sip_part part;
	struct sip_cursor c;

	if (!h)
		return;
	c = sip_message_cursor(&msg, h);
	if (!sip_take_content_type(&c, &type) ||
	    !sip_multipart_start(&parts, msg.text, msg.body, type.boundary))
		return;
	while (sip_multipart_next(&parts, &part)) {
		within(part.headers, size);
		within(part.content_type, size);
		within(part.body, size);
		check_sdp(sip_message_text(&msg, part.body), part.body.length);
	}
}

static void check_message(void)
{
	struct sip_error err;
	size_t size = msg.size;

	within(msg.body, size);
	within(msg.call_id, size);
	within(msg.cseq.method_name, size);
	require(msg.call_id.length && msg.via_count);
	if (msg.kind == SIP_REQUEST)
		check_uri(&msg.start.request_uri, size);
	check_address(&msg.from, size);
	check_address(&msg.to, size);
	for (uint32_t i = 0; i < msg.contact_count; i++)
		check_address(&msg.contact[i], size);
	for (uint32_t i = 0; i < msg.route_count; i++)
		check_address(&msg.route[i], size);
	for (uint32_t i = 0; i < msg.via_count; i++) {
		within(msg.via[i].branch, size);
		within(msg.via[i].received, size);
		within(msg.via[i].sent_by.name, size);
	}
	for (uint32_t i = 0; i < msg.header_count; i++) {
		within(msg.headers[i].name, size);
		within(msg.headers[i].value, size);
		require(msg.headers[i].name.length);
	}
	if (sip_message_check(&msg, &err) < 0)
		require(err.what && err.rfc && err.offset <= size + msg.lead);
	check_multipart(size);
	check_sdp(sip_message_text(&msg, msg.body), msg.body.length);
}

/* A message that is accepted is accepted again with octets behind it, if it counts its body. */
static void check_trailing_octets(const uint8_t *octets, size_t size)
{
	char *longer = malloc(size + 3);

	memcpy(longer, octets, size);
	memcpy(longer + size, "x\r\n", 3);
	if (msg.has_content_length && size + 3 <= SIP_MESSAGE_MAX) {
		require(sip_message_parse(longer, size + 3, &again, NULL) == 0);
		require(again.body.length == msg.body.length);
		require(again.header_count == msg.header_count);
	}
	free(longer);
}

/* Whatever end is missing, what is read lies within what is there. */
static void fuzz_start(const uint8_t *octets, size_t size)
{
	char *room = malloc(size + 2);
	struct sip_error err;

	if (!sip_message_read_start((const char *)octets, size, room, &msg, &err))
		check_message();
	else
		require(err.what && err.rfc && err.line && err.offset <= size + 2);
	free(room);
}

static void fuzz_message(const uint8_t *octets, size_t size)
{
	struct sip_error err;

	fuzz_start(octets, size);
	if (sip_message_parse((const char *)octets, size, &msg, &err) < 0) {
		require(err.what && err.rfc && err.line && err.offset <= size);
		if (sip_message_read((const char *)octets, size, &msg, &err) < 0) {
			require(err.what && err.rfc && err.line && err.offset <= size);
			return;
		}
		require(msg.faulty);
		check_message();
		return;
	}
	check_message();
	check_trailing_octets(octets, size);
	require(!sip_message_read((const char *)octets, size, &again, NULL) && !again.faulty);
}

static void fuzz_index(const uint8_t *octets, size_t size)
{
	size_t count;
	const struct sip_index_variant *variants = sip_index_variants(&count);
	enum sip_framing framing = sip_index_build_portable(&index_a, octets, size);

	for (size_t i = 0; i < count; i++) {
		if (!variants[i].usable)
			continue;
		require(variants[i].build(&index_b, octets, size) == framing);
		if (framing != SIP_FRAMING_WHOLE)
			continue;
		require(index_a.size == index_b.size && index_a.lines == index_b.lines);
		require(index_a.plain_text == index_b.plain_text);
		require(!memcmp(index_a.line_end, index_b.line_end, 2 * index_a.lines));
		require(!memcmp(index_a.not_token, index_b.not_token, index_a.size / 64 * 8));
		require(!memcmp(index_a.not_label, index_b.not_label, index_a.size / 64 * 8));
		require(!memcmp(index_a.dot, index_b.dot, index_a.size / 64 * 8));
	}
}

static void fuzz_uri(const uint8_t *octets, size_t size)
{
	struct sip_error err;
	struct sip_uri uri;

	msg.text = (const char *)octets;
	if (sip_uri_parse(msg.text, size, &uri, &err) == 0)
		check_uri(&uri, size);
	else
		require(err.what && err.rfc && err.offset <= size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *octets;

	if (!size || size > SIP_MESSAGE_MAX)
		return 0;
	/* A buffer of the exact size, for the sanitizer to see a read behind it. A message starts
	 * with a letter or CR: the whole input is one, unless it starts with a mark. */
	octets = malloc(size);
	memcpy(octets, data, size);
	switch (data[0]) {
	case '#': fuzz_uri(octets + 1, size - 1); break;
	case '=': check_sdp((const char *)octets + 1, size - 1); break;
	default: fuzz_index(octets, size); fuzz_message(octets, size);
	}
	free(octets);
	return 0;
}
