/* SPDX-License-Identifier: GPL-2.0-only */
/* A parsed SIP message as a JSON document. Keys without a value are left out. */
#include "ctl/message_json.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/text.h"
#include "sip/message.h"
#include "sip/quoted.h"
#include "sip/sdp.h"
#include "sip/sdp_body.h"

/* Too large for the stack of some; one at a time is all that is needed. */
static struct sip_message message;
static struct sip_sdp session;

/* Octets from the wire: as UTF-8 where they are. */
static json_t *json_octets(const char *octets, size_t length)
{
	size_t size = TEXT_ESCAPED_SIZE(length);
	char *text = malloc(size);
	json_t *json;

	if (!text)
		return NULL;
	json = json_string(text_utf8(octets, length, text, size));
	free(text);
	return json;
}

static void set_slice(json_t *object, const char *key, const char *text, struct sip_slice s)
{
	if (s.length)
		json_object_set_new(object, key, json_octets(text + s.offset, s.length));
}

static void set_number(json_t *object, const char *key, uint64_t number)
{
	json_object_set_new(object, key, json_integer((json_int_t)number));
}

/* A display-name or the like: escapes resolved. */
static void set_unquoted(json_t *object, const char *key, const char *text, struct sip_slice s)
{
	char *plain = malloc(s.length + 1u);

	if (plain && s.length) {
		size_t length = sip_unquote(text, s, plain, s.length + 1u);

		json_object_set_new(object, key, json_octets(plain, length));
	}
	free(plain);
}

static json_t *json_address(const char *text, const struct sip_address *a)
{
	json_t *object = json_object();

	if (a->quoted)
		set_unquoted(object, "display", text, a->display);
	else
		set_slice(object, "display", text, a->display);
	set_slice(object, "uri", text, a->uri.text);
	set_slice(object, "tag", text, a->tag);
	if (a->expires != SIP_EXPIRES_NONE)
		set_number(object, "expires", a->expires);
	if (a->q != SIP_Q_NONE)
		json_object_set_new(object, "q", json_real(a->q / 1000.0));
	if (a->reg_id)
		set_number(object, "reg_id", a->reg_id);
	set_slice(object, "instance", text, a->instance);
	return object;
}

static void set_addresses(json_t *object, const char *key, const char *text,
			  const struct sip_address *addresses, uint32_t count)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(list, json_address(text, &addresses[i]));
	json_object_set_new(object, key, list);
}

static json_t *json_via(const char *text, const struct sip_via *via)
{
	json_t *object = json_object();

	set_slice(object, "transport", text, via->transport);
	set_slice(object, "host", text, via->sent_by.name);
	if (via->sent_by.has_port)
		set_number(object, "port", via->sent_by.port);
	set_slice(object, "branch", text, via->branch);
	set_slice(object, "received", text, via->received);
	if (via->has_rport)
		set_number(object, "rport", via->rport);
	set_slice(object, "maddr", text, via->maddr);
	if (via->ttl)
		set_number(object, "ttl", via->ttl);
	return object;
}

static json_t *json_vias(const struct sip_message *msg)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < msg->via_count; i++)
		json_array_append_new(list, json_via(msg->text, &msg->via[i]));
	return list;
}

static json_t *json_cseq(const struct sip_message *msg)
{
	json_t *object = json_object();

	set_number(object, "number", msg->cseq.number);
	set_slice(object, "method", msg->text, msg->cseq.method_name);
	return object;
}

static json_t *json_headers(const struct sip_message *msg)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < msg->header_count; i++) {
		const struct sip_header *h = &msg->headers[i];
		json_t *object = json_object();

		json_object_set_new(object, "name",
				    json_octets(msg->text + h->name.offset, h->name.length));
		json_object_set_new(object, "value",
				    json_octets(msg->text + h->value.offset, h->value.length));
		json_array_append_new(list, object);
	}
	return list;
}

static json_t *json_format(const char *text, const struct sip_sdp_format *format)
{
	json_t *object = json_object();
	const char *usual = sip_sdp_static_encoding(format->payload_type);

	set_slice(object, "format", text, format->name);
	if (format->encoding.length)
		set_slice(object, "encoding", text, format->encoding);
	else if (usual)
		json_object_set_new(object, "encoding", json_string(usual));
	if (format->clock_rate)
		set_number(object, "clock_rate", format->clock_rate);
	return object;
}

static json_t *json_media(const char *text, const struct sip_sdp_media *media)
{
	static const char *const directions[] = {
		[SIP_SDP_SENDRECV] = "sendrecv",
		[SIP_SDP_SENDONLY] = "sendonly",
		[SIP_SDP_RECVONLY] = "recvonly",
		[SIP_SDP_INACTIVE] = "inactive",
	};
	json_t *object = json_object(), *formats = json_array();

	set_slice(object, "type", text, media->type);
	set_slice(object, "address", text, media->connection.address);
	set_number(object, "port", media->port);
	set_slice(object, "protocol", text, media->protocol);
	json_object_set_new(object, "direction", json_string(directions[media->direction]));
	for (uint32_t i = 0; i < media->format_count; i++)
		json_array_append_new(formats, json_format(text, &media->formats[i]));
	json_object_set_new(object, "formats", formats);
	return object;
}

