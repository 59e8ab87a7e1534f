/* SPDX-License-Identifier: GPL-2.0-only */
/* Collecting and printing the errors of a configuration. */
#include "policy/config_error.h"

#include <stdarg.h>
#include <string.h>

#define QUOTE_TAIL sizeof("...\"")

_Static_assert(CONFIG_QUOTE_SIZE > 2 * QUOTE_TAIL, "room for some text, dots and quotes");

void config_error_add(struct config_errors *errs, const char *file, struct config_place place,
		      const char *key, const char *expected, const char *what, ...)
{
	struct config_error *error;
	va_list args;

	if (errs->count == CONFIG_ERRORS_MAX) {
		errs->more++;
		return;
	}
	error = &errs->list[errs->count++];
	error->place = place;
	snprintf(error->file, sizeof(error->file), "%s", file);
	snprintf(error->key, sizeof(error->key), "%s", key);
	snprintf(error->expected, sizeof(error->expected), "%s", expected);
	va_start(args, what);
	vsnprintf(error->what, sizeof(error->what), what, args);
	va_end(args);
}

const char *config_quote(const char *text, size_t len, char out[CONFIG_QUOTE_SIZE])
{
	size_t used = 0;

	out[used++] = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		bool plain = c >= 0x20 && c < 0x7f;
		size_t need = plain ? 1 : sizeof("\\xNN") - 1;

		if (used + need + QUOTE_TAIL > CONFIG_QUOTE_SIZE) {
			memcpy(out + used, "...", 3);
			used += 3;
			break;
		}
		if (plain)
			out[used] = (char)c;
		else
			snprintf(out + used, need + 1, "\\x%02x", c);
		used += need;
	}
	out[used++] = '"';
	out[used] = '\0';
	return out;
}

static bool comes_before(const struct config_error *a, const struct config_error *b,
			 const char *file)
{
	bool a_main = strcmp(a->file, file) == 0, b_main = strcmp(b->file, file) == 0;
	int order = strcmp(a->file, b->file);

	if (a_main != b_main)
		return a_main;
	if (order)
		return order < 0;
	if (a->place.line != b->place.line)
		return a->place.line < b->place.line;
	return a->place.column < b->place.column;
}

/* By insertion: there are few, and of one place the first one found stays first. */
void config_errors_sort(struct config_errors *errs, const char *file)
{
	for (size_t i = 1; i < errs->count; i++) {
		struct config_error moving = errs->list[i];
		size_t at = i;

		for (; at > 0 && comes_before(&moving, &errs->list[at - 1], file); at--)
			errs->list[at] = errs->list[at - 1];
		errs->list[at] = moving;
	}
}

void config_errors_print(const struct config_errors *errs, FILE *out)
{
	for (size_t i = 0; i < errs->count; i++) {
		const struct config_error *error = &errs->list[i];

		fprintf(out, "%s:", error->file);
		if (error->place.line)
			fprintf(out, "%u:%u:", error->place.line, error->place.column);
		if (error->key[0])
			fprintf(out, " %s:", error->key);
		fprintf(out, " %s", error->what);
		if (error->expected[0])
			fprintf(out, "; expected %s", error->expected);
		fputc('\n', out);
	}
	if (errs->more)
		fprintf(out, "%s: and %zu more\n", errs->list[0].file, errs->more);
}
