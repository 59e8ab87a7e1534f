/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl: the table of its commands, and how one of them is found and run. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl/ctl.h"
#include "ctl/options.h"

struct ctl_global ctl_global = { .instance = "default" };

static int cmd_help(int argc, char **argv);

static const struct ctl_command commands[] = {
	{ "status", cmd_status, NEEDS_MAPS, "status [--prometheus]",
	  "what is attached where, how full the tables are, and where sipxdp is blind",
	  "Every way in which sipxdp does not see or does not act is named under \"warnings\"." },
	{ "stats", cmd_stats, NEEDS_MAPS, "stats [--watch]",
	  "packets and bytes by service, class, verdict and reason",
	  "Verdicts: pass, drop, tx (answered from XDP) and would-drop (monitor mode)." },
	{ "calls", cmd_calls, NEEDS_MAPS,
	  "calls [--state STATE] [--source ADDR] [--user USER] [--backend NAME] [CALL-ID]",
	  "live calls, or one call in full",
	  "One call is shown with its other legs and, while the daemon is there, with its "
	  "messages.\n"
	  "Exits 1 if there is no call of that Call-ID." },
	{ "ladder", cmd_ladder, NEEDS_DAEMON, "ladder [--pcap FILE] CALL-ID",
	  "the messages of one call, drawn from the top down",
	  "Shows what the daemon remembers: the newest messages, of calls that are over as well.\n"
	  "Retransmissions are dotted. Exits 1 if no message of that Call-ID is remembered." },
	{ "registrations", cmd_registrations, NEEDS_MAPS, "registrations [AOR]",
	  "who is registered, from where and until when",
	  "Exits 1 if there is no registration of that address of record." },
	{ "sources", cmd_sources, NEEDS_MAPS, "sources [--top N] [--by packets|drops]",
	  "talkers: tier, messages, drops, last reason", NULL },
	{ "ban", cmd_ban, NEEDS_MAPS,
	  "ban list\nban add ADDR[/LEN] [--for 10m] [--reason TEXT]\nban del ADDR[/LEN]",
	  "lists, sets and lifts bans",
	  "Without --for a ban stays until it is lifted. Exempt networks are never banned." },
	{ "trust", cmd_trust, NEEDS_MAPS,
	  "trust list\ntrust add ADDR:PORT [--for 10m]\ntrust del ADDR:PORT",
	  "the table of trusted addresses and ports", "Write IPv6 as [ADDR]:PORT." },
	{ "backend", cmd_backend, NEEDS_MAPS,
	  "backend list [--service NAME]\n"
	  "backend add NAME ADDR:PORT [--weight N] [--service NAME]\n"
	  "backend remove NAME [--service NAME]\nbackend weight NAME N [--service NAME]\n"
	  "backend drain|up|down NAME [--service NAME]",
	  "lists the backends of balanced services, and changes them",
	  "Changes need the daemon. What is added, removed or weighed by hand stays until the\n"
	  "configuration is read again; drain and down stay until 'up'. A backend with calls that\n"
	  "is drained or removed keeps them; 'down' takes them from it." },
	{ "top", cmd_top, NEEDS_MAPS, "top [--once] [--interval TIME] [--by packets|drops]",
	  "a live view of services, reasons, sources and calls",
	  "Keys: q leaves, p and d order the sources by packets or drops of now.\n"
	  "It is a picture, and refuses --json." },
	{ "samples", cmd_samples, NEEDS_DAEMON, "samples [--last N]", "recently dropped packets",
	  NULL },
	{ "check", cmd_check, NEEDS_NOTHING, "check [--no-host] FILE\ncheck --reference",
	  "validates a configuration",
	  "Exits 1 with file, line, column, key and what was expected." },
	{ "replay", cmd_replay, NEEDS_NOTHING, "replay FILE.pcap -c CONFIG [--local ADDR[/LEN]]",
	  "what would pass and drop of a capture, by reason",
	  "Runs the XDP program over every frame of a pcap or pcapng file at the time it was\n"
	  "captured. Nothing is attached and no packet is sent." },
	{ "parse", cmd_parse, NEEDS_NOTHING, "parse [FILE|-]",
	  "shows what a SIP message is made of, or what is wrong with it",
	  "Reads one message, or every one of a pcap or pcapng file; - is standard input. Exits 1\n"
	  "with RFC section, offset and what is wrong." },
	{ "send", cmd_send, NEEDS_NOTHING,
	  "send METHOD URI [--to HOST[:PORT]] [--transport udp|tcp] [--user U --password P] "
	  "[OPTION...]",
	  "sends a request, shows every message, and ends what it began",
	  "Answers digest challenges, acknowledges, holds a call for --hold and hangs up; "
	  "interrupt\n"
	  "it to cancel. Exits 0 after a 2xx, 1 after another final answer or none, 3 if the peer\n"
	  "cannot be reached." },
	{ "reload", cmd_reload, NEEDS_DAEMON, "reload",
	  "makes the daemon read its configuration again", NULL },
	{ "detach", cmd_detach, NEEDS_MAPS, "detach",
	  "takes sipxdp off the interfaces and stops the daemon",
	  "Works without the daemon too: then the pinned programs and maps are removed." },
	{ "version", cmd_version, NEEDS_NOTHING, "version", "prints the version", NULL },
	{ "help", cmd_help, NEEDS_NOTHING, "help [COMMAND]", "this list, or one command", NULL },
};
#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static const char usage_line[] =
	"usage: sipxdpctl [--json] [--instance NAME] COMMAND [OPTION...] [ARGUMENT...]\n";

