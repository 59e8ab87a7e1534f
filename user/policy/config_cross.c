/* SPDX-License-Identifier: GPL-2.0-only */
/* What only holds between several keys: listens, pools, times. */
#include <stdarg.h>
#include <string.h>

#include "policy/config_reader.h"

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && IN6_ARE_ADDR_EQUAL(&a->address, &b->address);
}

/* TCP and TLS are both segments of TCP to the kernel. */
static bool is_stream(const struct config_listen *listen)
{
	return listen->transport != CONFIG_TRANSPORT_UDP;
}

/* All listens of all services, in the file's order, from one to the next. */
struct listen_cursor {
	size_t service;
	size_t listen;
};

static const struct config_listen *next_listen(const struct config *cfg, struct listen_cursor *at)
{
	for (; at->service < cfg->service_count; at->service++, at->listen = 0)
		if (at->listen < cfg->services[at->service].listen_count)
			return &cfg->services[at->service].listens[at->listen++];
	return NULL;
}

static void listen_error(struct config_reader *reader, size_t service, struct config_place place,
			 const char *expected, const char *what, ...)
	__attribute__((format(printf, 5, 6)));

static void listen_error(struct config_reader *reader, size_t service, struct config_place place,
			 const char *expected, const char *what, ...)
{
	size_t mark = config_reader_enter(reader, "services[%zu].listen", service);
	char text[256];
	va_list args;

	va_start(args, what);
	vsnprintf(text, sizeof(text), what, args);
	va_end(args);
	config_reader_error(reader, place, expected, "%s", text);
	config_reader_leave(reader, mark);
}

/* Compares one listen with all before it; number is how many those are. */
static void check_listen(struct config_reader *reader, const struct config_listen *listen,
			 size_t service, size_t number)
{
	struct listen_cursor at = { 0 };
	char text[ENDPOINT_TEXT_SIZE];
	size_t on_port = 1;

	for (size_t i = 0; i < number; i++) {
		const struct config_listen *before = next_listen(reader->cfg, &at);

		if (before->endpoint.port != listen->endpoint.port ||
		    is_stream(before) != is_stream(listen))
			continue;
		on_port++;
		if (same_endpoint(&before->endpoint, &listen->endpoint)) {
			listen_error(reader, service, listen->place, "each once",
				     "%s is already in line %u",
				     endpoint_print(&listen->endpoint, text), before->place.line);
			return;
		}
	}
	if (on_port == CONFIG_LISTENS_PER_PORT + 1)
		listen_error(reader, service, listen->place, "a wildcard for the others",
			     "more than %d addresses on port %u", CONFIG_LISTENS_PER_PORT,
			     listen->endpoint.port);
}

static void check_listens(struct config_reader *reader)
{
	struct listen_cursor at = { 0 };
	const struct config_listen *listen;

	for (size_t number = 0; (listen = next_listen(reader->cfg, &at)); number++) {
		if (number == CONFIG_LISTENS_MAX) {
			listen_error(reader, at.service, listen->place, "",
				     "more than %d listens in all", CONFIG_LISTENS_MAX);
			return;
		}
		check_listen(reader, listen, at.service, number);
	}
}

static void check_service_names(struct config_reader *reader)
{
	const struct config *cfg = reader->cfg;
	char path[CONFIG_PATH_SIZE];

	for (size_t i = 0; i < cfg->service_count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(cfg->services[i].name, cfg->services[j].name) != 0 ||
			    !cfg->services[i].name[0])
				continue;
			snprintf(path, sizeof(path), "services[%zu].name", i);
			config_reader_error_at(reader, "a name of its own", path,
					       "the service in line %u is called %s too",
					       cfg->services[j].place.line, cfg->services[i].name);
			break;
		}
	}
}

/* One service's balance section while it is checked. */
struct pool {
	struct config_reader *reader;
	const struct config_service *service;
	const struct config_balance *balance;
	size_t index; /* of the service */
};

static void pool_error(const struct pool *pool, const char *key, const char *expected,
		       const char *what)
{
	char path[CONFIG_PATH_SIZE];

	snprintf(path, sizeof(path), "services[%zu].%s", pool->index, key);
	config_reader_error_at(pool->reader, expected, path, "%s", what);
}

static void backend_error(const struct pool *pool, size_t backend, const char *key,
			  const char *expected, const char *what)
{
	char path[CONFIG_PATH_SIZE];

	snprintf(path, sizeof(path), "services[%zu].balance.backends[%zu].%s", pool->index, backend,
		 key);
	config_reader_error_at(pool->reader, expected, path, "%s", what);
}

static bool pool_has_family(const struct config_balance *balance, bool ipv4)
{
	for (size_t i = 0; i < balance->backend_count; i++)
		if (address_is_ipv4(&balance->backends[i].endpoint.address) == ipv4)
			return true;
	return false;
}

