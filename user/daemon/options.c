/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of sipxdpd. */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "daemon/options.h"
#include "policy/config.h"
#include "policy/config_scalar.h"

void options_help(FILE *out)
{
	fputs("usage: sipxdpd [-c FILE] [-t] [--instance NAME] [--fresh] [-v]\n"
	      "       sipxdpd -V | -h\n"
	      "\n"
	      "Guards the SIP services that FILE names, in XDP, and tracks their calls. Runs in "
	      "the\n"
	      "foreground; SIGHUP reloads FILE, SIGTERM stops.\n"
	      "\n"
	      "  -c, --config FILE    configuration (default " OPTIONS_CONFIG_DEFAULT ")\n"
	      "  -t, --check          check FILE and exit: 0 if it is good, 1 if not\n"
	      "      --instance NAME  use this instance name instead of the one in FILE\n"
	      "      --fresh          forget what an earlier run has left in its maps\n"
	      "  -v, --verbose        log more; twice: what the BPF libraries say, too\n"
	      "  -V, --version        print the version and exit\n"
	      "  -h, --help           print this and exit\n"
	      "\n"
	      "See sipxdpd(8), sipxdpctl(8).\n",
	      out);
}

static int parse_instance(const char *program, const char *name)
{
	char parsed[CONFIG_NAME_SIZE];

	if (!config_instance_parse(name, strlen(name), parsed))
		return 0;
	fprintf(stderr,
		"%s: --instance: '%s' is not a name; expected letters, digits, '-' and '_', at "
		"most %d\n",
		program, name, CONFIG_NAME_SIZE - 1);
	return -EINVAL;
}

int options_parse(int argc, char **argv, struct options *out)
{
	static const struct option names[] = {
		{ "config", required_argument, NULL, 'c' },   { "check", no_argument, NULL, 't' },
		{ "instance", required_argument, NULL, 'i' }, { "fresh", no_argument, NULL, 'f' },
		{ "verbose", no_argument, NULL, 'v' },	      { "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },	      { NULL, 0, NULL, 0 },
	};
	struct options options = { .config_path = OPTIONS_CONFIG_DEFAULT };
	int option;

	while ((option = getopt_long(argc, argv, "c:tvVh", names, NULL)) != -1) {
		switch (option) {
		case 'c': options.config_path = optarg; break;
		case 't': options.check_only = true; break;
		case 'i': options.instance = optarg; break;
		case 'f': options.fresh = true; break;
		case 'v': options.verbose++; break;
		case 'V': options.version = true; break;
		case 'h': options.help = true; break;
		default: return -EINVAL; /* getopt_long has said what is wrong */
		}
	}
	if (optind < argc) {
		fprintf(stderr, "%s: unexpected argument: %s\n", argv[0], argv[optind]);
		return -EINVAL;
	}
	if (options.instance && parse_instance(argv[0], options.instance))
		return -EINVAL;
	*out = options;
	return 0;
}
