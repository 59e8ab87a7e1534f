/* SPDX-License-Identifier: GPL-2.0-only */
/* Names: of headers, long and compact, and of methods. */
#include <ctype.h>

#include "test_sip_fixture.h"

static enum sip_header_id header_of(const char *name)
{
	char text[128];

	/* Eight octets before the name's end are read: here as in a message a line lies before it.
	 */
	cr_assert_leq(strlen(name), sizeof(text) - 16);
	snprintf(text, sizeof(text), "A: bcd\r\n%s:", name);
	return sip_header_of((const uint8_t *)text, 8, (uint32_t)strlen(name));
}

/* Every known name is found in lower, upper and its own case, and under its compact form. */
Test(sip_header, knows_its_names)
{
	static const struct {
		enum sip_header_id id;
		const char *name;
		char compact;
	} rows[] = {
#define X(id, name, compact, repeat) { SIP_HEADER_##id, name, compact },
		SIP_HEADERS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char lower[64] = { 0 }, upper[64] = { 0 };

		for (size_t k = 0; rows[i].name[k]; k++) {
			lower[k] = (char)tolower(rows[i].name[k]);
			upper[k] = (char)toupper(rows[i].name[k]);
		}
		cr_assert_eq(header_of(rows[i].name), rows[i].id, "%s", rows[i].name);
		cr_assert_eq(header_of(lower), rows[i].id, "%s", lower);
		cr_assert_eq(header_of(upper), rows[i].id, "%s", upper);
		cr_assert_str_eq(sip_header_name(rows[i].id), rows[i].name);
		if (rows[i].compact) {
			char form[2] = { rows[i].compact, 0 };

			cr_assert_eq(header_of(form), rows[i].id, "%s", form);
			form[0] = (char)toupper(form[0]);
			cr_assert_eq(header_of(form), rows[i].id, "%s", form);
		}
	}
}

/* Nothing else is taken for one of them: not a prefix, not one octet more, none with one changed.
 */
Test(sip_header, knows_no_others)
{
	static const char *const names[] = {
#define X(id, name, compact, repeat) name,
		SIP_HEADERS(X)
#undef X
	};
	static const char *const others[] = {
		"g", "h", "p", "q", "w", "z", "0", "!", "`", "_", "~"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char other[64];
		size_t len = strlen(names[i]);

		snprintf(other, sizeof(other), "%sx", names[i]);
		cr_assert_eq(header_of(other), SIP_HEADER_OTHER, "%s", other);
		snprintf(other, sizeof(other), "x%s", names[i]);
		cr_assert_eq(header_of(other), SIP_HEADER_OTHER, "%s", other);
		for (size_t k = 0; k < len; k++) {
			snprintf(other, sizeof(other), "%s", names[i]);
			other[k] = '~';
			cr_assert_eq(header_of(other), SIP_HEADER_OTHER, "%s", other);
		}
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_assert_eq(header_of(others[i]), SIP_HEADER_OTHER, "%s", others[i]);
}

/* Methods are known by their exact name. */
Test(sip_header, knows_methods)
{
	static const char *const methods[] = {
#define X(name) #name,
		SIP_METHODS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct sip_slice all = sip_slice_of(0, (uint32_t)strlen(methods[i]));
		struct sip_slice less = sip_slice_of(0, (uint32_t)strlen(methods[i]) - 1);
		char lower[16] = { 0 };

		cr_assert_eq(sip_method_of(methods[i], all), i, "%s", methods[i]);
		cr_assert_eq(sip_method_of(methods[i], less), SIP_OTHER, "%s", methods[i]);
		for (size_t k = 0; methods[i][k]; k++)
			lower[k] = (char)tolower(methods[i][k]);
		cr_assert_eq(sip_method_of(lower, all), SIP_OTHER, "%s", lower);
		cr_assert_str_eq(sip_method_text((enum sip_method)i), methods[i]);
	}
	cr_assert_eq(sip_method_of("", sip_slice_of(0, 0)), SIP_OTHER);
}