static bool service_has_family(const struct config_service *service, bool ipv4)
{
	for (size_t i = 0; i < service->listen_count; i++)
		if (address_is_ipv4(&service->listens[i].endpoint.address) == ipv4)
			return true;
	return false;
}

static bool service_has_port(const struct config_service *service, uint16_t port)
{
	for (size_t i = 0; i < service->listen_count; i++)
		if (service->listens[i].endpoint.port == port)
			return true;
	return false;
}

/* nat and dsr leave the family as it is; a tunnel carries either in either. */
static bool family_matters(const struct config_balance *balance)
{
	return balance->forward != CONFIG_FORWARD_IPIP;
}

bool config_lacks_backends(const struct config_service *service, bool ipv4)
{
	const struct config_balance *balance = &service->balance;

	/* What an import brings is not known yet, and may change. */
	return service->balanced && family_matters(balance) && !balance->import_path &&
	       service_has_family(service, ipv4) && !pool_has_family(balance, ipv4);
}

/*
 * A packet sent to an address of our own comes back to us, for ever. With nat the port may tell
 * them apart; dsr and ipip leave the destination as it is, so that no backend's own address may
 * be a listen.
 */
static bool backend_loops(const struct config *cfg, const struct config_balance *balance,
			  const struct endpoint *endpoint)
{
	struct listen_cursor at = { 0 };
	const struct config_listen *listen;

	while ((listen = next_listen(cfg, &at))) {
		if (!IN6_ARE_ADDR_EQUAL(&listen->endpoint.address, &endpoint->address))
			continue;
		if (balance->forward != CONFIG_FORWARD_NAT ||
		    listen->endpoint.port == endpoint->port)
			return true;
	}
	return false;
}

static bool has_backend(const struct config_balance *balance, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < balance->backend_count; i++)
		if (same_endpoint(&balance->backends[i].endpoint, endpoint))
			return true;
	for (size_t i = 0; i < balance->imported_count; i++)
		if (same_endpoint(&balance->imported[i].endpoint, endpoint))
			return true;
	return false;
}

static bool service_listens(const struct config_service *service, enum config_transport transport,
			    bool ipv4)
{
	for (size_t i = 0; i < service->listen_count; i++)
		if (service->listens[i].transport == transport &&
		    address_is_ipv4(&service->listens[i].endpoint.address) == ipv4)
			return true;
	return false;
}

/*
 * Services may share a backend: of which of them a datagram is, its Call-ID says. Nothing is read in
 * a stream, so with nat one of them may have TCP, and one TLS.
 */
static bool streams_clash(const struct config *cfg, const struct config_service *service,
			  const struct endpoint *endpoint)
{
	static const enum config_transport streams[] = { CONFIG_TRANSPORT_TCP,
							 CONFIG_TRANSPORT_TLS };
	bool ipv4 = address_is_ipv4(&endpoint->address);

	for (size_t i = 0; i < cfg->service_count; i++) {
		const struct config_service *other = &cfg->services[i];

		if (other == service || !other->balanced ||
		    other->balance.forward != CONFIG_FORWARD_NAT ||
		    service->balance.forward != CONFIG_FORWARD_NAT ||
		    !has_backend(&other->balance, endpoint))
			continue;
		for (size_t t = 0; t < 2; t++)
			if (service_listens(service, streams[t], ipv4) &&
			    service_listens(other, streams[t], ipv4))
				return true;
	}
	return false;
}

const char *config_backend_wrong(const struct config *cfg, const struct config_service *service,
				 const struct endpoint *endpoint, const char **expected)
{
	const struct in6_addr *address = &endpoint->address;
	bool ipv4 = address_is_ipv4(address);

	*expected = "the address of one host";
	if (address_is_any(address) || address_is_multicast(address))
		return "a wildcard or multicast address";
	*expected = "the address of another host";
	if (address_is_loopback(address))
		return "a loopback address: packets from outside cannot be sent on to it";
	if (backend_loops(cfg, &service->balance, endpoint))
		return "it is an address that a service listens on: packets would loop";
	*expected = "the port of a listen of the service: only nat changes it";
	if (service->balance.forward != CONFIG_FORWARD_NAT &&
	    !service_has_port(service, endpoint->port))
		return "another port than that of the service";
	*expected = "the family of the service's listens";
	if (family_matters(&service->balance) && !service_has_family(service, ipv4))
		return ipv4 ? "an IPv4 backend, but the service has no IPv4 listen"
			    : "an IPv6 backend, but the service has no IPv6 listen";
	*expected = "TCP and TLS listens in one of the services that share a backend";
	if (streams_clash(cfg, service, endpoint))
		return "a backend of another service that has TCP or TLS as well, with forward: "
		       "nat";
	return NULL;
}

