/* SPDX-License-Identifier: GPL-2.0-only */
/* Session descriptions, line by line: "type=value", types in the order of RFC 4566 section 5. */
#include "sip/sdp.h"

#include <errno.h>

#define RFC_LINES      "RFC 4566 5"
#define RFC_ORIGIN     "RFC 4566 5.2"
#define RFC_CONNECTION "RFC 4566 5.7"
#define RFC_MEDIA      "RFC 4566 5.14"
#define RFC_RTPMAP     "RFC 4566 6"

#define PORT_MAX	 65535
#define PAYLOAD_TYPE_MAX 127
#define NO_PAYLOAD_TYPE	 255

/* Walks over the lines; what a line holds is read from `at` up to `end`. */
struct reader {
	const char *text;
	uint32_t size;
	uint32_t at, end; /* of the value of the line */
	uint32_t next;	  /* line */
	uint32_t line;	  /* its number, from 1 */
	const char *rfc, *what;
	uint32_t fault;
	struct sip_sdp *sdp;
	struct sip_sdp_media *media; /* the m= line that the line belongs to; NULL: the session */
};

static bool fail(struct reader *r, const char *rfc, const char *what)
{
	r->fault = r->at;
	r->rfc = rfc;
	r->what = what;
	return false;
}

static uint32_t line_end(const struct reader *r, uint32_t at)
{
	while (at < r->size && r->text[at] != '\r' && r->text[at] != '\n')
		at++;
	return at;
}

static uint32_t past_line_end(const struct reader *r, uint32_t at)
{
	if (at < r->size && r->text[at] == '\r')
		at++;
	if (at < r->size && r->text[at] == '\n')
		at++;
	return at;
}

/* The next word of the line, up to a space; empty at its end. */
static struct sip_slice take_word(struct reader *r)
{
	uint32_t from;

	while (r->at < r->end && r->text[r->at] == ' ')
		r->at++;
	from = r->at;
	while (r->at < r->end && r->text[r->at] != ' ')
		r->at++;
	return sip_slice_of(from, r->at);
}

/* What stands before `separator` in the word, or all of it; the word keeps what is behind. */
static struct sip_slice split_word(const char *text, struct sip_slice *word, char separator)
{
	uint32_t at = word->offset, end = sip_slice_end(*word);
	struct sip_slice head;

	while (at < end && text[at] != separator)
		at++;
	head = sip_slice_of(word->offset, at);
	*word = sip_slice_of(at < end ? at + 1 : end, end);
	return head;
}

/* All of the piece as a decimal number up to `max`. */
static bool number_of(const char *text, struct sip_slice digits, uint32_t max, uint32_t *value)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < digits.length; i++) {
		char c = text[digits.offset + i];

		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (uint64_t)(c - '0');
		if (v > max)
			return false;
	}
	*value = (uint32_t)v;
	return digits.length != 0;
}

/* nettype SP addrtype SP address */
static bool take_connection(struct reader *r, struct sip_sdp_connection *connection)
{
	struct sip_slice net = take_word(r), type = take_word(r), address = take_word(r);

	if (!address.length)
		return fail(r, RFC_CONNECTION, "no network type, address type and address");
	if (!sip_slice_is(r->text, net, "IN"))
		return true;
	connection->ipv6 = sip_slice_is(r->text, type, "IP6");
	connection->address = split_word(r->text, &address, '/');
	return true;
}

static bool take_version(struct reader *r)
{
	if (!sip_slice_is(r->text, take_word(r), "0"))
		return fail(r, "RFC 4566 5.1", "protocol version is not 0");
	return true;
}

/* o=<username> <sess-id> <sess-version> <nettype> <addrtype> <unicast-address> */
static bool take_origin(struct reader *r)
{
	struct sip_sdp *sdp = r->sdp;

	sdp->origin_user = take_word(r);
	sdp->session_id = take_word(r);
	sdp->session_version = take_word(r);
	if (!sdp->session_version.length)
		return fail(r, RFC_ORIGIN, "o= without user, session and version");
	return take_connection(r, &sdp->origin);
}

static bool take_format(struct reader *r, struct sip_slice name)
{
	struct sip_sdp_media *media = r->media;
	uint32_t type = NO_PAYLOAD_TYPE;

	if (media->format_count == SIP_SDP_FORMATS_MAX)
		return true;
	if (!number_of(r->text, name, PAYLOAD_TYPE_MAX, &type))
		type = NO_PAYLOAD_TYPE;
	media->formats[media->format_count++] =
		(struct sip_sdp_format){ .name = name, .payload_type = (uint8_t)type };
	return true;
}

/* m=<media> <port>[/<number of ports>] <proto> <fmt> ... */
static bool take_media(struct reader *r)
{
	struct sip_slice ports, format;
	struct sip_sdp_media *media;
	uint32_t port;

	if (r->sdp->media_count == SIP_SDP_MEDIA_MAX)
		return fail(r, RFC_MEDIA, "more than 16 media lines");
	media = &r->sdp->media[r->sdp->media_count++];
	media->format_count = 0;
	media->connection = r->sdp->connection;
	media->direction = r->sdp->direction;
	media->type = take_word(r);
	ports = take_word(r);
	media->protocol = take_word(r);
	if (!number_of(r->text, split_word(r->text, &ports, '/'), PORT_MAX, &port))
		return fail(r, RFC_MEDIA, "m= without a port from 0 to 65535");
	media->port = (uint16_t)port;
	r->media = media;
	format = take_word(r);
	if (!format.length)
		return fail(r, RFC_MEDIA, "m= without a format");
	for (; format.length; format = take_word(r))
		take_format(r, format);
	return true;
}

