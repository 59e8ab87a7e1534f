// SPDX-License-Identifier: GPL-2.0-only
/* The messages of the calls that bench_balance makes. */
#include "balance_message.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct text {
	char *at;
	size_t used;
	bool full;
};

static void add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *t, const char *format, ...)
{
	size_t left = BALANCE_MESSAGE_MAX - t->used;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at + t->used, left, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= left)
		t->full = true;
	else
		t->used += (size_t)n;
}

static void add_slice(struct text *t, struct balance_slice s)
{
	if (s.length > BALANCE_MESSAGE_MAX - t->used) {
		t->full = true;
		return;
	}
	memcpy(t->at + t->used, s.at, s.length);
	t->used += s.length;
}

static size_t finish(const struct text *t)
{
	return t->full ? 0 : t->used;
}

/* ---- reading ---- */

static const struct {
	const char *name;
	enum balance_method method;
} methods[] = {
	{ "INVITE", BALANCE_INVITE },
	{ "ACK", BALANCE_ACK },
	{ "BYE", BALANCE_BYE },
	{ "OPTIONS", BALANCE_OPTIONS },
};

static enum balance_method read_method(struct balance_slice word)
{
	for (size_t i = 0; i < COUNT(methods); i++) {
		size_t length = strlen(methods[i].name);

		if (word.length >= length && !memcmp(word.at, methods[i].name, length) &&
		    (word.length == length || word.at[length] == ' '))
			return methods[i].method;
	}
	return BALANCE_OTHER;
}

/* The line's value, if that is its header's name; with no white space around it. */
static bool value_of(struct balance_slice line, const char *name, struct balance_slice *value)
{
	size_t length = strlen(name);

	if (line.length <= length || line.at[length] != ':' ||
	    strncasecmp(line.at, name, length) != 0)
		return false;
	for (length++; length < line.length && line.at[length] == ' ';)
		length++;
	value->at = line.at + length;
	value->length = line.length - length;
	while (value->length > 0 &&
	       (value->at[value->length - 1] == '\n' || value->at[value->length - 1] == '\r'))
		value->length--;
	return true;
}

/* What stands between angle brackets. */
static struct balance_slice uri_of(struct balance_slice value)
{
	const char *from = memchr(value.at, '<', value.length), *to;

	if (!from)
		return value;
	from++;
	to = memchr(from, '>', value.length - (size_t)(from - value.at));
	return to ? (struct balance_slice){ from, (size_t)(to - from) } : value;
}

static void read_cseq(struct balance_slice line, struct balance_slice value,
		      struct balance_view *out)
{
	const char *space = memchr(value.at, ' ', value.length);

	out->cseq = line;
	if (space && out->status)
		out->method = read_method((struct balance_slice){
			space + 1, value.length - (size_t)(space + 1 - value.at) });
}

static void read_header(struct balance_slice line, struct balance_view *out)
{
	struct balance_slice value;

	if (value_of(line, "Via", &value)) {
		if (out->via_count < COUNT(out->vias))
			out->vias[out->via_count++] = line;
	} else if (value_of(line, "Record-Route", &value)) {
		if (out->route_count < COUNT(out->routes))
			out->routes[out->route_count++] = line;
	} else if (value_of(line, "From", &value)) {
		out->from = line;
	} else if (value_of(line, "To", &value)) {
		out->to = value;
	} else if (value_of(line, "Call-ID", &value)) {
		out->call_id = value;
	} else if (value_of(line, "CSeq", &value)) {
		read_cseq(line, value, out);
	} else if (value_of(line, "Contact", &value)) {
		out->contact = uri_of(value);
	}
}

static void read_start(struct balance_slice line, struct balance_view *out)
{
	static const char version[] = "SIP/2.0 ";
	const size_t length = sizeof(version) - 1;

	if (line.length > length + 3 && !memcmp(line.at, version, length)) {
		for (size_t i = length; i < length + 3; i++)
			out->status = out->status * 10 + (unsigned int)(line.at[i] - '0');
		return;
	}
	out->method = read_method(line);
}

bool balance_read(const char *message, size_t length, struct balance_view *out)
{
	const char *at = message, *end = message + length, *next;
	bool first = true;

	memset(out, 0, sizeof(*out));
	out->method = BALANCE_OTHER;
	for (; at < end && *at != '\r'; at = next, first = false) {
		struct balance_slice line;

		next = memchr(at, '\n', (size_t)(end - at));
		if (!next)
			return false;
		next++;
		line = (struct balance_slice){ at, (size_t)(next - at) };
		if (first)
			read_start(line, out);
		else
			read_header(line, out);
	}
	return out->via_count && out->from.at && out->to.at && out->call_id.at && out->cseq.at;
}

/* ---- writing ---- */

