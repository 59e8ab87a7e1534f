/* SPDX-License-Identifier: GPL-2.0-only */
/* The text format of Prometheus: see prometheus.h. */
#include <inttypes.h>

#include "export/prometheus.h"

#define USEC_PER_SEC UINT64_C(1000000)

void prometheus_head(FILE *file, const char *metric, const char *type, const char *help)
{
	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

static void print_value(FILE *file, const char *value)
{
	for (; *value; value++) {
		if (*value == '\n') {
			fputs("\\n", file);
			continue;
		}
		if (*value == '\\' || *value == '"')
			fputc('\\', file);
		fputc(*value, file);
	}
}

static void print_name(FILE *file, const char *metric, const char *suffix,
		       const struct prometheus_label *labels, size_t count)
{
	fprintf(file, "%s%s", metric, suffix);
	for (size_t i = 0; i < count; i++) {
		fprintf(file, "%s%s=\"", i ? "," : "{", labels[i].name);
		print_value(file, labels[i].value);
		fputc('"', file);
	}
	fputs(count ? "} " : " ", file);
}

void prometheus_number(FILE *file, const char *metric, const struct prometheus_label *labels,
		       size_t count, uint64_t number)
{
	print_name(file, metric, "", labels, count);
	fprintf(file, "%" PRIu64 "\n", number);
}

void prometheus_delays(FILE *file, const char *metric, const struct prometheus_label *labels,
		       size_t count, uint64_t total_us, uint64_t delays)
{
	print_name(file, metric, "_sum", labels, count);
	fprintf(file, "%" PRIu64 ".%06" PRIu64 "\n", total_us / USEC_PER_SEC,
		total_us % USEC_PER_SEC);
	print_name(file, metric, "_count", labels, count);
	fprintf(file, "%" PRIu64 "\n", delays);
}
