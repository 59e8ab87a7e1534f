/* SPDX-License-Identifier: GPL-2.0-only */
/* The single values of a configuration, from text. */
#include "policy/config_scalar.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <sipxdp/time.h>

#include "policy/decimal.h"

struct unit {
	const char *name;
	uint64_t size;
};

static bool is_text(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(text, word, len) == 0;
}

static const struct unit *find_unit(const struct unit *units, size_t count, const char *name,
				    size_t len)
{
	for (size_t i = 0; i < count; i++)
		if (is_text(name, len, units[i].name))
			return &units[i];
	return NULL;
}

int config_rate_parse(const char *text, size_t len, struct config_rate *out)
{
	static const struct unit periods[] = { { "s", 1 }, { "m", 60 }, { "h", 3600 } };
	const char *slash = len ? memchr(text, '/', len) : NULL;
	const struct unit *period;
	uint64_t count, max;
	size_t digits;
	int err;

	if (is_text(text, len, "off") || is_text(text, len, "unlimited")) {
		*out = (struct config_rate){ .count = 0, .period_s = 1 };
		return 0;
	}
	if (!slash)
		return -EINVAL;
	digits = (size_t)(slash - text);
	period = find_unit(periods, 3, slash + 1, len - digits - 1);
	if (!period)
		return -EINVAL;
	max = CONFIG_RATE_MAX * period->size;
	if (max > UINT32_MAX)
		max = UINT32_MAX;
	err = decimal_parse(text, digits, max, &count);
	if (err)
		return err;
	if (count == 0)
		return -ERANGE;
	*out = (struct config_rate){ .count = (uint32_t)count, .period_s = (uint32_t)period->size };
	return 0;
}

static const struct unit duration_units[] = {
	{ "d", 86400 * NSEC_PER_SEC }, { "h", 3600 * NSEC_PER_SEC }, { "m", 60 * NSEC_PER_SEC },
	{ "s", NSEC_PER_SEC },	       { "ms", NSEC_PER_MSEC },
};
#define DURATION_UNITS (sizeof(duration_units) / sizeof(duration_units[0]))

int config_duration_parse(const char *text, size_t len, uint64_t *ns)
{
	const struct unit *unit;
	size_t digits = 0;
	uint64_t count;
	int err;

	while (digits < len && isdigit((unsigned char)text[digits]))
		digits++;
	unit = find_unit(duration_units, DURATION_UNITS, text + digits, len - digits);
	if (!unit)
		return -EINVAL;
	err = decimal_parse(text, digits, UINT64_MAX / unit->size, &count);
	if (!err)
		*ns = count * unit->size;
	return err;
}

const char *config_duration_print(uint64_t ns, char out[CONFIG_DURATION_TEXT_SIZE])
{
	const struct unit *unit = duration_units;

	while (unit < &duration_units[DURATION_UNITS - 1] && (ns == 0 || ns % unit->size))
		unit++;
	snprintf(out, CONFIG_DURATION_TEXT_SIZE, "%" PRIu64 "%s", ns / unit->size, unit->name);
	return out;
}

int config_percent_parse(const char *text, size_t len, uint32_t *percent)
{
	uint64_t value;
	int err;

	if (len == 0 || text[len - 1] != '%')
		return -EINVAL;
	err = decimal_parse(text, len - 1, 100, &value);
	if (!err)
		*percent = (uint32_t)value;
	return err;
}

static bool transport_parse(const char *text, size_t len, enum config_transport *out)
{
	if (is_text(text, len, "udp"))
		*out = CONFIG_TRANSPORT_UDP;
	else if (is_text(text, len, "tcp"))
		*out = CONFIG_TRANSPORT_TCP;
	else if (is_text(text, len, "tls"))
		*out = CONFIG_TRANSPORT_TLS;
	else
		return false;
	return true;
}

int config_listen_parse(const char *text, size_t len, struct config_listen out[2], size_t *count)
{
	static const char any_ipv4[] = "0.0.0.0";
	const char *colon = len ? memchr(text, ':', len) : NULL;
	char with_address[sizeof("0.0.0.0:65535")];
	enum config_transport transport;
	struct endpoint endpoint;
	const char *rest;
	size_t rest_len;
	bool any;
	int err;

	if (!colon || !transport_parse(text, (size_t)(colon - text), &transport))
		return -EINVAL;
	rest = colon + 1;
	rest_len = len - (size_t)(rest - text);
	any = rest_len > 1 && rest[0] == '*' && rest[1] == ':';
	if (any) {
		/* "*:5060" is read as "0.0.0.0:5060", and :: put beside it. */
		size_t port_len = rest_len - 1;

		if (sizeof(any_ipv4) - 1 + port_len >= sizeof(with_address))
			return -EINVAL;
		memcpy(with_address, any_ipv4, sizeof(any_ipv4) - 1);
		memcpy(with_address + sizeof(any_ipv4) - 1, rest + 1, port_len);
		rest = with_address;
		rest_len = sizeof(any_ipv4) - 1 + port_len;
	}
	err = endpoint_parse(rest, rest_len, &endpoint);
	if (err)
		return err;
	out[0] = (struct config_listen){ .transport = transport, .endpoint = endpoint };
	*count = 1;
	if (any) {
		endpoint.address = in6addr_any;
		out[1] = (struct config_listen){ .transport = transport, .endpoint = endpoint };
		*count = 2;
	}
	return 0;
}

