/* SPDX-License-Identifier: GPL-2.0-only */
/* Event = event-type *( SEMI event-param ), Subscription-State = substate-value *( SEMI … ) */
#include "sip/event.h"

#include "sip/param.h"

#define RFC_EVENT "RFC 6665 8.2.1"
#define RFC_STATE "RFC 6665 8.2.3"

/* token-nodot: the characters of a token but the dot. */
static bool is_event_type(const struct sip_cursor *c, struct sip_slice type)
{
	const uint8_t *p = c->text + type.offset;
	bool after_dot = true;

	for (uint32_t i = 0; i < type.length; i++) {
		if (p[i] == '.' && after_dot)
			return false;
		after_dot = p[i] == '.';
	}
	return !after_dot;
}

bool sip_take_event(struct sip_cursor *c, struct sip_event *event)
{
	uint32_t from = c->at;
	struct sip_param param;

	event->id = sip_slice_of(0, 0);
	if (!sip_take_token(c, &event->type) || !is_event_type(c, event->type))
		return sip_fail(c, from, RFC_EVENT, "Event without an event package");
	while (sip_next_param(c, &param)) {
		if (sip_is_word(c->text, param.name, "id"))
			event->id = param.value;
	}
	return sip_params_end(c) && sip_expect_end(c, RFC_EVENT, "octet that Event cannot hold");
}

static bool set_param(struct sip_cursor *c, const struct sip_param *param,
		      struct sip_subscription_state *s)
{
	if (sip_is_word(c->text, param->name, "reason"))
		s->reason = param->value;
	if (sip_is_word(c->text, param->name, "expires"))
		return sip_param_seconds(c, param, RFC_STATE, &s->expires);
	if (sip_is_word(c->text, param->name, "retry-after"))
		return sip_param_seconds(c, param, RFC_STATE, &s->retry_after);
	return true;
}

bool sip_take_subscription_state(struct sip_cursor *c, struct sip_subscription_state *s)
{
	struct sip_param param;

	*s = (struct sip_subscription_state){ 0 };
	if (!sip_take_token(c, &s->state))
		return sip_fail(c, c->at, RFC_STATE, "Subscription-State without a state");
	while (sip_next_param(c, &param)) {
		if (!set_param(c, &param, s))
			return false;
	}
	return sip_params_end(c) &&
	       sip_expect_end(c, RFC_STATE, "octet that Subscription-State cannot hold");
}
