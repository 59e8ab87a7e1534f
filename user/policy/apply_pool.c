// SPDX-License-Identifier: GPL-2.0-only
/* Configuration to pools: see apply_pool.h. */
#include "policy/apply_pool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plane/clock.h"
#include "plane/key.h"

/* ---- how a service balances ---- */

static const enum balance_forward forwards[] = {
	[CONFIG_FORWARD_NAT] = FORWARD_NAT,
	[CONFIG_FORWARD_DSR] = FORWARD_DSR,
	[CONFIG_FORWARD_IPIP] = FORWARD_IPIP,
};

static const enum balance_key keys[] = {
	[CONFIG_KEY_CALL_ID] = KEY_CALL_ID,	[CONFIG_KEY_SOURCE] = KEY_SOURCE,
	[CONFIG_KEY_FROM_USER] = KEY_FROM_USER, [CONFIG_KEY_TO_USER] = KEY_TO_USER,
	[CONFIG_KEY_RURI_USER] = KEY_RURI_USER,
};

static const enum balance_method methods[] = {
	[CONFIG_METHOD_MAGLEV] = METHOD_MAGLEV,
	[CONFIG_METHOD_LEAST_CALLS] = METHOD_LEAST_CALLS,
};

static const enum balance_no_backend no_backends[] = {
	[CONFIG_NO_BACKEND_DROP] = NO_BACKEND_DROP,
	[CONFIG_NO_BACKEND_REPLY_503] = NO_BACKEND_REPLY_503,
	[CONFIG_NO_BACKEND_PASS] = NO_BACKEND_PASS,
};

/* The first address of that family that the service has; port 0 if there is none. */
static struct sipxdp_peer first_listen(const struct config_service *cfg,
				       enum config_transport transport, bool ipv4)
{
	for (size_t i = 0; i < cfg->listen_count; i++) {
		const struct config_listen *listen = &cfg->listens[i];

		if (listen->transport == transport &&
		    address_is_ipv4(&listen->endpoint.address) == ipv4 &&
		    !address_is_any(&listen->endpoint.address))
			return key_from_endpoint(&listen->endpoint);
	}
	return (struct sipxdp_peer){ .port = 0 };
}

static size_t udp_listens(const struct config_service *cfg, bool ipv4)
{
	size_t count = 0;

	for (size_t i = 0; i < cfg->listen_count; i++)
		count += cfg->listens[i].transport == CONFIG_TRANSPORT_UDP &&
			 address_is_ipv4(&cfg->listens[i].endpoint.address) == ipv4;
	return count;
}

void apply_balance(const struct config_service *cfg, struct balance *out)
{
	const struct config_balance *balance = &cfg->balance;

	memset(out, 0, sizeof(*out));
	if (!cfg->balanced)
		return;
	out->forward = forwards[balance->forward];
	out->key = keys[balance->key];
	out->register_key = keys[balance->register_key];
	out->method = methods[balance->method];
	out->no_backend = no_backends[balance->on_no_backend];
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		out->vip[ipv6] = first_listen(cfg, CONFIG_TRANSPORT_UDP, !ipv6);
		out->tcp[ipv6] = first_listen(cfg, CONFIG_TRANSPORT_TCP, !ipv6);
		out->tls[ipv6] = first_listen(cfg, CONFIG_TRANSPORT_TLS, !ipv6);
	}
	out->many_vips = (udp_listens(cfg, true) > 1) | (udp_listens(cfg, false) > 1) << 1;
}

/* ---- who is in ---- */

static int by_peer(const void *left, const void *right)
{
	return pool_compare(&((const struct pool_member *)left)->peer,
			    &((const struct pool_member *)right)->peer);
}

static void take(const struct config_backend *list, size_t count, struct pool_member *members)
{
	for (size_t i = 0; i < count; i++) {
		memset(&members[i], 0, sizeof(members[i]));
		memcpy(members[i].name, list[i].name, BACKEND_NAME - 1);
		members[i].peer = key_from_endpoint(&list[i].endpoint);
		members[i].weight = list[i].weight;
	}
}