/* a=rtpmap:<payload type> <encoding name>/<clock rate>[/<encoding parameters>] */
static bool take_rtpmap(struct reader *r)
{
	struct sip_slice type = take_word(r), rest = take_word(r), encoding, rate;
	uint32_t clock_rate = 0;

	encoding = split_word(r->text, &rest, '/');
	rate = split_word(r->text, &rest, '/');
	/* "a=rtpmap:31 LPC" is what even RFC 4475's messages have. */
	if (!encoding.length || (rate.length && !number_of(r->text, rate, UINT32_MAX, &clock_rate)))
		return fail(r, RFC_RTPMAP, "rtpmap is not a payload type, encoding/clock rate");
	for (uint32_t i = 0; r->media && i < r->media->format_count; i++) {
		struct sip_sdp_format *format = &r->media->formats[i];

		if (!sip_slice_equal(r->text, format->name, r->text, type))
			continue;
		format->encoding = encoding;
		format->clock_rate = clock_rate;
	}
	return true;
}

static void set_direction(struct reader *r, enum sip_sdp_direction direction)
{
	if (r->media)
		r->media->direction = direction;
	else
		r->sdp->direction = direction;
}

/* a=<attribute> or a=<attribute>:<value>; those that do not matter here are passed over. */
static bool take_attribute(struct reader *r)
{
	static const struct {
		const char *name;
		enum sip_sdp_direction direction;
	} directions[] = {
		{ "sendrecv", SIP_SDP_SENDRECV },
		{ "sendonly", SIP_SDP_SENDONLY },
		{ "recvonly", SIP_SDP_RECVONLY },
		{ "inactive", SIP_SDP_INACTIVE },
	};
	struct sip_slice value = sip_slice_of(r->at, r->end), name;

	name = split_word(r->text, &value, ':');
	if (sip_slice_is(r->text, name, "rtpmap")) {
		r->at = value.offset;
		return take_rtpmap(r);
	}
	for (size_t i = 0; i < sizeof(directions) / sizeof(directions[0]); i++) {
		if (sip_slice_is(r->text, name, directions[i].name))
			set_direction(r, directions[i].direction);
	}
	return true;
}

static bool take_line(struct reader *r, char type)
{
	switch (type) {
	case 'v': return take_version(r);
	case 'o': return take_origin(r);
	case 's': r->sdp->name = sip_slice_of(r->at, r->end); return true;
	case 'c': return take_connection(r, r->media ? &r->media->connection : &r->sdp->connection);
	case 'm': return take_media(r);
	case 'a': return take_attribute(r);
	}
	return true; /* i u e p b t r z k, which say nothing that is asked for */
}

/* "<type>=<value>": type is one letter. Opens the line: its value is from `at` to `end`. */
static bool open_line(struct reader *r)
{
	uint32_t from = r->next;

	r->line++;
	r->at = from;
	r->end = line_end(r, from);
	r->next = past_line_end(r, r->end);
	if (r->end - from < 2 || r->text[from] < 'a' || r->text[from] > 'z' ||
	    r->text[from + 1] != '=')
		return fail(r, RFC_LINES, "line is not a letter, = and a value");
	r->at = from + 2;
	return true;
}

/* The first three lines are v=, o= and s=; each of them stands once. */
static bool check_order(struct reader *r, char type)
{
	static const char first[] = "vos";
	const uint32_t count = sizeof(first) - 1;
	bool is_first = memchr(first, type, count);

	if (r->line <= count ? type != first[r->line - 1] : is_first)
		return fail(r, RFC_LINES, "description does not start with v=, o=, s=");
	return true;
}

static bool parse(struct reader *r)
{
	while (r->next < r->size) {
		char type = r->text[r->next];

		/* Blank lines behind the last one are what some senders add. */
		if (r->line && (type == '\r' || type == '\n')) {
			r->next = past_line_end(r, r->next);
			r->line++;
			continue;
		}
		if (!open_line(r) || !check_order(r, type) || !take_line(r, type))
			return false;
	}
	return r->line >= 3 || fail(r, RFC_LINES, "description without v=, o= and s=");
}

int sip_sdp_parse(const char *text, size_t len, struct sip_sdp *sdp, struct sip_error *error)
{
	struct reader r = { .text = text, .size = (uint32_t)len, .sdp = sdp };

	*sdp = (struct sip_sdp){ 0 };
	if (len <= UINT16_MAX && parse(&r))
		return 0;
	if (error)
		*error = (struct sip_error){ .offset = r.fault,
					     .line = r.line ? r.line : 1,
					     .rfc = r.rfc ? r.rfc : RFC_LINES,
					     .what = r.what ? r.what : "description too long" };
	return -EINVAL;
}

bool sip_sdp_is_held(const char *text, const struct sip_sdp_media *media)
{
	/* RFC 2543 put a call on hold with an address of zeros. */
	return media->direction == SIP_SDP_SENDONLY || media->direction == SIP_SDP_INACTIVE ||
	       sip_slice_is(text, media->connection.address, "0.0.0.0");
}

const char *sip_sdp_static_encoding(uint8_t payload_type)
{
	static const char *const encodings[] = {
		[0] = "PCMU",	[3] = "GSM",   [4] = "G723",  [5] = "DVI4",  [6] = "DVI4",
		[7] = "LPC",	[8] = "PCMA",  [9] = "G722",  [10] = "L16",  [11] = "L16",
		[12] = "QCELP", [13] = "CN",   [14] = "MPA",  [15] = "G728", [16] = "DVI4",
		[17] = "DVI4",	[18] = "G729", [25] = "CelB", [26] = "JPEG", [28] = "nv",
		[31] = "H261",	[32] = "MPV",  [33] = "MP2T", [34] = "H263",
	};

	return payload_type < sizeof(encodings) / sizeof(encodings[0]) ? encodings[payload_type]
								       : NULL;
}
