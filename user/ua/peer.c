/* SPDX-License-Identifier: GPL-2.0-only */
/* From a URI to the next hop. */
#include "ua/peer.h"

#include <errno.h>
#include <string.h>

#include "sip/uri.h"
#include "ua/text.h"

static int read_transport(const char *text, const struct sip_uri *uri, enum ua_transport *transport)
{
	struct sip_slice name;

	if (!sip_uri_param(text, uri, "transport", &name))
		return 0;
	if (sip_slice_is_nocase(text, name, "udp"))
		*transport = UA_UDP;
	else if (sip_slice_is_nocase(text, name, "tcp"))
		*transport = UA_TCP;
	else
		return -EPROTONOSUPPORT;
	return 0;
}

int ua_hop_of_uri(const char *text, enum ua_transport usual, struct ua_hop *hop)
{
	struct ua_hop found = { .port = UA_SIP_PORT, .transport = usual };
	struct sip_slice host;
	struct sip_uri uri;
	int err = sip_uri_parse(text, strlen(text), &uri, NULL);

	if (err)
		return err;
	if (uri.scheme != SIP_SCHEME_SIP)
		return -EPROTONOSUPPORT;
	err = read_transport(text, &uri, &found.transport);
	if (err)
		return err;
	if (!sip_uri_param(text, &uri, "maddr", &host) || !host.length)
		host = uri.host.name;
	if (!ua_text_copy(text, host, found.host, sizeof(found.host)))
		return -EINVAL;
	if (uri.host.port)
		found.port = uri.host.port;
	*hop = found;
	return 0;
}

const char *ua_transport_name(enum ua_transport transport)
{
	return transport == UA_TCP ? "tcp" : "udp";
}

const char *ua_transport_token(enum ua_transport transport)
{
	return transport == UA_TCP ? "TCP" : "UDP";
}
