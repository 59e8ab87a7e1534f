/* SPDX-License-Identifier: GPL-2.0-only */
/* Options as data: each command gives a table of what it takes and where the value goes. */
#ifndef SIPXDP_CTL_OPTIONS_H
#define SIPXDP_CTL_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum ctl_option_kind {
	OPTION_END, /* ends a table */
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_NUMBER,	 /* decimal, 1..option.limit */
	OPTION_DURATION, /* duration_parse() */
	OPTION_CHOICE,	 /* one of option.choices */
	OPTION_SECONDS,	 /* a duration, or a bare number of seconds; 0 too */
	OPTION_TEXTS,	 /* may be given again and again */
};

#define OPTION_TEXTS_MAX 32

struct ctl_texts {
	const char *items[OPTION_TEXTS_MAX];
	unsigned int count;
};

struct ctl_option {
	const char *name; /* without the two dashes */
	enum ctl_option_kind kind;
	char letter;		    /* short form, or 0 */
	const char *placeholder;    /* what the usage calls the value, unless it is a flag */
	const char *help;	    /* one line */
	const char *const *choices; /* ends with NULL */
	uint64_t limit;
	union {
		bool *flag;
		const char **text;
		uint64_t *number;
		uint64_t *duration_ns;
		unsigned int *choice; /* index into choices */
		struct ctl_texts *texts;
	} to;
};

/*
 * Takes the options of table (may be NULL) and the shared ones (--json, --instance, --help) out of
 * argv, wherever they stand up to a "--", and stores their values. What is left is argv[0] and the
 * *argc - 1 other words, in order, at most words_max of them. The values point into argv. Whether
 * the command is to go on; if not (help was printed, or a complaint), *code is its exit code.
 */
bool options_parse(int *argc, char **argv, const struct ctl_option *table, int words_max,
		   int *code);

/*
 * For main(): takes the shared options in front of the command. Whether to go on; *help tells
 * whether help was asked for, of a command (which will print it) or, with none, in general.
 */
bool options_take_leading(int *argc, char **argv, bool *help);

#endif
