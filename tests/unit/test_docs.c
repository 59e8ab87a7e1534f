/* SPDX-License-Identifier: GPL-2.0-only */
/* What the pages promise to list is listed there: each reason that a packet may leave with, and each
 * verdict, by the name that sipxdpctl prints. The configuration reference is held in test_config. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sipxdp/reason.h>

#include "plane/maps.h"

#define PAGE_MAX (1 << 20)
#define NAME_MAX 64

static const char *const passed[] = {
#define X(id, name, help) #name,
	PASS_REASONS(X)
#undef X
};

static const char *const dropped[] = {
#define X(id, name, help) #name,
	DROP_REASONS(X)
#undef X
};

static const char *const verdicts[] = {
#define X(id, name, help) name,
	VERDICTS(X)
#undef X
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *read_page(const char *path)
{
	static char page[PAGE_MAX];
	FILE *file = fopen(path, "r");
	size_t length;

	cr_assert(file, "%s (tests are run from the top of the tree)", path);
	length = fread(page, 1, sizeof(page) - 1, file);
	fclose(file);
	page[length] = '\0';
	return page;
}

/* A row of a table that begins with the name, its words parted so, and says something. */
static void expect_row(const char *path, const char *page, const char *name, char part)
{
	char start[NAME_MAX + 8];
	const char *row;

	snprintf(start, sizeof(start), "\n| `%s` |", name);
	for (char *c = start; *c; c++) {
		if (*c == '_')
			*c = part;
	}
	row = strstr(page, start);
	cr_expect(row, "%s has no row for %s", path, start + 3);
	cr_expect(!row || strcspn(row + strlen(start), "|\n") > 5, "%s: the row of %s says nothing",
		  path, name);
}

static void expect_rows(const char *path, const char *const names[], size_t count)
{
	const char *page = read_page(path);

	for (size_t i = 0; i < count; i++)
		expect_row(path, page, names[i], '-');
}

Test(docs, operation_has_an_entry_for_every_reason_and_verdict)
{
	expect_rows("docs/operation.md", passed, COUNT(passed));
	expect_rows("docs/operation.md", dropped, COUNT(dropped));
	expect_rows("docs/operation.md", verdicts, COUNT(verdicts));
}

Test(docs, architecture_says_of_every_map_who_writes_it_and_what_happens_when_it_is_full)
{
	const char *page = read_page("docs/architecture.md");

	for (int id = 0; id < MAP_COUNT; id++)
		expect_row("docs/architecture.md", page, maps_name((enum map_id)id), '_');
}

Test(docs, the_readme_lists_every_reason)
{
	expect_rows("README.md", passed, COUNT(passed));
	expect_rows("README.md", dropped, COUNT(dropped));
}
