/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the SIP parser share: messages from files, each placed so that the octet behind
 * it cannot be read, and texts as cursors. */
#ifndef SIPXDP_TEST_SIP_FIXTURE_H
#define SIPXDP_TEST_SIP_FIXTURE_H

#include <criterion/criterion.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sip/message.h"
#include "sip/text.h"

#define MESSAGES  "tests/data/sip" /* tests run in the top directory */
#define FILES_MAX 512

struct sample {
	char name[256];
	char *data;
	size_t len;
};

/* A copy of the octets that ends where a page without access begins; it is never freed. */
static inline char *guarded(const void *octets, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (len / page + 1) * page;
	char *map = mmap(NULL, room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			 0);

	cr_assert(map != MAP_FAILED);
	cr_assert_eq(mprotect(map + room, page, PROT_NONE), 0);
	if (len)
		memcpy(map + room - len, octets, len);
	return map + room - len;
}

/* Gives the guarded copy back. */
static inline void unguard(char *copy, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (len / page + 1) * page;

	munmap(copy + len - room, room + page);
}

static inline bool read_sample(const char *directory, const char *name, struct sample *s)
{
	static char buffer[SIP_MESSAGE_MAX];
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	f = fopen(path, "rb");
	if (!f)
		return false;
	s->len = fread(buffer, 1, sizeof(buffer), f);
	fclose(f);
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->data = guarded(buffer, s->len);
	return true;
}

/* All files of a directory; returns how many. */
static inline size_t read_samples(const char *directory, struct sample *samples)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	size_t count = 0;

	cr_assert_not_null(dir, "cannot open %s", directory);
	while ((entry = readdir(dir)) && count < FILES_MAX) {
		if (entry->d_name[0] != '.' &&
		    read_sample(directory, entry->d_name, &samples[count]))
			count++;
	}
	closedir(dir);
	return count;
}

/* The message of that file, parsed; it must be valid. */
static inline void parse_sample(const char *name, struct sip_message *msg)
{
	struct sip_error err = { 0 };
	struct sample s;

	cr_assert(read_sample(MESSAGES, name, &s), "no file %s", name);
	cr_assert_eq(sip_message_parse(s.data, s.len, msg, &err), 0, "%s: offset %u: %s", name,
		     err.offset, err.what);
}

/* Does the piece spell the text? */
#define assert_slice(text, slice, expected)                                                        \
	cr_assert(sip_slice_is(text, slice, expected), "\"%.*s\" instead of \"%s\"",               \
		  (slice).length, (text) + (slice).offset, expected)

/* A cursor over a text; `t` holds it. */
static inline struct sip_cursor cursor_over(struct sip_text *t, const char *text)
{
	struct sip_cursor c;

	cr_assert(sip_text_open(t, text, strlen(text), &c), "%s", text);
	return c;
}

#endif
