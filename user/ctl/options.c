/* SPDX-License-Identifier: GPL-2.0-only */
/* Options as data: reads argv against a table, and prints the table as help. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sipxdp/map.h>
#include <sipxdp/time.h>

#include "ctl/ctl.h"
#include "ctl/duration.h"
#include "ctl/options.h"

static bool help_wanted;

static const struct ctl_option shared_options[] = {
	{ .name = "json",
	  .kind = OPTION_FLAG,
	  .help = "print one JSON document instead of text",
	  .to.flag = &ctl_global.json },
	{ .name = "instance",
	  .kind = OPTION_TEXT,
	  .placeholder = "NAME",
	  .help = "which instance to talk about (default: default)",
	  .to.text = &ctl_global.instance },
	{ .name = "help",
	  .letter = 'h',
	  .kind = OPTION_FLAG,
	  .help = "print this help",
	  .to.flag = &help_wanted },
	{ .kind = OPTION_END },
};

/* The instance becomes part of paths: a name, never a way out of its directory; bpffs takes no dots. */
static bool instance_is_sane(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len >= NAME_SIZE)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("-_", name[i]))
			return false;
	return true;
}

static const struct ctl_option *find_long(const struct ctl_option *table, const char *name,
					  size_t len)
{
	for (; table && table->kind != OPTION_END; table++)
		if (strlen(table->name) == len && memcmp(table->name, name, len) == 0)
			return table;
	return NULL;
}

static const struct ctl_option *find_letter(const struct ctl_option *table, char letter)
{
	for (; table && table->kind != OPTION_END; table++)
		if (table->letter && table->letter == letter)
			return table;
	return NULL;
}

static bool store_number(const struct ctl_option *option, const char *value)
{
	uint64_t number = 0;
	const char *p = value;

	for (; *p >= '0' && *p <= '9' && number <= option->limit; p++)
		number = number * 10 + (uint64_t)(*p - '0');
	if (p == value || *p || number == 0 || number > option->limit) {
		ctl_fail(CTL_USAGE, "--%s: '%s' is not a number from 1 to %" PRIu64, option->name,
			 value, option->limit);
		return false;
	}
	*option->to.number = number;
	return true;
}

static bool store_duration(const struct ctl_option *option, const char *value)
{
	uint64_t ns = 0;
	int err = duration_parse(value, &ns);

	if (err == -ERANGE)
		ctl_fail(CTL_USAGE, "--%s: '%s' is longer than %d days", option->name, value,
			 DURATION_MAX_DAYS);
	else if (err)
		ctl_fail(CTL_USAGE, "--%s: '%s' is not a duration such as 90s, 10m or 1h30m",
			 option->name, value);
	else if (!ns) /* which would read as "no end" */
		err = ctl_fail(CTL_USAGE, "--%s: '%s' is no time at all", option->name, value);
	else
		*option->to.duration_ns = ns;
	return !err;
}

static bool store_seconds(const struct ctl_option *option, const char *value)
{
	const uint64_t longest = UINT64_C(86400) * DURATION_MAX_DAYS;
	uint64_t seconds = 0;
	const char *p = value;

	for (; *p >= '0' && *p <= '9' && seconds <= longest; p++)
		seconds = seconds * 10 + (uint64_t)(*p - '0');
	if (p == value || *p || seconds > longest)
		return store_duration(option, value);
	*option->to.duration_ns = seconds * NSEC_PER_SEC;
	return true;
}

static bool store_another(const struct ctl_option *option, const char *value)
{
	struct ctl_texts *texts = option->to.texts;

	if (texts->count == OPTION_TEXTS_MAX) {
		ctl_fail(CTL_USAGE, "--%s: more than %d of them", option->name, OPTION_TEXTS_MAX);
		return false;
	}
	texts->items[texts->count++] = value;
	return true;
}

static bool store_choice(const struct ctl_option *option, const char *value)
{
	for (unsigned int i = 0; option->choices[i]; i++) {
		if (strcmp(option->choices[i], value) == 0) {
			*option->to.choice = i;
			return true;
		}
	}
	fprintf(stderr, "sipxdpctl: --%s: '%s' is none of", option->name, value);
	for (unsigned int i = 0; option->choices[i]; i++)
		fprintf(stderr, " %s", option->choices[i]);
	fputc('\n', stderr);
	return false;
}

