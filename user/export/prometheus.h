/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes numbers in the text format that Prometheus reads (version 0.0.4). All samples of a metric
 * stand together, behind its head. */
#ifndef SIPXDP_EXPORT_PROMETHEUS_H
#define SIPXDP_EXPORT_PROMETHEUS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The name is [a-z_]+; the value any UTF-8. */
struct prometheus_label {
	const char *name;
	const char *value;
};

/* type: "counter", "gauge" or "summary"; help: one line. */
void prometheus_head(FILE *file, const char *metric, const char *type, const char *help);

void prometheus_number(FILE *file, const char *metric, const struct prometheus_label *labels,
		       size_t count, uint64_t number);

/* A sum of delays and how many they are: METRIC_sum in seconds, and METRIC_count. */
void prometheus_delays(FILE *file, const char *metric, const struct prometheus_label *labels,
		       size_t count, uint64_t total_us, uint64_t delays);

#endif
