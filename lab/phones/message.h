/* SPDX-License-Identifier: GPL-2.0-only */
/* Just enough SIP text to be a phone: finding headers in what a server sends, and writing messages.
 * It trusts its server: header lines are neither folded nor oddly spaced. */
#ifndef LAB_PHONES_MESSAGE_H
#define LAB_PHONES_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_MAX 8192

/* A piece of a message; not NUL-terminated. */
struct text {
	const char *at;
	size_t length;
};

/* The nth line (from 0) of a header, in any case; false when there is none. */
bool message_header(struct text message, const char *name, unsigned int nth, struct text *value);
/* The status code of a response; 0 for a request. */
unsigned int message_status(struct text message);
/* CSeq of a message; false when it has none. */
bool message_cseq(struct text message, uint32_t *number, struct text *method);
bool text_equals(struct text text, const char *other);
/* The value of ";name=" or ",name=" (quotes taken off); false when there is none. */
bool text_parameter(struct text value, const char *name, struct text *out);
/* What stands in angle brackets, or the value up to its first semicolon. */
struct text text_uri(struct text value);
/* Copies it, cut to the room there is, and ends it with a NUL. */
void text_copy(struct text text, char *to, size_t room);

/* A message as it is being written. Once it has overflowed nothing more is added. */
struct writer {
	char *at;
	size_t length;
	size_t room;
};

__attribute__((format(printf, 2, 3))) void put(struct writer *w, const char *format, ...);

#endif
