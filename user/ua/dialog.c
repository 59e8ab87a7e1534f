/* SPDX-License-Identifier: GPL-2.0-only */
/* Dialogs of a caller: made by a 2xx, followed by requests. */
#include "ua/dialog.h"

#include <errno.h>
#include <string.h>

#include "ua/text.h"

static void add_route(struct ua_text *t, const char *text, const struct sip_address *route)
{
	ua_text_add(t, "%s<", t->length ? ", " : "");
	ua_text_slice(t, text, route->uri.text);
	ua_text_add(t, ">");
	ua_text_slice(t, text, route->params);
}

static int take_routes(struct ua_dialog *d, const struct sip_message *response)
{
	struct ua_text routes = ua_text_in(d->routes, sizeof(d->routes));
	uint32_t count = response->record_route_count;

	d->first_route[0] = 0;
	d->loose = false;
	for (uint32_t i = count; i > 0; i--) {
		add_route(&routes, response->text, &response->record_route[i - 1]);
		if (i == count)
			d->rest = routes.length;
	}
	if (routes.full || strlen(d->routes) != routes.length)
		return -EMSGSIZE;
	if (!count)
		return 0;
	d->loose = response->record_route[count - 1].uri.lr;
	return ua_text_copy(response->text, response->record_route[count - 1].uri.text,
			    d->first_route, sizeof(d->first_route))
		       ? 0
		       : -EMSGSIZE;
}

int ua_dialog_retarget(struct ua_dialog *d, const struct sip_message *msg)
{
	char target[UA_URI_MAX];

	if (!msg->contact_count)
		return 0;
	if (!ua_text_copy(msg->text, msg->contact[0].uri.text, target, sizeof(target)))
		return -EMSGSIZE;
	strcpy(d->target, target);
	return 0;
}

int ua_dialog_make(struct ua_dialog *d, const struct sip_message *response, const char *uri)
{
	struct ua_text target;

	*d = (struct ua_dialog){ .local_cseq = response->cseq.number };
	target = ua_text_in(d->target, sizeof(d->target));
	ua_text_add(&target, "%s", uri);
	if (target.full ||
	    !ua_text_copy(response->text, response->to.tag, d->remote_tag, sizeof(d->remote_tag)))
		return -EMSGSIZE;
	return take_routes(d, response) ?: ua_dialog_retarget(d, response);
}

/* A strict router expects itself in the Request-URI, and the target at the end of the routes. */
static void strict_path(const struct ua_dialog *d, struct ua_text *uri, struct ua_text *routes)
{
	const char *rest = d->routes + d->rest; /* ", <second>, <third>" or "" */

	ua_text_add(uri, "%s", d->first_route);
	if (*rest)
		ua_text_add(routes, "%s, ", rest + strlen(", "));
	ua_text_add(routes, "<%s>", d->target);
}

int ua_dialog_path(const struct ua_dialog *d, struct ua_path *path)
{
	struct ua_text uri = ua_text_in(path->uri, sizeof(path->uri));
	struct ua_text routes = ua_text_in(path->routes, sizeof(path->routes));
	struct ua_text next = ua_text_in(path->next, sizeof(path->next));

	ua_text_add(&next, "%s", *d->first_route ? d->first_route : d->target);
	if (*d->first_route && !d->loose) {
		strict_path(d, &uri, &routes);
	} else {
		ua_text_add(&uri, "%s", d->target);
		ua_text_add(&routes, "%s", d->routes);
	}
	return uri.full || routes.full || next.full ? -EMSGSIZE : 0;
}