/* The address ends at its port, if it has one. */
static void add_body(struct text *t, const char *address)
{
	int digits = (int)strcspn(address, ":");
	char body[512];
	int n = snprintf(body, sizeof(body),
			 "v=0\r\n"
			 "o=- 1083 1083 IN IP4 %.*s\r\n"
			 "s=-\r\n"
			 "c=IN IP4 %.*s\r\n"
			 "t=0 0\r\n"
			 "m=audio 16384 RTP/AVP 9 8 0 101\r\n"
			 "a=rtpmap:9 G722/8000\r\n"
			 "a=rtpmap:8 PCMA/8000\r\n"
			 "a=rtpmap:0 PCMU/8000\r\n"
			 "a=rtpmap:101 telephone-event/8000\r\n"
			 "a=fmtp:101 0-16\r\n"
			 "a=sendrecv\r\n",
			 digits, address, digits, address);

	add(t, "Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", n, body);
}

/* Call-IDs differ in all their octets, as those of phones do. */
static uint64_t scatter(uint64_t serial)
{
	serial ^= serial >> 31;
	serial *= 0x9e3779b97f4a7c15;
	return serial ^ serial >> 29;
}

size_t balance_call_id(char out[64], const struct balance_call *call)
{
	return (size_t)snprintf(out, 64, "%016" PRIx64 "%08" PRIx64 "@%s", scatter(call->serial),
				call->serial & 0xffffffff, call->address);
}

static void add_request(struct text *t, const struct balance_call *call, const char *method,
			unsigned int transaction)
{
	add(t,
	    "Via: SIP/2.0/UDP %s:%u;branch=z9hG4bK%016" PRIx64 "%u;rport\r\n"
	    "Max-Forwards: 70\r\n"
	    "From: \"Caller %u\" <sip:caller%u@example.com>;tag=%08" PRIx64 "\r\n",
	    call->address, call->port, scatter(call->serial), transaction, call->port, call->port,
	    call->serial & 0xffffffff);
	add(t, "CSeq: %u %s\r\nUser-Agent: bench 1.0\r\n", transaction, method);
}

size_t balance_invite(char *out, const struct balance_call *call)
{
	struct text t = { .at = out };
	char id[64];

	balance_call_id(id, call);
	add(&t, "INVITE sip:callee@%s SIP/2.0\r\n", call->target);
	add_request(&t, call, "INVITE", 1);
	add(&t,
	    "To: <sip:callee@example.com>\r\n"
	    "Call-ID: %s\r\n"
	    "Contact: <sip:caller%u@%s:%u>\r\n"
	    "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, PRACK, REFER, NOTIFY\r\n"
	    "Supported: replaces, 100rel, timer\r\n",
	    id, call->port, call->address, call->port);
	add_body(&t, call->address);
	return finish(&t);
}

size_t balance_in_dialog(char *out, const struct balance_call *call, enum balance_method method,
			 const struct balance_view *ok)
{
	static const char record[] = "Record-";
	struct text t = { .at = out };
	const char *name = method == BALANCE_ACK ? "ACK" : "BYE";

	add(&t, "%s ", name);
	add_slice(&t, ok->contact);
	add(&t, " SIP/2.0\r\n");
	add_request(&t, call, name, method == BALANCE_ACK ? 1 : 2);
	/* RFC 3261 section 12.1.2: the route set is the other way round. */
	for (size_t i = ok->route_count; i-- > 0;) {
		add_slice(&t, (struct balance_slice){ ok->routes[i].at + sizeof(record) - 1,
						      ok->routes[i].length - sizeof(record) + 1 });
	}
	add(&t, "To: ");
	add_slice(&t, ok->to);
	add(&t, "\r\nCall-ID: ");
	add_slice(&t, ok->call_id);
	add(&t, "\r\nContent-Length: 0\r\n\r\n");
	return finish(&t);
}

static const char *reason(unsigned int status)
{
	switch (status) {
	case 100: return "Trying";
	case 180: return "Ringing";
	default: return "OK";
	}
}

size_t balance_response(char *out, const struct balance_view *request, unsigned int status,
			const char *own)
{
	struct text t = { .at = out };
	bool to_invite = request->method == BALANCE_INVITE;

	add(&t, "SIP/2.0 %u %s\r\n", status, reason(status));
	for (size_t i = 0; i < request->via_count; i++)
		add_slice(&t, request->vias[i]);
	for (size_t i = 0; to_invite && status > 100 && i < request->route_count; i++)
		add_slice(&t, request->routes[i]);
	add_slice(&t, request->from);
	add(&t, "To: ");
	add_slice(&t, request->to);
	if (status > 100 && !memmem(request->to.at, request->to.length, ";tag=", 5))
		add(&t, ";tag=callee-%.8s", request->call_id.at);
	add(&t, "\r\nCall-ID: ");
	add_slice(&t, request->call_id);
	add(&t, "\r\n");
	add_slice(&t, request->cseq);
	if (to_invite && status > 100)
		add(&t, "Contact: <sip:callee@%s>\r\n", own);
	if (to_invite && status == 200)
		add_body(&t, own);
	else
		add(&t, "Content-Length: 0\r\n\r\n");
	return finish(&t);
}
