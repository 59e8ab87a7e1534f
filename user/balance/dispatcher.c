// SPDX-License-Identifier: GPL-2.0-only
/* Kamailio's list of destinations: see dispatcher.h. */
#include "balance/dispatcher.h"

#include <string.h>

#include "sip/uri.h"

#define NUMBER_MAX 2147483647u /* Kamailio's integers */
#define URI_MAX	   512

struct reader {
	const struct dispatcher_sink *sink;
	const char *line; /* the line at hand */
	const char *end;
	const char *at;
	uint32_t number;
	bool good;
};

struct word {
	const char *text;
	size_t length; /* 0: there is none */
};

static void wrong(struct reader *reader, const char *at, const char *what, const char *expected)
{
	reader->good = false;
	reader->sink->error(reader->sink->context, reader->number,
			    (uint32_t)(at - reader->line) + 1, what, expected);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static struct word next_word(struct reader *reader)
{
	struct word word;

	while (reader->at < reader->end && is_blank(*reader->at))
		reader->at++;
	word.text = reader->at;
	if (reader->at < reader->end && *reader->at == '#')
		reader->at = reader->end;
	else
		while (reader->at < reader->end && !is_blank(*reader->at))
			reader->at++;
	word.length = word.text < reader->end && *word.text == '#'
			      ? 0
			      : (size_t)(reader->at - word.text);
	return word;
}

static bool number_of(const char *text, size_t length, uint32_t max, uint32_t *out)
{
	uint64_t number = 0;

	if (!length)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(text[i] - '0');
		if (number > max)
			return false;
	}
	*out = (uint32_t)number;
	return true;
}

/* A number that may be left out, with all behind it. */
static bool take_number(struct reader *reader, const char *what, uint32_t *out)
{
	struct word word = next_word(reader);

	if (!word.length || number_of(word.text, word.length, NUMBER_MAX, out))
		return true;
	wrong(reader, word.text, what, "a number");
	return false;
}

/* ---- the destination ---- */

static bool take_host(struct reader *reader, struct word uri_word, const struct sip_uri *uri,
		      struct endpoint *out)
{
	const char *host = uri_word.text + uri->host.name.offset;

	if (uri->host.kind != SIP_HOST_IPV4 && uri->host.kind != SIP_HOST_IPV6) {
		wrong(reader, uri_word.text, "the destination is a host name",
		      "an address: names are not resolved");
		return false;
	}
	if (address_parse(host, uri->host.name.length, &out->address)) {
		wrong(reader, uri_word.text, "the destination is not an address",
		      "an IPv4 or IPv6 address");
		return false;
	}
	out->port = uri->scheme == SIP_SCHEME_SIPS ? DISPATCHER_PORT + 1 : DISPATCHER_PORT;
	if (uri->host.has_port)
		out->port = uri->host.port;
	if (out->port)
		return true;
	wrong(reader, uri_word.text, "the destination has port 0", "1 to 65535");
	return false;
}

static bool take_destination(struct reader *reader, struct dispatcher_entry *entry)
{
	struct word word = next_word(reader);
	struct sip_uri uri;

	if (!word.length) {
		wrong(reader, word.text, "a set id without a destination",
		      "a SIP URI: sip:192.0.2.1:5060");
		return false;
	}
	entry->column = (uint32_t)(word.text - reader->line) + 1;
	if (word.length > URI_MAX || sip_uri_parse(word.text, word.length, &uri, NULL) ||
	    (uri.scheme != SIP_SCHEME_SIP && uri.scheme != SIP_SCHEME_SIPS)) {
		wrong(reader, word.text, "the destination is not a SIP URI",
		      "sip:192.0.2.1:5060 or sip:[2001:db8::1]:5060");
		return false;
	}
	return take_host(reader, word, &uri, &entry->endpoint);
}

/* ---- attributes ---- */

static bool take_attribute(struct reader *reader, const char *name, size_t name_length,
			   const char *value, size_t length, struct dispatcher_entry *entry)
{
	if (name_length == strlen("duid") && !memcmp(name, "duid", name_length) && length) {
		entry->duid = value;
		entry->duid_length = length;
	}
	if (name_length != strlen("weight") || memcmp(name, "weight", name_length) != 0)
		return true;
	if (number_of(value, length, DISPATCHER_WEIGHT_MAX, &entry->weight))
		return true;
	wrong(reader, value, "the weight is not a number that is allowed", "0 to 1000");
	return false;
}

/* NAME=VALUE;NAME=VALUE;..., values perhaps in quotes, which may hold blanks. */
static bool take_attributes(struct reader *reader, struct dispatcher_entry *entry)
{
	const char *at = next_word(reader).text, *end = reader->end;

	while (at < end && !is_blank(*at) && *at != '#') {
		const char *name = at, *value;
		size_t name_length, length;
		char quote = 0;

		while (at < end && !is_blank(*at) && *at != '=' && *at != ';')
			at++;
		name_length = (size_t)(at - name);
		at += at < end && *at == '=';
		if (at < end && (*at == '"' || *at == '\''))
			quote = *at++;
		value = at;
		while (at < end && (quote ? *at != quote : !is_blank(*at) && *at != ';'))
			at++;
		length = (size_t)(at - value);
		if (quote && at == end) {
			wrong(reader, value - 1, "a quote that does not end", "its other end");
			return false;
		}
		at += quote != 0;
		at += at < end && *at == ';';
		if (!take_attribute(reader, name, name_length, value, length, entry))
			return false;
	}
	return true;
}

/* ---- lines ---- */

static void take_line(struct reader *reader)
{
	struct dispatcher_entry entry = { .weight = 1, .line = reader->number };
	uint32_t priority = 0;
	struct word set = next_word(reader);

	if (!set.length)
		return;
	if (!number_of(set.text, set.length, NUMBER_MAX, &entry.set)) {
		wrong(reader, set.text, "the line does not begin with a set id",
		      "SETID DESTINATION FLAGS PRIORITY ATTRS");
		return;
	}
	if (!take_destination(reader, &entry) ||
	    !take_number(reader, "the flags are not a number", &entry.flags) ||
	    !take_number(reader, "the priority is not a number", &priority) ||
	    !take_attributes(reader, &entry))
		return;
	if (entry.flags & DISPATCHER_FLAGS_OFF)
		entry.weight = 0;
	reader->sink->entry(reader->sink->context, &entry);
}

bool dispatcher_read(const char *text, size_t length, const struct dispatcher_sink *sink)
{
	struct reader reader = { .sink = sink, .good = true };
	const char *at = text, *end = text + length;

	while (at < end) {
		const char *lf = memchr(at, '\n', (size_t)(end - at));

		reader.number++;
		reader.line = reader.at = at;
		reader.end = lf ? lf : end;
		take_line(&reader);
		at = lf ? lf + 1 : end;
	}
	return reader.good;
}