static json_t *json_sdp(const char *text, const struct sip_sdp *sdp)
{
	json_t *object = json_object(), *origin = json_object(), *media = json_array();

	set_slice(origin, "user", text, sdp->origin_user);
	set_slice(origin, "session_id", text, sdp->session_id);
	set_slice(origin, "session_version", text, sdp->session_version);
	set_slice(origin, "address", text, sdp->origin.address);
	json_object_set_new(object, "origin", origin);
	set_slice(object, "address", text, sdp->connection.address);
	for (uint32_t i = 0; i < sdp->media_count; i++)
		json_array_append_new(media, json_media(text, &sdp->media[i]));
	json_object_set_new(object, "media", media);
	return object;
}

static void append_error(json_t *list, const struct sip_error *err)
{
	json_t *object = json_object();

	set_number(object, "offset", err->offset);
	set_number(object, "line", err->line);
	json_object_set_new(object, "rfc", json_string(err->rfc));
	json_object_set_new(object, "what", json_string(err->what));
	json_array_append_new(list, object);
}

static json_t *json_warnings(uint32_t warnings)
{
	static const struct {
		uint32_t bit;
		const char *rfc, *what;
	} known[] = {
#define X(name, rfc, what) { SIP_WARN_##name, rfc, what },
		SIP_WARNINGS(X)
#undef X
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		json_t *object;

		if (!(warnings & known[i].bit))
			continue;
		object = json_object();
		json_object_set_new(object, "rfc", json_string(known[i].rfc));
		json_object_set_new(object, "what", json_string(known[i].what));
		json_array_append_new(list, object);
	}
	return list;
}

/* A description that is broken does not make the message so: it is a warning. */
static void set_sdp(json_t *object, const struct sip_message *msg, json_t *warnings)
{
	struct sip_slice body;
	struct sip_error err;

	if (!sip_find_sdp(msg, &body))
		return;
	if (sip_sdp_parse(sip_message_text(msg, body), body.length, &session, &err) == 0) {
		json_object_set_new(object, "sdp", json_sdp(sip_message_text(msg, body), &session));
		return;
	}
	err.offset += msg->lead + body.offset;
	append_error(warnings, &err);
}

static void set_start_line(json_t *object, const struct sip_message *msg)
{
	bool request = msg->kind == SIP_REQUEST;

	json_object_set_new(object, "kind", json_string(request ? "request" : "response"));
	if (request) {
		set_slice(object, "method", msg->text, msg->start.method_name);
		set_slice(object, "request_uri", msg->text, msg->start.request_uri.text);
	} else {
		set_number(object, "status", msg->start.status);
		json_object_set_new(object, "reason",
				    json_octets(msg->text + msg->start.reason.offset,
						msg->start.reason.length));
	}
}

static void set_fields(json_t *object, const struct sip_message *msg)
{
	set_start_line(object, msg);
	set_slice(object, "call_id", msg->text, msg->call_id);
	json_object_set_new(object, "cseq", json_cseq(msg));
	json_object_set_new(object, "from", json_address(msg->text, &msg->from));
	json_object_set_new(object, "to", json_address(msg->text, &msg->to));
	json_object_set_new(object, "via", json_vias(msg));
	set_addresses(object, "contact", msg->text, msg->contact, msg->contact_count);
	if (msg->contact_is_star)
		json_object_set_new(object, "contact_is_star", json_true());
	set_addresses(object, "route", msg->text, msg->route, msg->route_count);
	set_addresses(object, "record_route", msg->text, msg->record_route,
		      msg->record_route_count);
	if (msg->has_max_forwards)
		set_number(object, "max_forwards", msg->max_forwards);
	if (msg->has_expires)
		set_number(object, "expires", msg->expires);
	set_slice(object, "user_agent", msg->text, msg->user_agent);
	set_slice(object, "content_type", msg->text, msg->content_type);
	set_number(object, "body_length", msg->body.length);
	json_object_set_new(object, "headers", json_headers(msg));
}

json_t *message_json(const char *data, size_t length, bool *valid)
{
	json_t *object = json_object(), *errors = json_array(), *warnings;
	struct sip_error err;
	bool parsed = sip_message_parse(data, length, &message, &err) == 0;

	*valid = parsed && sip_message_check(&message, &err) == 0;
	json_object_set_new(object, "valid", json_boolean(*valid));
	warnings = json_warnings(parsed ? message.warnings : 0);
	if (parsed) {
		set_fields(object, &message);
		set_sdp(object, &message, warnings);
	}
	if (!*valid)
		append_error(errors, &err);
	json_object_set_new(object, "errors", errors);
	json_object_set_new(object, "warnings", warnings);
	return object;
}
