/* SPDX-License-Identifier: GPL-2.0-only */
/* The messages that a user agent sends. */
#include <inttypes.h>
#include <string.h>

#include <sipxdp/version.h>

#include "sip/param.h"
#include "ua/core.h"

/* Does the order bring that header itself? */
static bool order_has(const struct ua *ua, const char *name)
{
	size_t length = strlen(name);

	for (unsigned int i = 0; i < ua->order.header_count; i++) {
		const char *header = ua->order.headers[i];

		if (strncasecmp(header, name, length) == 0 &&
		    header[length + strspn(header + length, " \t")] == ':')
			return true;
	}
	return false;
}

/* What every request starts with (section 8.1.1). rport: RFC 3581. */
static void write_head(const struct ua *ua, const struct ua_request *r, const char *method,
		       const char *branch, bool custom, struct ua_text *out)
{
	char sent_by[ENDPOINT_TEXT_SIZE];

	ua_text_add(out, "%s %s SIP/2.0\r\n", method, r->path.uri);
	ua_text_add(out, "Via: SIP/2.0/%s %s;branch=%s;rport\r\n",
		    ua_transport_token(r->hop.transport), endpoint_print(&ua->order.local, sent_by),
		    branch);
	if (!custom || !order_has(ua, "Max-Forwards"))
		ua_text_add(out, "Max-Forwards: 70\r\n");
	if (*r->path.routes)
		ua_text_add(out, "Route: %s\r\n", r->path.routes);
	ua_text_add(out, "From: <%s>;tag=%s\r\n", ua->from, ua->tag);
}

static void write_to(const struct ua *ua, const char *tag, struct ua_text *out)
{
	ua_text_add(out, "To: <%s>%s%s\r\n", ua->to, *tag ? ";tag=" : "", tag);
}

static void write_ids(const struct ua *ua, const struct ua_request *r, const char *method,
		      struct ua_text *out)
{
	ua_text_add(out, "Call-ID: %s\r\nCSeq: %" PRIu32 " %s\r\n", ua->call_id, r->cseq, method);
}

static void write_body(const struct ua_body *body, struct ua_text *out)
{
	if (body->type)
		ua_text_add(out, "Content-Type: %s\r\n", body->type);
	ua_text_add(out, "Content-Length: %zu\r\n\r\n", body->length);
	ua_text_octets(out, body->octets, body->length);
}

static const struct ua_body no_body = { .octets = "" };

/* Contact belongs where an answer is to come to it; RFC 3428 forbids it in MESSAGE. */
static bool wants_contact(const char *method)
{
	static const char *const without[] = { "BYE", "CANCEL", "INFO", "MESSAGE", "PUBLISH" };

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (strcmp(method, without[i]) == 0)
			return false;
	return true;
}

static void write_contact(const struct ua *ua, const struct ua_request *r, bool order,
			  struct ua_text *out)
{
	if (!wants_contact(r->method) || (order && order_has(ua, "Contact")))
		return;
	if (order && ua->order.contact && strcmp(ua->order.contact, "*") == 0)
		ua_text_add(out, "Contact: *\r\n"); /* section 10.2.2 */
	else
		ua_text_add(out, "Contact: <%s>\r\n", ua->contact);
}

/* What only the order's own request has. */
static void write_order(const struct ua *ua, const struct ua_request *r, struct ua_text *out)
{
	if ((ua->order.has_expires || ua->expires) && !order_has(ua, "Expires"))
		ua_text_add(out, "Expires: %" PRIu32 "\r\n", ua->expires);
	if (strcmp(r->method, "OPTIONS") == 0 && !order_has(ua, "Accept"))
		ua_text_add(out, "Accept: application/sdp\r\n");
	for (unsigned int i = 0; i < ua->order.header_count; i++)
		ua_text_add(out, "%s\r\n", ua->order.headers[i]);
}

void ua_write_request(const struct ua *ua, const struct ua_request *r, enum ua_purpose purpose,
		      const struct ua_body *body, struct ua_text *out)
{
	bool order = purpose == UA_FOR_ORDER;

	write_head(ua, r, r->method, r->branch, order, out);
	write_to(ua, r->to_tag, out);
	write_ids(ua, r, r->method, out);
	write_contact(ua, r, order, out);
	ua_text_add(out, "%s", r->credentials);
	if (strcmp(r->method, "INVITE") == 0 && !(order && order_has(ua, "Allow")))
		ua_text_add(out, "Allow: " UA_ALLOW "\r\n");
	if (!order || !order_has(ua, "User-Agent"))
		ua_text_add(out, "User-Agent: sipxdpctl/" SIPXDP_VERSION "\r\n");
	if (order)
		write_order(ua, r, out);
	write_body(body, out);
}

void ua_write_ack(const struct ua *ua, const struct ua_request *r, struct ua_text *out)
{
	write_head(ua, r, "ACK", r->branch, false, out);
	write_to(ua, r->to_tag, out);
	write_ids(ua, r, "ACK", out);
	ua_text_add(out, "%s", r->credentials);
	write_body(&no_body, out);
}

