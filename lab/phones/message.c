// SPDX-License-Identifier: GPL-2.0-only
/* Finding headers and parameters in a SIP message, and writing one. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "message.h"

/* The line at the start of rest, without its CRLF; rest moves behind it. */
static bool next_line(struct text *rest, struct text *line)
{
	const char *end = memmem(rest->at, rest->length, "\r\n", 2);

	if (!end || end == rest->at)
		return false;
	line->at = rest->at;
	line->length = (size_t)(end - rest->at);
	rest->length -= line->length + 2;
	rest->at = end + 2;
	return true;
}

bool message_header(struct text message, const char *name, unsigned int nth, struct text *value)
{
	size_t length = strlen(name);
	struct text rest = message, line;

	while (next_line(&rest, &line)) {
		if (line.length <= length || line.at[length] != ':' ||
		    strncasecmp(line.at, name, length) || nth--)
			continue;
		line.at += length + 1;
		line.length -= length + 1;
		while (line.length && *line.at == ' ') {
			line.at++;
			line.length--;
		}
		*value = line;
		return true;
	}
	return false;
}

unsigned int message_status(struct text message)
{
	if (message.length < 12 || strncmp(message.at, "SIP/2.0 ", 8))
		return 0;
	return (unsigned int)strtoul(message.at + 8, NULL, 10);
}

bool message_cseq(struct text message, uint32_t *number, struct text *method)
{
	struct text value;
	const char *space;

	if (!message_header(message, "CSeq", 0, &value))
		return false;
	space = memchr(value.at, ' ', value.length);
	if (!space)
		return false;
	*number = (uint32_t)strtoul(value.at, NULL, 10);
	method->at = space + 1;
	method->length = value.length - (size_t)(space + 1 - value.at);
	return true;
}

bool text_equals(struct text text, const char *other)
{
	return text.length == strlen(other) && !memcmp(text.at, other, text.length);
}

static bool ends_value(char c)
{
	return c == ';' || c == ',' || c == ' ' || c == '>';
}

bool text_parameter(struct text value, const char *name, struct text *out)
{
	const char *end = value.at + value.length;
	size_t length = strlen(name);

	for (const char *p = value.at; p + length + 1 < end; p++) {
		if (p > value.at && !ends_value(p[-1]))
			continue;
		if (strncasecmp(p, name, length) || p[length] != '=')
			continue;
		out->at = p + length + 1;
		out->length = 0;
		if (*out->at == '"') {
			out->at++;
			while (out->at + out->length < end && out->at[out->length] != '"')
				out->length++;
		} else {
			while (out->at + out->length < end && !ends_value(out->at[out->length]))
				out->length++;
		}
		return true;
	}
	return false;
}

struct text text_uri(struct text value)
{
	const char *open = memchr(value.at, '<', value.length), *end;

	if (open) {
		value.length -= (size_t)(open + 1 - value.at);
		value.at = open + 1;
		end = memchr(value.at, '>', value.length);
	} else {
		end = memchr(value.at, ';', value.length);
	}
	if (end)
		value.length = (size_t)(end - value.at);
	return value;
}

void text_copy(struct text text, char *to, size_t room)
{
	size_t length = text.length < room ? text.length : room - 1;

	memcpy(to, text.at, length);
	to[length] = '\0';
}

void put(struct writer *w, const char *format, ...)
{
	va_list arguments;
	int length;

	if (w->length >= w->room)
		return;
	va_start(arguments, format);
	length = vsnprintf(w->at + w->length, w->room - w->length, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= w->room - w->length)
		w->length = w->room;
	else
		w->length += (size_t)length;
}
