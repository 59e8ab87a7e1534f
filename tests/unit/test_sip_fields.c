/* SPDX-License-Identifier: GPL-2.0-only */
/* The fields of every message in tests/data/sip are those that another reader, made of regular
 * expressions for friendly messages, found there: sip-fields.tsv has its answers. */
#include <stdarg.h>

#include "test_sip_fixture.h"

#include "sip/sdp.h"
#include "sip/sdp_body.h"

#define FIELDS	 "tests/data/sip-fields.tsv"
#define LINE_MAX 8192

static struct sip_message msg;
static struct sip_sdp sdp;

/* A line of text that grows. */
struct line {
	char text[LINE_MAX];
	size_t length;
};

static __attribute__((format(printf, 2, 3))) void add(struct line *line, const char *format, ...)
{
	va_list args;
	int length;

	va_start(args, format);
	length = vsnprintf(line->text + line->length, LINE_MAX - line->length, format, args);
	va_end(args);
	cr_assert(length >= 0 && (size_t)length < LINE_MAX - line->length);
	line->length += (size_t)length;
}

static void add_slice(struct line *line, const char *text, struct sip_slice s)
{
	add(line, "%.*s", s.length, text + s.offset);
}

static void add_field(struct line *line, struct sip_slice s)
{
	add(line, "\t");
	add_slice(line, msg.text, s);
}

static void add_start(struct line *line)
{
	if (msg.kind == SIP_RESPONSE) {
		add(line, "\t%u\t", msg.start.status);
		return;
	}
	add_field(line, msg.start.method_name);
	add_field(line, msg.start.request_uri.text);
}

static void add_format(struct line *line, const char *text, const struct sip_sdp_media *m,
		       uint32_t i)
{
	const struct sip_sdp_format *format = &m->formats[i];
	const char *usual = sip_sdp_static_encoding(format->payload_type);

	add(line, "%s", i ? "/" : " ");
	if (format->encoding.length)
		add_slice(line, text, format->encoding);
	else if (usual)
		add(line, "%s", usual);
	else
		add_slice(line, text, format->name);
}

/* "audio 192.0.2.1:4000 sendrecv PCMU/PCMA; video ..." */
static void add_media(struct line *line)
{
	static const char *const directions[] = { "sendrecv", "sendonly", "recvonly", "inactive" };
	struct sip_slice body;
	const char *text;

	add(line, "\t");
	if (!sip_find_sdp(&msg, &body))
		return;
	text = sip_message_text(&msg, body);
	cr_assert_eq(sip_sdp_parse(text, body.length, &sdp, NULL), 0, "%s", line->text);
	for (uint32_t i = 0; i < sdp.media_count; i++) {
		const struct sip_sdp_media *m = &sdp.media[i];

		add(line, "%s", i ? "; " : "");
		add_slice(line, text, m->type);
		add(line, " ");
		add_slice(line, text, m->connection.address);
		add(line, ":%u %s", m->port, directions[m->direction]);
		for (uint32_t k = 0; k < m->format_count; k++)
			add_format(line, text, m, k);
	}
}

static void describe(struct line *line, const char *name)
{
	line->length = 0;
	add(line, "%s", name);
	add_start(line);
	add(line, "\t%u", msg.via_count);
	add_field(line, msg.via[0].branch);
	add_field(line, msg.from.uri.text);
	add_field(line, msg.from.tag);
	add_field(line, msg.to.uri.text);
	add_field(line, msg.to.tag);
	add_field(line, msg.call_id);
	add(line, "\t%u", msg.cseq.number);
	add_field(line, msg.cseq.method_name);
	add(line, "\t%u\t", msg.contact_count);
	if (msg.contact_is_star)
		add(line, "*");
	else if (msg.contact_count)
		add_slice(line, msg.text, msg.contact[0].uri.text);
	add(line, "\t%u\t%u\t", msg.route_count, msg.record_route_count);
	if (msg.has_max_forwards)
		add(line, "%u", msg.max_forwards);
	add(line, "\t");
	if (msg.has_content_length)
		add(line, "%u", msg.content_length);
	add(line, "\t%u", msg.header_count);
	add_media(line);
}

Test(sip_fields, are_those_that_another_reader_finds)
{
	FILE *file = fopen(FIELDS, "r");
	char wanted[LINE_MAX];
	size_t count = 0;

	cr_assert_not_null(file, "cannot open %s", FIELDS);
	cr_assert_not_null(fgets(wanted, sizeof(wanted), file)); /* names of columns */
	while (fgets(wanted, sizeof(wanted), file)) {
		static struct line found;
		char name[256];

		wanted[strcspn(wanted, "\n")] = '\0';
		cr_assert_eq(sscanf(wanted, "%255[^\t]", name), 1);
		parse_sample(name, &msg);
		describe(&found, name);
		cr_expect_str_eq(found.text, wanted, "\n%s\ninstead of\n%s", found.text, wanted);
		count++;
	}
	fclose(file);
	cr_assert_geq(count, 80u);
}