static bool store(const struct ctl_option *option, const char *value)
{
	switch (option->kind) {
	case OPTION_FLAG: *option->to.flag = true; return true;
	case OPTION_TEXT: *option->to.text = value; return true;
	case OPTION_NUMBER: return store_number(option, value);
	case OPTION_DURATION: return store_duration(option, value);
	case OPTION_CHOICE: return store_choice(option, value);
	case OPTION_SECONDS: return store_seconds(option, value);
	case OPTION_TEXTS: return store_another(option, value);
	case OPTION_END: break;
	}
	return false;
}

/* How many words a table claims at argv[0]: 0 for a word that is none of its options. */
static int match(const struct ctl_option *table, char **argv, const struct ctl_option **option,
		 const char **value)
{
	const char *word = argv[0];

	*value = NULL;
	if (word[0] != '-' || !word[1])
		return 0;
	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		*option = find_long(table, word + 2, len);
		if (word[2 + len] == '=')
			*value = word + 2 + len + 1;
	} else {
		*option = find_letter(table, word[1]);
		if (word[2])
			*value = word + 2;
	}
	if (!*option)
		return 0;
	if (*value || (*option)->kind == OPTION_FLAG)
		return 1;
	*value = argv[1];
	return 2;
}

/* The lines "--name VALUE  help" of a table. */
static void print_options(const struct ctl_option *table)
{
	for (; table && table->kind != OPTION_END; table++) {
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", table->letter ? '-' : ' ',
			 table->letter ? table->letter : ' ', table->letter ? "," : " ",
			 table->name, table->placeholder ? " " : "",
			 table->placeholder ? table->placeholder : "");
		printf("  %-28s %s\n", left, table->help);
	}
}

static void print_help(const char *name, const struct ctl_option *table)
{
	const struct ctl_command *command = ctl_command_find(name);
	const char *line = command->usage;

	for (const char *lead = "usage:"; line && *line; lead = "      ") {
		int len = (int)strcspn(line, "\n");

		printf("%s sipxdpctl %.*s\n", lead, len, line);
		line += len + (line[len] == '\n');
	}
	printf("\n%s\n", command->summary);
	if (command->detail)
		printf("\n%s\n", command->detail);
	printf("\noptions:\n");
	print_options(table);
	print_options(shared_options);
}

/* One option at argv[0] that match() has found; false after a complaint. */
static bool take_one(const char *command, const struct ctl_option *option, const char *value)
{
	bool wants_value = option->kind != OPTION_FLAG;

	if (wants_value == (value != NULL))
		return store(option, value);
	ctl_fail_usage(command, wants_value ? "--%s wants a value" : "--%s takes no value",
		       option->name);
	return false;
}

/* One pass over argv; with leading, up to the first word that is no shared option. */
static bool take(int *argc, char **argv, const struct ctl_option *table, bool leading)
{
	int in = 1, out = 1;

	while (in < *argc) {
		const struct ctl_option *option = NULL;
		const char *value;
		int words;

		if (strcmp(argv[in], "--") == 0) {
			in += !leading;
			break;
		}
		words = match(table, argv + in, &option, &value);
		if (!words)
			words = match(shared_options, argv + in, &option, &value);
		if (words) {
			if (!take_one(argv[0], option, value))
				return false;
			in += words;
			continue;
		}
		if (leading)
			break;
		if (argv[in][0] == '-' && argv[in][1]) {
			ctl_fail_usage(argv[0], "unknown option %s", argv[in]);
			return false;
		}
		argv[out++] = argv[in++];
	}
	while (in < *argc)
		argv[out++] = argv[in++];
	argv[out] = NULL;
	*argc = out;
	if (instance_is_sane(ctl_global.instance))
		return true;
	ctl_fail(CTL_USAGE, "--instance: a name is up to %d letters, digits, '-' and '_'",
		 NAME_SIZE - 1);
	return false;
}

bool options_parse(int *argc, char **argv, const struct ctl_option *table, int words_max, int *code)
{
	*code = CTL_USAGE;
	if (!take(argc, argv, table, false))
		return false;
	if (help_wanted) {
		print_help(argv[0], table);
		*code = CTL_DONE;
		return false;
	}
	if (*argc - 1 > words_max) {
		ctl_fail_usage(argv[0], "unexpected argument '%s'", argv[words_max + 1]);
		return false;
	}
	return true;
}

bool options_take_leading(int *argc, char **argv, bool *help)
{
	bool good = take(argc, argv, NULL, true);

	*help = help_wanted;
	return good;
}
