// SPDX-License-Identifier: GPL-2.0-only
/* Durations and failures, counted and printed. */
#include <stdlib.h>
#include "phone.h"
#include "tally.h"

void durations_add(struct durations *d, int64_t ns)
{
	if (d->count == d->room) {
		size_t room = d->room ? 2 * d->room : 1024;
		int64_t *grown = reallocarray(d->ns, room, sizeof(*grown));

		if (!grown) {
			perror("phones");
			exit(1);
		}
		d->ns = grown;
		d->room = room;
	}
	d->ns[d->count++] = ns;
}

static int compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t count_within(const struct durations *d, int64_t ns)
{
	size_t n = 0;

	while (n < d->count && d->ns[n] <= ns)
		n++;
	return n;
}

void durations_print(struct durations *d, FILE *f)
{
	if (!d->count) {
		fputs("{\"count\":0,\"within_1s\":0,\"median_ms\":null,\"p95_ms\":null,"
		      "\"max_ms\":null}",
		      f);
		return;
	}
	qsort(d->ns, d->count, sizeof(*d->ns), compare);
	fprintf(f,
		"{\"count\":%zu,\"within_1s\":%zu,\"median_ms\":%.2f,\"p95_ms\":%.2f,"
		"\"max_ms\":%.2f}",
		d->count, count_within(d, NSEC_PER_SEC),
		(double)d->ns[d->count / 2] / NSEC_PER_MSEC,
		(double)d->ns[d->count * 95 / 100] / NSEC_PER_MSEC,
		(double)d->ns[d->count - 1] / NSEC_PER_MSEC);
}

void failures_add(struct failures *all, unsigned int status)
{
	size_t i = 0;

	while (i < CAUSES_MAX - 1 && all->cause[i].count && all->cause[i].status != status)
		i++;
	if (!all->cause[i].count)
		all->cause[i].status = status;
	all->cause[i].count++;
}

unsigned long failures_total(const struct failures *all)
{
	unsigned long total = 0;

	for (size_t i = 0; i < CAUSES_MAX; i++)
		total += all->cause[i].count;
	return total;
}

void failures_print(const struct failures *all, FILE *f)
{
	putc('{', f);
	for (size_t i = 0; i < CAUSES_MAX && all->cause[i].count; i++) {
		if (all->cause[i].status == CAUSE_TIMEOUT)
			fprintf(f, "%s\"timeout\":%lu", i ? "," : "", all->cause[i].count);
		else
			fprintf(f, "%s\"%u\":%lu", i ? "," : "", all->cause[i].status,
				all->cause[i].count);
	}
	putc('}', f);
}
