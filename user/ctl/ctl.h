/* SPDX-License-Identifier: GPL-2.0-only */
/* What every command of sipxdpctl shares: its shape, the exit codes, and how it says that it
 * cannot go on. */
#ifndef SIPXDP_CTL_CTL_H
#define SIPXDP_CTL_CTL_H

#include <stdbool.h>

/* Exit codes: scripts rely on them. */
enum ctl_exit {
	CTL_DONE = 0,
	CTL_NO = 1,	       /* the answer is no: invalid, not found, refused */
	CTL_USAGE = 2,	       /* wrong usage */
	CTL_UNREACHABLE = 3,   /* the maps or the daemon cannot be reached */
	CTL_NOT_PERMITTED = 4, /* this user may not */
};

/* The options that every command takes, already read when the command runs. */
struct ctl_global {
	bool json;	      /* --json: one JSON document to standard output */
	const char *instance; /* --instance NAME; never NULL, safe as part of a path */
};
extern struct ctl_global ctl_global;

/* What must be there before a command can work; `help` tells. */
enum ctl_needs { NEEDS_NOTHING, NEEDS_MAPS, NEEDS_DAEMON };

/*
 * A command gets its own name as argv[0] and the words after it; argv[argc] is NULL. It prints to
 * standard output, complains to standard error, and returns an exit code.
 */
struct ctl_command {
	const char *name;
	int (*run)(int argc, char **argv);
	enum ctl_needs needs;
	const char *usage;   /* what follows "sipxdpctl": "ban list\nban add ADDR"; lines by \n */
	const char *summary; /* one line for the list of commands */
	const char *detail;  /* paragraphs for `help COMMAND`, or NULL */
};

int cmd_backend(int argc, char **argv);
int cmd_ban(int argc, char **argv);
int cmd_calls(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_detach(int argc, char **argv);
int cmd_ladder(int argc, char **argv);
int cmd_parse(int argc, char **argv);
int cmd_registrations(int argc, char **argv);
int cmd_reload(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_samples(int argc, char **argv);
int cmd_send(int argc, char **argv);
int cmd_sources(int argc, char **argv);
int cmd_stats(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_trust(int argc, char **argv);
int cmd_version(int argc, char **argv);

/* The command of that name, or NULL. */
const struct ctl_command *ctl_command_find(const char *name);

/* One line to standard error, with the program's name in front; returns code, to be returned. */
int ctl_fail(enum ctl_exit code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ctl_fail(CTL_USAGE) followed by the usage of that command. */
int ctl_fail_usage(const char *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