/* Those of the import that the file has not. */
static size_t take_imported(const struct config_balance *cfg, struct pool_member *members,
			    size_t known)
{
	size_t count = known;

	for (size_t i = 0; i < cfg->imported_count; i++) {
		struct pool_member member;

		take(&cfg->imported[i], 1, &member);
		if (!bsearch(&member, members, known, sizeof(*members), by_peer))
			members[count++] = member;
	}
	return count;
}

int apply_members(const struct config_balance *cfg, struct pool_member **out, size_t *count)
{
	size_t room = cfg->backend_count + cfg->imported_count, taken;
	struct pool_member *members = calloc(room ? room : 1, sizeof(*members));

	if (!members)
		return -ENOMEM;
	take(cfg->backends, cfg->backend_count, members);
	qsort(members, cfg->backend_count, sizeof(*members), by_peer);
	taken = take_imported(cfg, members, cfg->backend_count);
	qsort(members, taken, sizeof(*members), by_peer);
	*count = taken;
	*out = members;
	return 0;
}

/* ---- all pools ---- */

static int count_newcomers(const struct config_balance *cfg, const struct maps *maps,
			   unsigned int service, bool fresh, size_t *newcomers)
{
	struct pool_member *members;
	size_t count;
	int err = apply_members(cfg, &members, &count);

	if (err)
		return err;
	*newcomers += fresh ? count : pool_newcomers(maps, service, members, count);
	free(members);
	return 0;
}

/* Nobody asks the backends of a dry run, which has maps without a name, whether they live. */
static bool is_probed(const struct maps *maps)
{
	return maps->instance[0] != '\0';
}

int apply_pool_change(const struct config_balance *cfg, struct maps *maps, unsigned int service,
		      struct pool_change *change)
{
	struct pool_member *members;
	size_t count;
	int err = apply_members(cfg, &members, &count);

	if (err)
		return err;
	err = pool_set(maps, service, members, count, is_probed(maps), clock_realtime_ns(), change);
	free(members);
	return err;
}

static int apply_pool(const struct config_balance *cfg, struct maps *maps, unsigned int service)
{
	int err = apply_pool_change(cfg, maps, service, NULL);

	return err ? err : pool_rebuild(maps, service, cfg->forward == CONFIG_FORWARD_IPIP);
}

int apply_pools_fit(const struct config *cfg, const struct maps *maps, const unsigned char *number,
		    const bool *fresh)
{
	size_t newcomers = 0, room = pool_free_places(maps);
	int err = 0;

	for (size_t i = 0; i < cfg->service_count && !err; i++) {
		if (fresh[i])
			room += pool_places(maps, number[i]);
		if (cfg->services[i].balanced)
			err = count_newcomers(&cfg->services[i].balance, maps, number[i], fresh[i],
					      &newcomers);
	}
	if (!err && newcomers > room)
		err = -EOVERFLOW;
	return err;
}

int apply_pools(const struct config *cfg, struct maps *maps, const unsigned char *number)
{
	int err = 0;

	for (size_t i = 0; i < cfg->service_count && !err; i++) {
		if (cfg->services[i].balanced)
			err = apply_pool(&cfg->services[i].balance, maps, number[i]);
	}
	return err;
}

static bool is_balanced(const struct config *cfg, const unsigned char *number, unsigned int service)
{
	for (size_t i = 0; i < cfg->service_count; i++) {
		if (number[i] == service)
			return cfg->services[i].balanced;
	}
	return false;
}

int apply_pools_finish(const struct config *cfg, struct maps *maps, const unsigned char *number)
{
	int first = 0;

	for (unsigned int service = 0; service < SERVICE_MAX; service++) {
		int err = 0;

		if (!is_balanced(cfg, number, service))
			err = pool_clear(maps, service, clock_realtime_ns());
		if (err && !first)
			first = err;
	}
	return first;
}
