/* SPDX-License-Identifier: GPL-2.0-only */
/* The text format of Prometheus: labels, escapes, sums of delays. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/prometheus.h"

static char *text;
static size_t length;
static FILE *file;

static void setup(void)
{
	file = open_memstream(&text, &length);
	cr_assert(file);
}

static void teardown(void)
{
	free(text);
}

TestSuite(prometheus, .init = setup, .fini = teardown);

static void expect(const char *wanted)
{
	fclose(file);
	cr_expect_str_eq(text, wanted);
}

Test(prometheus, a_metric_has_a_head_and_samples)
{
	const struct prometheus_label labels[] = { { "a", "x" }, { "b", "y z" } };

	prometheus_head(file, "m_total", "counter", "What it is");
	prometheus_number(file, "m_total", labels, 2, 18446744073709551615u);
	prometheus_number(file, "m_total", NULL, 0, 0);
	expect("# HELP m_total What it is\n# TYPE m_total counter\n"
	       "m_total{a=\"x\",b=\"y z\"} 18446744073709551615\nm_total 0\n");
}

Test(prometheus, what_a_label_holds_cannot_end_it)
{
	const struct prometheus_label label = { "a", "\"} 1\n\\x1b" };

	prometheus_number(file, "m", &label, 1, 2);
	expect("m{a=\"\\\"} 1\\n\\\\x1b\"} 2\n");
}

Test(prometheus, delays_are_summed_in_seconds)
{
	const struct prometheus_label label = { "a", "" };

	prometheus_delays(file, "m_seconds", &label, 1, 12000045, 3);
	expect("m_seconds_sum{a=\"\"} 12.000045\nm_seconds_count{a=\"\"} 3\n");
}
