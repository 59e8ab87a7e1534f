// SPDX-License-Identifier: GPL-2.0-only
/* The OPTIONS of a probe: see options_message.h. */
#include "balance/options_message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <sipxdp/version.h>

#define ID_SIZE 48

/* Derived from the number, so that nothing but that is to be kept. */
static void call_id_of(const struct options_message *message, char out[ID_SIZE])
{
	snprintf(out, ID_SIZE, "probe-%016llx@sipxdp", (unsigned long long)message->id);
}

static void branch_of(const struct options_message *message, char out[ID_SIZE])
{
	snprintf(out, ID_SIZE, SIP_MAGIC_COOKIE "-sipxdp-%016llx",
		 (unsigned long long)(message->id * 0x9e3779b97f4a7c15ULL));
}

size_t options_write(const struct options_message *message, char out[OPTIONS_SIZE])
{
	char from[ENDPOINT_TEXT_SIZE], to[ENDPOINT_TEXT_SIZE], branch[ID_SIZE], call_id[ID_SIZE];
	const char *transport = message->tcp ? ";transport=tcp" : "";

	endpoint_print(&message->from, from);
	endpoint_print(&message->to, to);
	branch_of(message, branch);
	call_id_of(message, call_id);
	return (size_t)snprintf(out, OPTIONS_SIZE,
				"OPTIONS sip:%s%s SIP/2.0\r\n"
				"Via: SIP/2.0/%s %s;branch=%s;rport\r\n"
				"Max-Forwards: 70\r\n"
				"From: <sip:sipxdp@%s>;tag=%08x\r\n"
				"To: <sip:%s%s>\r\n"
				"Call-ID: %s\r\n"
				"CSeq: 1 OPTIONS\r\n"
				"Accept: application/sdp\r\n"
				"User-Agent: sipxdp/" SIPXDP_VERSION "\r\n"
				"Content-Length: 0\r\n"
				"\r\n",
				to, transport, message->tcp ? "TCP" : "UDP", from, branch, from,
				(unsigned int)(message->id >> 32), to, transport, call_id);
}

static bool is_answer(const struct options_message *message, const struct sip_message *msg)
{
	char branch[ID_SIZE], call_id[ID_SIZE];

	branch_of(message, branch);
	call_id_of(message, call_id);
	return msg->kind == SIP_RESPONSE && msg->cseq.number == 1 &&
	       msg->cseq.method == SIP_OPTIONS && sip_slice_is(msg->text, msg->call_id, call_id) &&
	       sip_slice_is(msg->text, msg->via[0].branch, branch);
}

enum options_answer options_read(const struct options_message *message, const char *data,
				 size_t length, struct sip_message *msg, uint16_t *status)
{
	if (sip_message_parse(data, length, msg, NULL) || !is_answer(message, msg))
		return OPTIONS_NONE;
	*status = msg->start.status;
	return msg->start.status < 200 ? OPTIONS_PROVISIONAL : OPTIONS_FINAL;
}

/* ---- streams ---- */

static const char *line_end(const char *at, const char *end)
{
	const char *lf = memchr(at, '\n', (size_t)(end - at));

	return lf ? lf + 1 : NULL;
}

static bool skip_name(const char **at, const char *end, const char *name)
{
	size_t length = strlen(name);
	const char *p = *at;

	if ((size_t)(end - p) < length || strncasecmp(p, name, length) != 0)
		return false;
	p += length;
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	if (p == end || *p != ':')
		return false;
	*at = p + 1;
	return true;
}

/* Content-Length of a header line; false: it is another header. -1: not a number. */
static bool content_length(const char *at, const char *end, long *length)
{
	long number = 0;
	bool digits = false;

	if (!skip_name(&at, end, "Content-Length") && !skip_name(&at, end, "l"))
		return false;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	for (; at < end && *at >= '0' && *at <= '9' && number <= UINT16_MAX; at++) {
		number = number * 10 + (*at - '0');
		digits = true;
	}
	*length = digits && number <= UINT16_MAX ? number : -1;
	return true;
}

int options_stream_message(const char *data, size_t length, size_t *message)
{
	const char *at = data, *end = data + length, *next;
	long body = 0;

	while (at < end && (*at == '\r' || *at == '\n'))
		at++;
	/* Line by line, to the empty one. A stream's message has a Content-Length (RFC 3261
	 * section 20.14); none is taken as 0. */
	for (; (next = line_end(at, end)); at = next) {
		if (next - at <= 2 && (*at == '\r' || *at == '\n')) {
			size_t whole = (size_t)(next - data) + (size_t)body;

			if (whole > length)
				return -EAGAIN;
			*message = whole;
			return 0;
		}
		if (content_length(at, next, &body) && body < 0)
			return -EINVAL;
	}
	return -EAGAIN;
}
