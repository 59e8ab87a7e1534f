/* SPDX-License-Identifier: GPL-2.0-only */
/* The reader of dispatcher.list: what it takes, what it refuses and where. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "balance/dispatcher.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct seen {
	struct dispatcher_entry entry[8];
	size_t entries;
	char error[256]; /* the first: LINE:COLUMN: what; expected */
	size_t errors;
};

static void take_entry(void *context, const struct dispatcher_entry *entry)
{
	struct seen *seen = context;

	cr_assert_lt(seen->entries, COUNT(seen->entry));
	seen->entry[seen->entries++] = *entry;
}

static void take_error(void *context, uint32_t line, uint32_t column, const char *what,
		       const char *expected)
{
	struct seen *seen = context;

	if (!seen->errors++)
		snprintf(seen->error, sizeof(seen->error), "%u:%u: %s; %s", line, column, what,
			 expected);
}

/* Behind the text comes nothing that may be read. */
static bool read_text(const char *text, struct seen *seen)
{
	const struct dispatcher_sink sink = { take_entry, take_error, seen };
	size_t length = strlen(text);
	char *copy = malloc(length ? length : 1);
	bool good;

	cr_assert(copy);
	memcpy(copy, text, length);
	memset(seen, 0, sizeof(*seen));
	good = dispatcher_read(copy, length, &sink);
	for (size_t i = 0; i < seen->entries; i++) /* the text goes with this function */
		seen->entry[i].duid = seen->entry[i].duid ? "" : NULL;
	free(copy);
	return good;
}

static const struct {
	const char *line;
	uint32_t set;
	const char *endpoint;
	uint32_t weight;
	bool duid;
} good[] = {
	{ "1 sip:10.0.0.1:5070", 1, "10.0.0.1:5070", 1, false },
	{ "1 sip:10.0.0.1", 1, "10.0.0.1:5060", 1, false },
	{ "0 sips:10.0.0.1", 0, "10.0.0.1:5061", 1, false },
	{ "2147483647\tsip:[2001:db8::1]:5060 0 0\r", 2147483647, "[2001:db8::1]:5060", 1, false },
	{ " 2 sip:10.0.0.1:5060;transport=tcp 8 5 weight=50;duid=a", 2, "10.0.0.1:5060", 50, true },
	{ "2 sip:user@10.0.0.1 0 0 duid=a;rweight=3;socket=udp:10.0.0.9:5060", 2, "10.0.0.1:5060",
	  1, true },
	{ "2 sip:10.0.0.1 1 0 weight=50", 2, "10.0.0.1:5060", 0, false },
	{ "2 sip:10.0.0.1 12 0", 2, "10.0.0.1:5060", 0, false },
	{ "2 sip:10.0.0.1 2", 2, "10.0.0.1:5060", 1, false },
	{ "2 sip:10.0.0.1 0 0 weight=0", 2, "10.0.0.1:5060", 0, false },
	{ "2 sip:10.0.0.1 0 0 weight=1000 # much", 2, "10.0.0.1:5060", 1000, false },
	{ "2 sip:10.0.0.1 # 0 0 weight=7", 2, "10.0.0.1:5060", 1, false },
	{ "2 sip:10.0.0.1 0 0 note=\"a b; weight=9\";weight=3", 2, "10.0.0.1:5060", 3, false },
	{ "2 sip:10.0.0.1 0 0 weightless=9", 2, "10.0.0.1:5060", 1, false },
};

Test(dispatcher, lines_that_are_taken)
{
	for (size_t i = 0; i < COUNT(good); i++) {
		char endpoint[ENDPOINT_TEXT_SIZE];
		struct seen seen;

		cr_assert(read_text(good[i].line, &seen), "%s: %s", good[i].line, seen.error);
		cr_assert_eq(seen.entries, 1, "%s", good[i].line);
		cr_expect_eq(seen.entry[0].set, good[i].set, "%s", good[i].line);
		cr_expect_str_eq(endpoint_print(&seen.entry[0].endpoint, endpoint),
				 good[i].endpoint, "%s", good[i].line);
		cr_expect_eq(seen.entry[0].weight, good[i].weight, "%s: %u", good[i].line,
			     seen.entry[0].weight);
		cr_expect_eq(seen.entry[0].duid != NULL, good[i].duid, "%s", good[i].line);
	}
}

static const struct {
	const char *text;
	const char *error;
} bad[] = {
	{ "one sip:10.0.0.1", "1:1: the line does not begin with a set id; SETID DESTINATION FLAGS "
			      "PRIORITY ATTRS" },
	{ "-1 sip:10.0.0.1", "1:1: the line does not begin with a set id; SETID DESTINATION FLAGS "
			     "PRIORITY ATTRS" },
	{ "\n2147483648 sip:10.0.0.1", "2:1: the line does not begin with a set id; SETID "
				       "DESTINATION FLAGS PRIORITY ATTRS" },
	{ "1", "1:2: a set id without a destination; a SIP URI: sip:192.0.2.1:5060" },
	{ "# c\n\n1 # sip:10.0.0.1", "3:3: a set id without a destination; a SIP URI: "
				     "sip:192.0.2.1:5060" },
	{ "1 10.0.0.1", "1:3: the destination is not a SIP URI; sip:192.0.2.1:5060 or "
			"sip:[2001:db8::1]:5060" },
	{ "1 tel:112", "1:3: the destination is not a SIP URI; sip:192.0.2.1:5060 or "
		       "sip:[2001:db8::1]:5060" },
	{ "1 sip:sbc.example.com", "1:3: the destination is a host name; an address: names are not "
				   "resolved" },
	{ "1 sip:10.0.0.1:0", "1:3: the destination has port 0; 1 to 65535" },
	{ "1 sip:10.0.0.1 x", "1:16: the flags are not a number; a number" },
	{ "1 sip:10.0.0.1 0 -1", "1:18: the priority is not a number; a number" },
	{ "1 sip:10.0.0.1 0 0 weight=1001", "1:27: the weight is not a number that is allowed; 0 "
					    "to 1000" },
	{ "1 sip:10.0.0.1 0 0 weight=", "1:27: the weight is not a number that is allowed; 0 to "
					"1000" },
	{ "1 sip:10.0.0.1 0 0 duid=\"a", "1:25: a quote that does not end; its other end" },
};

Test(dispatcher, lines_that_are_refused_with_their_place)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct seen seen;

		cr_assert_not(read_text(bad[i].text, &seen), "%s", bad[i].text);
		cr_expect_str_eq(seen.error, bad[i].error, "%s: %s", bad[i].text, seen.error);
		cr_expect_eq(seen.entries, 0, "%s", bad[i].text);
	}
}

Test(dispatcher, a_wrong_line_does_not_hide_the_others)
{
	struct seen seen;

	cr_expect_not(read_text("1 sip:10.0.0.1\nnonsense\n1 sip:10.0.0.2\n1 sip:x\n", &seen));
	cr_expect_eq(seen.entries, 2);
	cr_expect_eq(seen.errors, 2);
	cr_expect_eq(seen.entry[1].line, 3);
}

Test(dispatcher, nothing_is_no_error)
{
	struct seen seen;

	cr_expect(read_text("", &seen));
	cr_expect(read_text("# only this", &seen));
	cr_expect(read_text("\n\n \t\r\n", &seen));
	cr_expect_eq(seen.entries, 0);
}
