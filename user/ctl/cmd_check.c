/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl check: is this configuration good, and if not, where and why. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "ctl/ctl.h"
#include "ctl/options.h"
#include "policy/config.h"

/* JSON is UTF-8; of a file name that is not, what cannot be said becomes a question mark. */
static json_t *json_text(const char *text)
{
	json_t *json = json_string(text);
	char ascii[4096];
	size_t i = 0;

	if (json)
		return json;
	for (; text[i] && i < sizeof(ascii) - 1; i++)
		ascii[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	ascii[i] = '\0';
	return json_string(ascii);
}

static json_t *json_errors(const struct config_errors *errs)
{
	json_t *list = json_array();

	for (size_t i = 0; i < errs->count; i++) {
		const struct config_error *error = &errs->list[i];
		json_t *item = json_object();

		json_object_set_new(item, "file", json_text(error->file));
		json_object_set_new(item, "line", json_integer(error->place.line));
		json_object_set_new(item, "column", json_integer(error->place.column));
		json_object_set_new(item, "key", json_text(error->key));
		json_object_set_new(item, "what", json_text(error->what));
		json_object_set_new(item, "expected", json_text(error->expected));
		json_array_append_new(list, item);
	}
	return list;
}

/* A good file may still say less than was meant. The sentences go to `out` as lines behind `before`,
 * and to `list`; either may be NULL. */
static void find_gaps(const struct config_service *service, const char *before, FILE *out,
		      json_t *list)
{
	static const char *const fate[] = {
		[CONFIG_NO_BACKEND_DROP] = "is dropped",
		[CONFIG_NO_BACKEND_REPLY_503] = "is answered by 503",
		[CONFIG_NO_BACKEND_PASS] = "passes to this host",
	};

	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		char text[256];

		if (!config_lacks_backends(service, !ipv6))
			continue;
		snprintf(text, sizeof(text),
			 "service %s listens on IPv%d, but has no IPv%d backend: what comes there "
			 "%s (on_no_backend)",
			 service->name, ipv6 ? 6 : 4, ipv6 ? 6 : 4,
			 fate[service->balance.on_no_backend]);
		if (out)
			fprintf(out, "%s%s\n", before, text);
		if (list)
			json_array_append_new(list, json_text(text));
	}
}

/* cfg: NULL if the file is not good. */
static json_t *json_warnings(const struct config *cfg)
{
	json_t *list = json_array();

	for (size_t i = 0; cfg && i < cfg->service_count; i++)
		find_gaps(&cfg->services[i], "", NULL, list);
	return list;
}

static int print_json(const char *file, const struct config *cfg, const struct config_errors *errs)
{
	json_t *answer = json_object();
	int failed;

	json_object_set_new(answer, "valid", json_boolean(errs->count == 0));
	json_object_set_new(answer, "file", json_text(file));
	json_object_set_new(answer, "errors", json_errors(errs));
	json_object_set_new(answer, "warnings", json_warnings(cfg));
	failed = json_dumpf(answer, stdout, JSON_COMPACT) || putchar('\n') == EOF || fflush(stdout);
	json_decref(answer);
	return failed ? ctl_fail(CTL_NO, "cannot write the answer") : CTL_DONE;
}

static const char *mode_name(enum config_mode mode)
{
	return mode == CONFIG_MODE_MONITOR ? "monitor" : "enforce";
}

static int print_summary(const char *file, const struct config *cfg)
{
	printf("%s: ok\n  instance %s, mode %s, interfaces", file, cfg->instance,
	       mode_name(cfg->mode));
	for (size_t i = 0; i < cfg->interface_count; i++)
		printf("%s %s", i ? "," : "", cfg->interfaces[i].name);
	putchar('\n');
	for (size_t i = 0; i < cfg->service_count; i++) {
		const struct config_service *service = &cfg->services[i];

		printf("  service %s: %s, %s, %zu listen%s", service->name,
		       service->balanced ? "balance" : "guard", mode_name(service->mode),
		       service->listen_count, service->listen_count == 1 ? "" : "s");
		if (service->balanced)
			printf(", %zu backend%s%s", service->balance.backend_count,
			       service->balance.backend_count == 1 ? "" : "s",
			       service->balance.import_path ? " and an import" : "");
		putchar('\n');
		find_gaps(service, "  warning: ", stdout, NULL);
	}
	printf("  %zu network%s, %zu scanner name%s\n", cfg->network_count,
	       cfg->network_count == 1 ? "" : "s", cfg->scanners.user_agent_count,
	       cfg->scanners.user_agent_count == 1 ? "" : "s");
	return fflush(stdout) ? ctl_fail(CTL_NO, "cannot write the answer") : CTL_DONE;
}

static int check_file(const char *file, bool host, struct config_errors *errs)
{
	struct config *cfg = NULL;
	int err = config_load(file, &cfg, errs);
	int code = CTL_DONE;

	if (!err && host)
		err = config_check_host(cfg, errs);
	if (ctl_global.json)
		code = print_json(file, cfg, errs);
	else if (err)
		config_errors_print(errs, stderr);
	else
		code = print_summary(file, cfg);
	config_free(cfg);
	if (err == -EACCES || err == -EPERM)
		return CTL_NOT_PERMITTED;
	return err ? CTL_NO : code;
}

int cmd_check(int argc, char **argv)
{
	bool no_host = false, reference = false;
	const struct ctl_option table[] = {
		{ .name = "no-host",
		  .kind = OPTION_FLAG,
		  .help = "for another host: its interfaces need not exist here",
		  .to.flag = &no_host },
		{ .name = "reference",
		  .kind = OPTION_FLAG,
		  .help = "instead of a check, print the reference of all keys",
		  .to.flag = &reference },
		{ .kind = OPTION_END },
	};
	struct config_errors *errs;
	int code;

	if (!options_parse(&argc, argv, table, 1, &code))
		return code;
	if (reference) {
		if (argc > 1)
			return ctl_fail_usage(argv[0], "--reference takes no file");
		config_reference(stdout);
		return CTL_DONE;
	}
	if (argc != 2)
		return ctl_fail_usage(argv[0], "no file to check");
	errs = malloc(sizeof(*errs)); /* too large for the stack */
	if (!errs)
		return ctl_fail(CTL_NO, "out of memory");
	code = check_file(argv[1], !no_host, errs);
	free(errs);
	return code;
}