int ctl_fail(enum ctl_exit code, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("sipxdpctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return code;
}

int ctl_fail_usage(const char *name, const char *format, ...)
{
	const struct ctl_command *command = ctl_command_find(name);
	const char *line = command ? command->usage : NULL;
	va_list args;

	fputs("sipxdpctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	if (!line) {
		fputs(usage_line, stderr);
		fputs("'sipxdpctl help' lists the commands\n", stderr);
	}
	for (const char *lead = "usage:"; line && *line; lead = "      ") {
		int len = (int)strcspn(line, "\n");

		fprintf(stderr, "%s sipxdpctl %.*s\n", lead, len, line);
		line += len + (line[len] == '\n');
	}
	return CTL_USAGE;
}

const struct ctl_command *ctl_command_find(const char *name)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int print_commands(void)
{
	static const char *const needs[] = {
		[NEEDS_NOTHING] = "",
		[NEEDS_MAPS] = "m",
		[NEEDS_DAEMON] = "d",
	};

	fputs(usage_line, stdout);
	puts("\ncommands (m: needs the pinned maps, d: needs the daemon):");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		printf("  %-14s %1s  %s\n", commands[i].name, needs[commands[i].needs],
		       commands[i].summary);
	puts("\nexit codes: 0 done, 1 the answer is no (invalid, not found), 2 wrong usage,\n"
	     "            3 maps or daemon cannot be reached, 4 not permitted");
	return CTL_DONE;
}

static int cmd_help(int argc, char **argv)
{
	static char help_option[] = "--help";
	const struct ctl_command *command;
	char *words[3] = { NULL, help_option, NULL };
	int code;

	if (!options_parse(&argc, argv, NULL, 1, &code))
		return code;
	if (argc == 1)
		return print_commands();
	command = ctl_command_find(argv[1]);
	if (!command)
		return ctl_fail_usage("sipxdpctl", "unknown command '%s'", argv[1]);
	words[0] = argv[1];
	return command->run(2, words);
}

static int find_and_run(int argc, char **argv)
{
	static char self[] = "sipxdpctl", version[] = "version";
	static char *no_words[] = { self, NULL };
	const struct ctl_command *command;
	bool help;

	if (argc < 1) {
		argc = 1;
		argv = no_words;
	}
	argv[0] = self;
	if (!options_take_leading(&argc, argv, &help))
		return CTL_USAGE;
	if (argc == 1)
		return help ? print_commands() : ctl_fail_usage(self, "which command?");
	if (strcmp(argv[1], "--version") == 0)
		argv[1] = version;
	if (argv[1][0] == '-')
		return ctl_fail_usage(self, "unknown option %s", argv[1]);
	command = ctl_command_find(argv[1]);
	if (!command)
		return ctl_fail_usage(self, "unknown command '%s'", argv[1]);
	return command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
	int code = find_and_run(argc, argv);

	/* A full disk shows here at the latest: an answer that was not written is no answer. */
	if (fflush(stdout) || ferror(stdout)) {
		ctl_fail(CTL_NO, "cannot write the answer: %s", strerror(errno));
		return code ? code : CTL_NO;
	}
	return code;
}