static void check_backend_unique(const struct pool *pool, size_t number)
{
	const struct config_backend *backend = &pool->balance->backends[number];

	for (size_t i = 0; i < number; i++) {
		const struct config_backend *before = &pool->balance->backends[i];
		bool same_name = strcmp(before->name, backend->name) == 0;
		bool same_address = same_endpoint(&before->endpoint, &backend->endpoint);

		if (same_name && backend->name[0])
			backend_error(pool, number, "name", "a name of its own",
				      "another backend has that name");
		if (same_address)
			backend_error(pool, number, "address", "each once",
				      "another backend has that address and port");
		if (same_name || same_address)
			return;
	}
}

static void check_backend(const struct pool *pool, size_t number)
{
	const struct config_backend *backend = &pool->balance->backends[number];
	const char *expected, *wrong;

	if (!backend->endpoint.port)
		return; /* wrong, and reported */
	wrong = config_backend_wrong(pool->reader->cfg, pool->service, &backend->endpoint,
				     &expected);
	if (wrong)
		backend_error(pool, number, "address", expected, wrong);
	check_backend_unique(pool, number);
}

/*
 * What a backend sends in a stream gets the service's address of that family and transport: there
 * can be one only. Where answers go their own way it does not matter.
 */
static void check_streams(const struct pool *pool)
{
	const struct config_service *service = pool->service;

	if (pool->balance->forward != CONFIG_FORWARD_NAT)
		return;
	for (size_t i = 0; i < service->listen_count; i++) {
		const struct config_listen *listen = &service->listens[i];

		for (size_t j = 0; j < i && is_stream(listen); j++) {
			const struct config_listen *before = &service->listens[j];

			if (before->transport != listen->transport ||
			    address_is_ipv4(&before->endpoint.address) !=
				    address_is_ipv4(&listen->endpoint.address))
				continue;
			listen_error(pool->reader, pool->index, listen->place,
				     "one of each family and transport",
				     "a second TCP or TLS listen of a family, with forward: nat");
			return;
		}
	}
}

static void check_pool(const struct pool *pool)
{
	const struct config_probe *probe = &pool->balance->probe;

	if (!pool->balance->backend_count && !pool->balance->import_path)
		pool_error(pool, "balance", "backends, or import", "no backend to send calls to");
	for (size_t i = 0; i < pool->service->listen_count; i++)
		if (address_is_any(&pool->service->listens[i].endpoint.address)) {
			pool_error(pool, "listen", "the virtual address",
				   "a balanced service cannot listen on a wildcard");
			break;
		}
	if (probe->timeout_ns >= probe->interval_ns)
		pool_error(pool, "balance.probe.timeout", "less than interval",
			   "a probe ends after the next one begins");
	check_streams(pool);
	for (size_t i = 0; i < pool->balance->backend_count; i++)
		check_backend(pool, i);
}

static void check_times(struct config_reader *reader)
{
	const struct config_trust *trust = &reader->cfg->trust;

	if (trust->trusted_ns < trust->provisional_ns)
		config_reader_error_at(reader, "at least trust.provisional", "trust.trusted",
				       "trust that ends before provisional trust");
	if (trust->longest_ns < trust->trusted_ns)
		config_reader_error_at(reader, "at least trust.trusted", "trust.longest",
				       "the longest trust is shorter than the usual one");
}

static void check_tap(struct config_reader *reader)
{
	uint32_t bytes = reader->cfg->tap.buffer_bytes;

	if (bytes & (bytes - 1))
		config_reader_error_at(reader, "a power of two", "tap.buffer_bytes",
				       "%u cannot be a ring's size", bytes);
}

static void check_hep(struct config_reader *reader)
{
	const struct config *cfg = reader->cfg;
	const struct in6_addr *address = &cfg->hep.address.address;

	if (!cfg->hep.wanted || !cfg->hep.address.port)
		return; /* wrong, and reported */
	if (address_is_any(address) || address_is_multicast(address))
		config_reader_error_at(reader, "the address of one host", "hep.address",
				       "a wildcard or multicast address");
	if (!cfg->tap.message_bytes)
		config_reader_error_at(reader, "tap.message_bytes other than off", "hep",
				       "there is nothing to send: the tap is off");
}

/* All pools share the places of one map. */
static void check_backends_in_all(struct config_reader *reader)
{
	const struct config *cfg = reader->cfg;
	size_t count = 0;

	for (size_t i = 0; i < cfg->service_count; i++)
		count += cfg->services[i].balance.backend_count;
	if (count > BACKEND_MAX - 1)
		config_reader_error_at(reader, "fewer", "services", "%zu backends, at most %d",
				       count, BACKEND_MAX - 1);
}

void config_cross_check(struct config_reader *reader)
{
	const struct config *cfg = reader->cfg;

	check_service_names(reader);
	check_listens(reader);
	for (size_t i = 0; i < cfg->service_count; i++) {
		struct pool pool = { reader, &cfg->services[i], &cfg->services[i].balance, i };

		if (cfg->services[i].balanced)
			check_pool(&pool);
	}
	check_backends_in_all(reader);
	check_times(reader);
	check_tap(reader);
	check_hep(reader);
}