static int status_code_parse(const char *text, size_t len, uint16_t *code)
{
	uint64_t value;
	int err = decimal_parse(text, len, 699, &value);

	if (err)
		return err;
	if (value < 100)
		return -ERANGE;
	*code = (uint16_t)value;
	return 0;
}

/* RFC 3261 §7.2: six classes of a hundred codes. */
int config_status_parse(const char *text, size_t len, struct config_status_range *out)
{
	const char *dash = len ? memchr(text, '-', len) : NULL;
	struct config_status_range range;
	size_t first_len = dash ? (size_t)(dash - text) : len;
	int err;

	if (len == 3 && text[0] >= '1' && text[0] <= '6' && text[1] == 'x' && text[2] == 'x') {
		out->first = (uint16_t)((text[0] - '0') * 100);
		out->last = out->first + 99;
		return 0;
	}
	err = status_code_parse(text, first_len, &range.first);
	if (err)
		return err;
	range.last = range.first;
	if (dash) {
		err = status_code_parse(dash + 1, len - first_len - 1, &range.last);
		if (err)
			return err;
	}
	if (range.last < range.first)
		return -ERANGE;
	*out = range;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int config_seed_parse(const char *text, size_t len, uint8_t out[16])
{
	uint8_t seed[16];

	if (len != 2 * sizeof(seed))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(seed); i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		seed[i] = (uint8_t)(high << 4 | low);
	}
	memcpy(out, seed, sizeof(seed));
	return 0;
}

static void text_copy(char *out, const char *text, size_t len)
{
	memcpy(out, text, len);
	out[len] = '\0';
}

static void text_copy_lower(char *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (char)tolower((unsigned char)text[i]);
	out[len] = '\0';
}

int config_name_parse(const char *text, size_t len, char out[CONFIG_NAME_SIZE])
{
	if (len == 0 || text[0] == '.')
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !memchr("-_.", text[i], 3))
			return -EINVAL;
	if (len >= CONFIG_NAME_SIZE)
		return -ERANGE;
	text_copy(out, text, len);
	return 0;
}

int config_instance_parse(const char *text, size_t len, char out[CONFIG_NAME_SIZE])
{
	return memchr(text, '.', len) ? -EINVAL : config_name_parse(text, len, out);
}

/* The same test as dev_valid_name() of the kernel. */
int config_interface_parse(const char *text, size_t len, char out[IFNAMSIZ])
{
	if (len == 0 || is_text(text, len, ".") || is_text(text, len, ".."))
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (text[i] == '/' || text[i] == ':' || isspace((unsigned char)text[i]) || !text[i])
			return -EINVAL;
	if (len >= IFNAMSIZ)
		return -ERANGE;
	text_copy(out, text, len);
	return 0;
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			return false;
	return true;
}

int config_user_agent_parse(const char *text, size_t len, char out[CONFIG_USER_AGENT_SIZE])
{
	if (!is_printable(text, len))
		return -EINVAL;
	if (len && (text[0] == ' ' || text[len - 1] == ' '))
		return -EINVAL;
	if (len < CONFIG_USER_AGENT_MIN || len >= CONFIG_USER_AGENT_SIZE)
		return -ERANGE;
	text_copy_lower(out, text, len);
	return 0;
}

/* RFC 5031 §4.2 for the URN; RFC 3261 §25.1 for what may stand in a user part without escape. */
int config_emergency_parse(const char *text, size_t len, char out[CONFIG_EMERGENCY_SIZE])
{
	bool urn = len > 4 && strncasecmp(text, "urn:", 4) == 0;

	if (len == 0)
		return -EINVAL;
	for (size_t i = urn ? 4 : 0; i < len; i++) {
		bool mark = memchr("-_.!~*'()&=+$,;?/", text[i], 17) || (urn && text[i] == ':');

		if (!isalnum((unsigned char)text[i]) && !mark)
			return -EINVAL;
	}
	if (len >= CONFIG_EMERGENCY_SIZE)
		return -ERANGE;
	text_copy_lower(out, text, len);
	return 0;
}

int config_password_parse(const char *text, size_t len, char out[CONFIG_PASSWORD_SIZE])
{
	if (!is_printable(text, len))
		return -EINVAL;
	if (len == 0 || len >= CONFIG_PASSWORD_SIZE)
		return -ERANGE;
	text_copy(out, text, len);
	return 0;
}
