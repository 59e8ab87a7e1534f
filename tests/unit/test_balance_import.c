/* SPDX-License-Identifier: GPL-2.0-only */
/* Pools that are imported: what becomes of a dispatcher.list, what is wrong with one and where, and
 * what is done to a pool by hand. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/apply_pool.h"
#include "policy/config.h"
#include "policy/config_pool.h"
#include "plane/key.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static char directory[] = "/tmp/sipxdp-test-XXXXXX";
static char list_path[64], config_path[64];
static struct config_errors errs;

static void setup(void)
{
	cr_assert(mkdtemp(directory));
	snprintf(list_path, sizeof(list_path), "%s/dispatcher.list", directory);
	snprintf(config_path, sizeof(config_path), "%s/sipxdp.yaml", directory);
}

static void teardown(void)
{
	unlink(list_path);
	rmdir(directory);
}

TestSuite(import, .init = setup, .fini = teardown);

static void write_list(const char *text)
{
	FILE *out = fopen(list_path, "w");

	cr_assert(out);
	fputs(text, out);
	cr_assert_eq(fclose(out), 0);
}

static int load(const char *backends, struct config **out)
{
	char text[1024];

	snprintf(text, sizeof(text),
		 "interfaces: [eth0]\nservices:\n  - name: proxy\n"
		 "    listen: [\"udp:192.0.2.10:5060\"]\n"
		 "    balance:\n      import: dispatcher.list\n%s",
		 backends);
	return config_parse(text, strlen(text), config_path, out, &errs);
}

static const struct {
	const char *list;
	const char *error; /* behind the path of the list */
} bad[] = {
	{ "1 sip:10.0.0.1\n1 sip:sbc.example.com",
	  ":2:3: services[0].balance.import: the destination is a host name; expected an address: "
	  "names are not resolved\n" },
	{ "1 sip:10.0.0.1\n\n1 sip:10.0.0.1:5060 0 0 weight=5",
	  ":3:3: services[0].balance.import: the set has that address and port already; expected "
	  "each once\n" },
	{ "1 sip:192.0.2.10:5060", ":1:3: services[0].balance.import: it is an address that a "
				   "service listens on: packets would loop; expected the address "
				   "of another host\n" },
	{ "1 sip:[2001:db8::1]", ":1:3: services[0].balance.import: an IPv6 backend, but the "
				 "service has no IPv6 listen; expected the family of the service's "
				 "listens\n" },
	{ "1 sip:127.0.0.1", ":1:3: services[0].balance.import: a loopback address: packets from "
			     "outside cannot be sent on to it; expected the address of another "
			     "host\n" },
	{ "2 sip:10.0.0.1", ": services[0].balance.import: no destination in set 1; expected at "
			    "least one\n" },
};

Test(import, what_is_wrong_and_where)
{
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct config *cfg = NULL;
		char *text = NULL, wanted[512];
		size_t size;
		FILE *out;

		write_list(bad[i].list);
		cr_assert_eq(load("", &cfg), -EINVAL, "%s", bad[i].list);
		out = open_memstream(&text, &size);
		config_errors_print(&errs, out);
		fclose(out);
		snprintf(wanted, sizeof(wanted), "%s%s", list_path, bad[i].error);
		cr_expect_str_eq(text, wanted);
		free(text);
	}
}

Test(import, a_list_that_is_not_there)
{
	struct config *cfg = NULL;

	cr_assert_eq(load("", &cfg), -EINVAL);
	cr_expect_str_eq(errs.list[0].what, "cannot be read: No such file or directory");
}

Test(import, the_files_own_backends_go_before_the_imported)
{
	struct pool_member *members;
	struct config *cfg = NULL;
	size_t count;

	write_list("1 sip:10.0.0.12 0 0 weight=9\n1 sip:10.0.0.11 1 0 weight=9;duid=off\n");
	cr_assert_eq(load("      backends: [{name: own, address: \"10.0.0.12:5060\"}]\n", &cfg), 0,
		     "%s", errs.list[0].what);
	cr_assert_eq(apply_members(&cfg->services[0].balance, &members, &count), 0);
	cr_assert_eq(count, 2);
	cr_expect_str_eq(members[0].name, "off", "in order of address");
	cr_expect_eq(members[0].weight, 0, "an inactive destination gets no new calls");
	cr_expect_str_eq(members[1].name, "own");
	cr_expect_eq(members[1].weight, 1);
	free(members);
	config_free(cfg);
}

Test(import, read_again)
{
	struct config_backend *list = NULL;
	struct config *cfg = NULL;
	size_t count = 0;

	write_list("1 sip:10.0.0.11\n");
	cr_assert_eq(load("", &cfg), 0);
	write_list("1 sip:10.0.0.11\n1 sip:10.0.0.12\n");
	cr_assert_eq(config_import(cfg, &cfg->services[0], &list, &count, &errs), 0);
	cr_expect_eq(count, 2);
	free(list);
	write_list("1 sip:10.0.0.11\n1 nonsense\n");
	cr_expect_eq(config_import(cfg, &cfg->services[0], &list, &count, &errs), -EINVAL);
	cr_expect_eq(errs.list[0].place.line, 2);
	cr_expect_eq(count, 2, "nothing is written on an error");
	config_free(cfg);
}

Test(import, names_that_cannot_be_used_are_replaced)
{
	struct config *cfg = NULL;
	const struct config_backend *list;

	write_list("1 sip:10.0.0.11 0 0 duid=a/b\n1 sip:10.0.0.12 0 0 duid=x\n"
		   "1 sip:10.0.0.13 0 0 duid=x\n");
	cr_assert_eq(load("", &cfg), 0);
	list = cfg->services[0].balance.imported;
	cr_expect_str_eq(list[0].name, "10.0.0.11:5060");
	cr_expect_str_eq(list[1].name, "x");
	cr_expect_str_eq(list[2].name, "10.0.0.13:5060", "each name once");
	config_free(cfg);
}

Test(import, changes_by_hand_are_kept_in_the_configuration)
{
	struct endpoint one, two;
	struct config *cfg = NULL;
	struct config_balance *balance;

	endpoint_parse("10.0.0.11:5060", 14, &one);
	endpoint_parse("10.0.0.12:5060", 14, &two);
	write_list("1 sip:10.0.0.11\n");
	cr_assert_eq(load("", &cfg), 0);
	balance = &cfg->services[0].balance;
	cr_assert_eq(config_pool_add(balance, "two", &two, 3), 0);
	config_pool_weight(balance, &one, 7);
	config_pool_weight(balance, &two, 8);
	cr_expect_eq(balance->imported[0].weight, 7);
	cr_expect_eq(balance->backends[0].weight, 8);
	config_pool_remove(balance, &one);
	config_pool_remove(balance, &one);
	cr_expect_eq(balance->imported_count, 0);
	cr_expect_eq(balance->backend_count, 1);
	config_free(cfg);
}
