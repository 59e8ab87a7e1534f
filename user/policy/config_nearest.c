/* SPDX-License-Identifier: GPL-2.0-only */
/* Edit distance between a mistyped key and the keys that could stand in its place. */
#include "policy/config_nearest.h"

#include <ctype.h>
#include <stdbool.h>

#define WORD_MAX 32 /* longer words are not compared */

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* "per-source" is as good as "per_source", and "Mode" as "mode". */
static bool same_letter(char a, char b)
{
	if (a == '-')
		a = '_';
	if (b == '-')
		b = '_';
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Levenshtein's distance, one row at a time. */
static unsigned int edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int row[WORD_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned int replaced = diagonal + !same_letter(a[i - 1], b[j - 1]);

			diagonal = row[j];
			row[j] = least(row[j] + 1, row[j - 1] + 1, replaced);
		}
	}
	return row[b_len];
}

/* A third of the letters may be wrong: beyond that it is another word. */
static unsigned int distance_allowed(size_t len)
{
	return len < 3 ? 1 : (unsigned int)((len + 1) / 3);
}

void config_nearest_try(struct config_nearest *nearest, const char *candidate, size_t len)
{
	unsigned int distance;

	if (nearest->len > WORD_MAX || len > WORD_MAX)
		return;
	distance = edit_distance(nearest->word, nearest->len, candidate, len);
	if (distance > distance_allowed(len) || distance >= len)
		return;
	if (nearest->best && distance >= nearest->distance)
		return;
	nearest->best = candidate;
	nearest->best_len = len;
	nearest->distance = distance;
}
