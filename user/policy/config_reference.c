/* SPDX-License-Identifier: GPL-2.0-only */
/* docs/configuration.md, printed from the schema. */
#include <ctype.h>
#include <string.h>

#include "policy/config_schema.h"

static const char introduction[] =
	"# Configuration\n"
	"\n"
	"<!-- Printed by `sipxdpctl check --reference` from the schema in the sources.\n"
	"     Change it there. -->\n"
	"\n"
	"sipxdp reads one YAML file, `/etc/sipxdp/sipxdp.yaml` unless told otherwise. Only "
	"`interfaces`\n"
	"and one entry of `services` with `name` and `listen` are needed; everything else has a\n"
	"default.\n"
	"\n"
	"```yaml\n"
	"interfaces: [eth0]\n"
	"services:\n"
	"  - name: proxy\n"
	"    listen: [\"udp:192.0.2.10:5060\", \"udp:[2001:db8::10]:5060\"]\n"
	"```\n"
	"\n"
	"`sipxdpctl check FILE` says whether a file is good, and if not, what is wrong, each on a "
	"line:\n"
	"\n"
	"```\n"
	"sipxdp.yaml:7:29: services[0].limits.per_source.invite: \"20x/s\" is not a rate; expected "
	"N/s, N/m, N/h or off\n"
	"```\n"
	"\n"
	"The same check is made when the daemon starts and when it reloads: a file with an error "
	"changes\n"
	"nothing.\n"
	"\n"
	"## How values are written\n"
	"\n"
	"| value | is written as |\n"
	"| --- | --- |\n"
	"| rate | `20/s`, `600/m` or `3600/h`: messages in a second, minute or hour, at most "
	"10000000 a second; `off` or `unlimited`: no limit. With a burst of its own: `{rate: 20/s, "
	"burst: 40}` |\n"
	"| burst | messages let through at once before the rate is felt; by default what one "
	"second brings, and at least 1 |\n"
	"| duration | `500ms`, `30s`, `10m`, `2h`, `7d` |\n"
	"| listen | `udp:192.0.2.10:5060`, `tcp:[2001:db8::10]:5060`, `tls:*:5061`: `*` is every "
	"address of both families, `0.0.0.0` every IPv4 and `[::]` every IPv6 address |\n"
	"| network | `192.0.2.7`, `192.0.2.0/24`, `2001:db8::/32`, or `file:PATH`: a file with one "
	"of them in each line, where `#` begins a comment |\n"
	"| path | relative to the directory of the configuration, or absolute |\n"
	"\n"
	"Everything stands on one line; quotes are needed only where YAML wants them "
	"(`\"*:5060\"`, text\n"
	"with `: ` or ` #`). A list replaces its default as a whole. A key that is not listed "
	"here, a key\n"
	"that stands twice, a value of the wrong kind, an empty value, anchors, aliases, tags and "
	"a\n"
	"second document are errors. The file has at most 1 MiB.\n"
	"\n"
	"There are at most 16 services and 255 listens, 32 of them on one port (UDP by itself; TCP "
	"and\n"
	"TLS together), where `*` counts as two. The same address, port and transport cannot be "
	"listened\n"
	"on twice.\n"
	"\n"
	"All lists of networks together hold at most 1,048,576 prefixes, and no more than\n"
	"`tables.networks` has room for.\n";

/* Markdown's table cells end at a |. */
static void print_cell(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', out);
		fputc(*text, out);
	}
}

static void print_default(FILE *out, const struct config_key *key)
{
	if (key->initial && config_type_is_list(key->type))
		fprintf(out, "`[%s]`", key->initial);
	else if (key->burst)
		fprintf(out, "`{rate: %s, burst: %u}`", key->initial, key->burst);
	else if (key->initial)
		fprintf(out, "`%s`", key->initial);
	else if (key->derived)
		fputs(key->derived, out);
	else
		fputs(key->flags & CONFIG_KEY_REQUIRED ? "**required**" : "none", out);
}

/* How long a list may be, where that says more than its values do: all networks are bounded together. */
static void print_list(FILE *out, const struct config_key *key)
{
	if (key->type == CONFIG_TYPE_NETWORKS || key->type == CONFIG_TYPE_REASONS)
		fputs("list, each: ", out);
	else
		fprintf(out, "list of at most %u, each: ", (unsigned int)key->max);
}

static void print_row(FILE *out, const struct config_key *key, const char *name)
{
	char expected[CONFIG_EXPECTED_SIZE];

	fprintf(out, "| `%s` | ", name);
	if (config_type_is_list(key->type))
		print_list(out, key);
	print_cell(out, config_key_expected(key, expected));
	fputs(" | ", out);
	print_default(out, key);
	fputs(" | ", out);
	print_cell(out, key->help);
	fputs(" |\n", out);
}

static bool has_section(const struct config_key *key)
{
	return key->type == CONFIG_TYPE_SECTION || key->type == CONFIG_TYPE_SERVICES ||
	       key->type == CONFIG_TYPE_BACKENDS;
}

/* The keys right below parent that are no sections themselves. */
static void print_table(FILE *out, const char *parent)
{
	size_t count;
	const struct config_key *schema = config_schema(&count);
	const char *name;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (has_section(&schema[i]) || !config_schema_is_child(&schema[i], parent, &name))
			continue;
		if (!any)
			fputs("\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n",
			      out);
		any = true;
		print_row(out, &schema[i], name);
	}
}

static void print_section(FILE *out, const struct config_key *key)
{
	bool list = key->type != CONFIG_TYPE_SECTION;
	bool top = !strpbrk(key->path, ".[");
	char parent[64];

	snprintf(parent, sizeof(parent), "%s%s", key->path, list ? "[]" : "");
	fprintf(out, "\n%s `%s`\n\n%c%s.\n", top ? "##" : "###", parent,
		toupper((unsigned char)key->help[0]), key->help + 1);
	if (list)
		fprintf(out, "A list of maps: %s%zu at most.\n",
			key->flags & CONFIG_KEY_REQUIRED ? "one at least, " : "", (size_t)key->max);
	print_table(out, parent);
}

void config_reference(FILE *out)
{
	size_t count;
	const struct config_key *schema = config_schema(&count);

	fputs(introduction, out);
	fputs("\n## Top level\n", out);
	print_table(out, "");
	for (size_t i = 0; i < count; i++)
		if (has_section(&schema[i]))
			print_section(out, &schema[i]);
}
