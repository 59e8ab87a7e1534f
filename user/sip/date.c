/* SPDX-License-Identifier: GPL-2.0-only */
/* SIP-date = wkday "," SP 2DIGIT SP month SP 4DIGIT SP 2DIGIT ":" 2DIGIT ":" 2DIGIT SP "GMT" */
#include "sip/date.h"

#define RFC "RFC 3261 20.17"

/* A picture of it: "D" is a digit, "a" belongs to a name, which is looked up, the rest is itself.
 */
static const char picture[] = "aaa, DD aaa DDDD DD:DD:DD GMT";
#define DATE_LENGTH (sizeof(picture) - 1)

static const char weekdays[] = "MonTueWedThuFriSatSun";
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static bool fits_picture(const uint8_t *date)
{
	for (uint32_t i = 0; i < DATE_LENGTH; i++) {
		if (picture[i] == 'a')
			continue;
		if (picture[i] == 'D' ? date[i] - (uint32_t)'0' > 9
				      : date[i] != (uint8_t)picture[i])
			return false;
	}
	return true;
}

/* Which of a row of three-letter names stands at `text`; `count` if none. */
static uint32_t name_index(const uint8_t *text, const char *names, uint32_t count)
{
	uint32_t i = 0;

	while (i < count && memcmp(text, names + 3 * i, 3) != 0)
		i++;
	return i;
}

static uint8_t two_digits(const uint8_t *p)
{
	return (uint8_t)((p[0] & 15) * 10 + (p[1] & 15));
}

static bool in_range(const struct sip_date *d)
{
	return d->weekday < 7 && d->month <= 12 && d->day >= 1 && d->day <= 31 && d->hour <= 23 &&
	       d->minute <= 59 && d->second <= 60;
}

bool sip_take_date(struct sip_cursor *c, struct sip_date *date)
{
	const uint8_t *p = c->text + c->at;
	struct sip_date d;

	if (c->end - c->at != DATE_LENGTH || !fits_picture(p))
		return sip_fail(c, c->at, RFC,
				"Date is not as in \"Sat, 13 Nov 2010 23:29:00 GMT\"");
	d = (struct sip_date){
		.year = (uint16_t)(two_digits(p + 12) * 100 + two_digits(p + 14)),
		.month = (uint8_t)(name_index(p + 8, months, 12) + 1),
		.day = two_digits(p + 5),
		.weekday = (uint8_t)name_index(p, weekdays, 7),
		.hour = two_digits(p + 17),
		.minute = two_digits(p + 20),
		.second = two_digits(p + 23),
	};
	if (!in_range(&d))
		return sip_fail(c, c->at, RFC, "Date is not a day and time of the calendar");
	*date = d;
	c->at = c->end;
	return true;
}
