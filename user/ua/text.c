/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts of bounded size. */
#include "ua/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct ua_text ua_text_in(char *data, size_t size)
{
	data[0] = 0;
	return (struct ua_text){ .data = data, .size = size };
}

static size_t room(const struct ua_text *t)
{
	return t->size - t->length;
}

void ua_text_add(struct ua_text *t, const char *format, ...)
{
	va_list args;
	int length;

	if (t->full)
		return;
	va_start(args, format);
	length = vsnprintf(t->data + t->length, room(t), format, args);
	va_end(args);
	if (length < 0 || (size_t)length >= room(t)) {
		t->data[t->length] = 0;
		t->full = true;
		return;
	}
	t->length += (size_t)length;
}

void ua_text_octets(struct ua_text *t, const char *octets, size_t count)
{
	if (t->full || count >= room(t)) {
		t->full = true;
		return;
	}
	if (count)
		memcpy(t->data + t->length, octets, count);
	t->length += count;
	t->data[t->length] = 0;
}

void ua_text_slice(struct ua_text *t, const char *text, struct sip_slice slice)
{
	size_t from = t->length;

	ua_text_octets(t, text + slice.offset, slice.length);
	for (size_t i = from; i < t->length; i++)
		if (t->data[i] == '\r' || t->data[i] == '\n')
			t->data[i] = ' ';
}

bool ua_text_copy(const char *text, struct sip_slice slice, char *out, size_t size)
{
	struct ua_text t = ua_text_in(out, size);

	if (!memchr(text + slice.offset, 0, slice.length))
		ua_text_slice(&t, text, slice);
	else
		t.full = true;
	return !t.full;
}
