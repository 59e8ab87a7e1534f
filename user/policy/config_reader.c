/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the reader is, and errors that say so. */
#include "policy/config_reader.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config_error.h"

#define WHAT_SIZE sizeof(((struct config_error *)NULL)->what)

size_t config_reader_enter(struct config_reader *reader, const char *format, ...)
{
	size_t mark = strlen(reader->path);
	va_list args;

	va_start(args, format);
	vsnprintf(reader->path + mark, sizeof(reader->path) - mark, format, args);
	va_end(args);
	return mark;
}

void config_reader_leave(struct config_reader *reader, size_t mark)
{
	reader->path[mark] = '\0';
}

void config_reader_error(struct config_reader *reader, struct config_place place,
			 const char *expected, const char *what, ...)
{
	char text[WHAT_SIZE];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	config_error_add(reader->errs, reader->cfg->file, place, reader->path, expected, "%s",
			 text);
}

void config_reader_error_at(struct config_reader *reader, const char *expected, const char *path,
			    const char *what, ...)
{
	struct config_place place = config_tree_place(reader->tree, path);
	char text[WHAT_SIZE];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	config_error_add(reader->errs, reader->cfg->file, place, path, expected, "%s", text);
}

char *config_path_resolve(const char *file, const char *path, size_t len)
{
	const char *slash = strrchr(file, '/');
	size_t directory = slash && path[0] != '/' ? (size_t)(slash - file) + 1 : 0;
	char *resolved = malloc(directory + len + 1);

	if (!resolved)
		return NULL;
	memcpy(resolved, file, directory);
	memcpy(resolved + directory, path, len);
	resolved[directory + len] = '\0';
	return resolved;
}
