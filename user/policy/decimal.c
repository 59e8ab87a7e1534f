/* SPDX-License-Identifier: GPL-2.0-only */
/* Whole numbers as people write them. */
#include "policy/decimal.h"

#include <errno.h>
#include <stdbool.h>

int decimal_parse(const char *text, size_t len, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;
	bool above = false;

	if (len == 0 || (len > 1 && text[0] == '0'))
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		uint64_t digit = (uint64_t)(text[i] - '0');

		/* Read on after an overflow: "1e20 digits and a letter" is no number at all. */
		if (above || digit > max || value > (max - digit) / 10)
			above = true;
		else
			value = value * 10 + digit;
	}
	if (above)
		return -ERANGE;
	*out = value;
	return 0;
}