static void write_received(const struct sip_message *msg, enum sip_header_id id,
			   struct ua_text *out)
{
	const struct sip_header *header = sip_message_header(msg, id, NULL);

	ua_text_add(out, "%s: ", sip_header_name(id));
	ua_text_slice(out, msg->text, header->value);
}

void ua_write_failure_ack(const struct ua *ua, const struct ua_request *invite,
			  const struct sip_message *response, struct ua_text *out)
{
	write_head(ua, invite, "ACK", invite->branch, false, out);
	write_received(response, SIP_HEADER_TO, out);
	ua_text_add(out, "\r\n");
	write_ids(ua, invite, "ACK", out);
	write_body(&no_body, out);
}

void ua_write_cancel(const struct ua *ua, const struct ua_request *invite, struct ua_text *out)
{
	write_head(ua, invite, "CANCEL", invite->branch, false, out);
	write_to(ua, invite->to_tag, out);
	write_ids(ua, invite, "CANCEL", out);
	write_body(&no_body, out);
}

/* The parameters of the topmost Via, which ends at `end`: from the first ";" behind the host. */
static struct sip_slice via_params(const struct sip_message *msg, uint32_t end)
{
	uint32_t from = sip_slice_end(msg->via[0].sent_by.name);
	const char *semicolon = memchr(msg->text + from, ';', end - from);

	return semicolon ? sip_slice_of((uint32_t)(semicolon - msg->text), end)
			 : sip_slice_of(end, end);
}

/* The topmost Via with the address that the request came from (section 18.2.1), and the port if it
 * was asked for (RFC 3581 section 4). */
static void write_top_via(const struct sip_message *msg, const struct sip_header *header,
			  const struct ua_peer *from, struct ua_text *out)
{
	struct sip_cursor c = sip_message_cursor(msg, header);
	struct sip_slice params, rport;
	char address[ADDRESS_TEXT_SIZE];
	struct sip_via via;
	uint32_t end, insert;

	sip_take_via(&c, &via); /* it was read before: it is valid */
	end = insert = c.at;
	params = via_params(msg, end);
	if (via.has_rport && !via.rport && sip_find_param(msg->text, params, "rport", &rport))
		insert = rport.offset;
	ua_text_add(out, "Via: ");
	ua_text_slice(out, msg->text, sip_slice_of(header->value.offset, insert));
	if (insert != end)
		ua_text_add(out, "=%u", from->at.port);
	ua_text_slice(out, msg->text, sip_slice_of(insert, end));
	if (insert == end && via.has_rport && !via.rport)
		ua_text_add(out, "=%u", from->at.port);
	if (!via.received.length)
		ua_text_add(out, ";received=%s", address_print(&from->at.address, address));
	ua_text_slice(out, msg->text, sip_slice_of(end, sip_slice_end(header->value)));
	ua_text_add(out, "\r\n");
}

static void write_vias(const struct sip_message *msg, const struct ua_peer *from,
		       struct ua_text *out)
{
	const struct sip_header *h = sip_message_header(msg, SIP_HEADER_VIA, NULL);

	write_top_via(msg, h, from, out);
	while ((h = sip_message_header(msg, SIP_HEADER_VIA, h))) {
		ua_text_add(out, "Via: ");
		ua_text_slice(out, msg->text, h->value);
		ua_text_add(out, "\r\n");
	}
}

/* What was required and is not known here (section 8.2.2.3). */
static void write_unsupported(const struct sip_message *msg, struct ua_text *out)
{
	for (const struct sip_header *h = sip_message_header(msg, SIP_HEADER_REQUIRE, NULL); h;
	     h = sip_message_header(msg, SIP_HEADER_REQUIRE, h)) {
		ua_text_add(out, "Unsupported: ");
		ua_text_slice(out, msg->text, h->value);
		ua_text_add(out, "\r\n");
	}
}

void ua_write_reply(const struct ua *ua, const struct ua_peer *from, const struct ua_reply *reply,
		    struct ua_text *out)
{
	const struct sip_message *msg = &ua->msg;

	ua_text_add(out, "SIP/2.0 %u %s\r\n", reply->status, reply->reason);
	write_vias(msg, from, out);
	write_received(msg, SIP_HEADER_FROM, out);
	ua_text_add(out, "\r\n");
	write_received(msg, SIP_HEADER_TO, out);
	if (!msg->to.tag.length)
		ua_text_add(out, ";tag=%s", ua->tag);
	ua_text_add(out, "\r\n");
	write_received(msg, SIP_HEADER_CALL_ID, out);
	ua_text_add(out, "\r\n");
	write_received(msg, SIP_HEADER_CSEQ, out);
	ua_text_add(out, "\r\n");
	if (reply->contact)
		ua_text_add(out, "Contact: <%s>\r\n", ua->contact);
	if (reply->allow)
		ua_text_add(out, "Allow: " UA_ALLOW "\r\n");
	if (reply->unsupported)
		write_unsupported(msg, out);
	ua_text_add(out, "User-Agent: sipxdpctl/" SIPXDP_VERSION "\r\n");
	write_body(reply->body.octets ? &reply->body : &no_body, out);
}
