/* SPDX-License-Identifier: GPL-2.0-only */
/* generic-param = token [ EQUAL gen-value ], gen-value = token / host / quoted-string. */
#include "sip/param.h"

#include "sip/host.h"
#include "sip/quoted.h"

#define RFC "RFC 3261 25.1"

static bool take_bracketed_value(struct sip_cursor *c, struct sip_param *param)
{
	struct sip_host host;

	if (!sip_take_other_host(c, &host))
		return false;
	param->value = host.name;
	param->kind = SIP_PARAM_HOST;
	return true;
}

bool sip_take_other_value(struct sip_cursor *c, struct sip_param *param)
{
	if (sip_peek(c) == '"') {
		param->kind = SIP_PARAM_QUOTED;
		return sip_take_quoted(c, &param->value);
	}
	if (sip_peek(c) == '[')
		return take_bracketed_value(c, param);
	return sip_fail(c, c->at, RFC, "parameter without a value after =");
}

bool sip_fail_empty_param(struct sip_cursor *c)
{
	return sip_fail(c, c->at, RFC, "empty parameter");
}

bool sip_skip_params(struct sip_cursor *c)
{
	struct sip_param param;

	while (sip_next_param(c, &param))
		;
	return sip_params_end(c);
}

struct sip_number sip_param_number(const struct sip_cursor *c, const struct sip_param *param)
{
	struct sip_number n = { 0 };

	if (sip_likely(param->kind == SIP_PARAM_TOKEN))
		n = sip_number_at(c->text + param->value.offset);
	return sip_likely(n.digits == param->value.length) ? n : (struct sip_number){ 0 };
}

bool sip_param_seconds(struct sip_cursor *c, const struct sip_param *param, const char *rfc,
		       uint32_t *seconds)
{
	struct sip_number n = sip_param_number(c, param);

	if (!n.digits || n.value > UINT32_MAX)
		return sip_fail(c, param->name.offset, rfc,
				"parameter is not a number of seconds below 2^32");
	*seconds = (uint32_t)n.value;
	return true;
}

/* A walk over octets that may hold quoted-strings: past the one that starts at `at`, or past one
 * octet. The list was read before, so quotes are known to be closed. */
static uint32_t skip_quoted_or_octet(const char *text, uint32_t at, uint32_t end)
{
	if (text[at++] != '"')
		return at;
	while (at < end && text[at] != '"')
		at += text[at] == '\\' ? 2 : 1;
	return at + 1;
}

static uint32_t find_semicolon(const char *text, uint32_t at, uint32_t end)
{
	while (at < end && text[at] != ';')
		at = skip_quoted_or_octet(text, at, end);
	return at < end ? at : end;
}

static struct sip_slice trimmed(const char *text, uint32_t from, uint32_t to)
{
	while (from < to && sip_is_space((uint8_t)text[from]))
		from++;
	while (to > from && sip_is_space((uint8_t)text[to - 1]))
		to--;
	return sip_slice_of(from, to);
}

static struct sip_slice without_quotes(const char *text, struct sip_slice value)
{
	if (value.length < 2 || text[value.offset] != '"')
		return value;
	return sip_slice_of(value.offset + 1u, sip_slice_end(value) - 1);
}

bool sip_find_param(const char *text, struct sip_slice params, const char *name,
		    struct sip_slice *value)
{
	uint32_t at = params.offset, end = sip_slice_end(params);

	while (at < end) {
		uint32_t next = find_semicolon(text, at + 1, end), equals = at + 1;

		while (equals < next && text[equals] != '=')
			equals++;
		if (sip_slice_is_nocase(text, trimmed(text, at + 1, equals), name)) {
			*value = equals < next
					 ? without_quotes(text, trimmed(text, equals + 1, next))
					 : sip_slice_of(next, next);
			return true;
		}
		at = next;
	}
	return false;
}
