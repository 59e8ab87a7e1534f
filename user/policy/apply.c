// SPDX-License-Identifier: GPL-2.0-only
/* Configuration to maps: numbers for names, GCRA parameters for rates, chains for listeners. */
#include "policy/apply.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <sipxdp/hash.h>

#include "plane/clock.h"
#include "plane/key.h"
#include "policy/apply_pool.h"

/* ---- rates ---- */

struct sipxdp_rate apply_rate(const struct config_rate *rate, __u64 tick_ns)
{
	struct sipxdp_rate out = { 0, 0 };

	if (config_rate_unlimited(rate))
		return out;
	out.cost_ns = (rate->period_s * NSEC_PER_SEC + rate->count / 2) / rate->count;
	if (rate->burst > 1)
		out.tolerance_ns = (rate->burst - 1) * out.cost_ns;
	/* Time advances by ticks: what a tick lets in arrives, as far as can be told, at once. */
	if (out.tolerance_ns < tick_ns)
		out.tolerance_ns = tick_ns;
	return out;
}

/* Two limits as one: their rates and bursts added. */
static struct sipxdp_rate rate_sum(const struct sipxdp_rate *a, const struct sipxdp_rate *b)
{
	struct sipxdp_rate sum = { 0, 0 };

	if (!a->cost_ns || !b->cost_ns)
		return sum;
	sum.cost_ns = (__u64)((__uint128_t)a->cost_ns * b->cost_ns / (a->cost_ns + b->cost_ns));
	sum.tolerance_ns = a->tolerance_ns < b->tolerance_ns ? a->tolerance_ns : b->tolerance_ns;
	return sum;
}

static void apply_budget(const struct config_budget *budget, __u64 tick_ns,
			 struct sipxdp_rate out[LIMIT_CLASS_COUNT])
{
	for (int i = 0; i < LIMIT_CLASS_COUNT; i++)
		out[i] = apply_rate(&budget->rate[i], tick_ns);
}

/* ---- services ---- */

static bool number_taken(const unsigned char *number, const bool *given, size_t count,
			 unsigned int wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (given[i] && number[i] == wanted)
			return true;
	}
	return false;
}

/* A number that nobody has: of those never used, or else of any. SERVICE_MAX if there is none. */
static unsigned int number_free(const struct service *old, const unsigned char *number,
				const bool *given, size_t count, bool never_used)
{
	for (unsigned int n = 0; n < SERVICE_MAX; n++) {
		if (never_used && old[n].name[0])
			continue;
		if (!number_taken(number, given, count, n))
			return n;
	}
	return SERVICE_MAX;
}

void apply_numbers(const struct config *cfg, const struct service *old,
		   unsigned char number[CONFIG_SERVICES_MAX], bool fresh[CONFIG_SERVICES_MAX])
{
	bool given[CONFIG_SERVICES_MAX] = { false };

	for (size_t i = 0; i < cfg->service_count; i++) {
		fresh[i] = false;
		for (unsigned int n = 0; n < SERVICE_MAX && !given[i]; n++) {
			if (strncmp(old[n].name, cfg->services[i].name, NAME_SIZE))
				continue;
			number[i] = (unsigned char)n;
			given[i] = true;
		}
	}
	for (size_t i = 0; i < cfg->service_count; i++) {
		unsigned int n;

		if (given[i])
			continue;
		n = number_free(old, number, given, cfg->service_count, true);
		if (n == SERVICE_MAX) {
			n = number_free(old, number, given, cfg->service_count, false);
			fresh[i] = true;
		}
		number[i] = (unsigned char)n;
		given[i] = true;
	}
}

/* Later fragments go where their first one went. */
static __u32 monitored(bool all, __u32 reasons)
{
	if (all)
		return MONITOR_ALL;
	return reasons ? reasons | MONITOR_BIT(DROP_FRAGMENT) : 0;
}

static void apply_service(const struct config_service *cfg, __u64 tick_ns, struct service *out)
{
	const struct config_limits *limits = &cfg->limits;

	memset(out, 0, sizeof(*out));
	memcpy(out->name, cfg->name, sizeof(out->name));
	out->name[NAME_SIZE - 1] = '\0';
	out->in_use = 1;
	out->monitor = monitored(cfg->mode == CONFIG_MODE_MONITOR, cfg->monitor);
	out->verify_source = cfg->verify_source;
	apply_budget(&limits->per_source, tick_ns, out->per_source);
	apply_budget(&limits->per_prefix, tick_ns, out->per_prefix);
	apply_budget(&limits->unknown, tick_ns, out->unknown);
	apply_budget(&limits->trusted, tick_ns, out->trusted);
	apply_budget(&limits->total, tick_ns, out->total);
	out->total_all = apply_rate(&limits->total_all, tick_ns);
	out->emergency = apply_rate(&limits->emergency, tick_ns);
	out->provisional = apply_rate(&limits->provisional, tick_ns);
	/* the challenged can be no more than the unknown that were let in to be challenged */
	out->provisional_all = rate_sum(&out->unknown[LIMIT_INVITE], &out->unknown[LIMIT_REGISTER]);
	out->dialog = apply_rate(&limits->dialog, tick_ns);
	out->undecided = apply_rate(&limits->undecided, tick_ns);
	out->syn = apply_rate(&limits->syn, tick_ns);
	apply_balance(cfg, &out->balance);
}

void apply_services(const struct config *cfg, const unsigned char *number,
		    const struct service *old, __u64 tick_ns, struct service *out)
{
	for (unsigned int n = 0; n < SERVICE_MAX; n++) {
		out[n] = old[n];
		out[n].in_use = 0;
	}
	for (size_t i = 0; i < cfg->service_count; i++)
		apply_service(&cfg->services[i], tick_ns, &out[number[i]]);
}

/* ---- listeners ---- */

static void listener_fill(const struct config_listen *listen, unsigned char service,
			  struct listener *out)
{
	memset(out, 0, sizeof(*out));
	out->addr = key_from_address(&listen->endpoint.address);
	out->service = service;
	out->tls = listen->transport == CONFIG_TRANSPORT_TLS;
	if (address_is_any(&listen->endpoint.address))
		out->wildcard = address_is_ipv4(&listen->endpoint.address) ? 4 : 6;
}

/* Into the chain of its port: addresses in front, wildcards behind, where they are met last. */
static int listener_chain(struct listener_table *table, const struct config_listen *listen,
			  unsigned char index)
{
	bool udp = listen->transport == CONFIG_TRANSPORT_UDP;
	enum listener_transport transport = udp ? LISTENER_UDP : LISTENER_STREAM;
	__u8 *head = &table->head[transport][listen->endpoint.port];
	struct listener *entry = &table->entry[index];
	unsigned int length = 1;
	__u8 *at = head;

	for (__u8 i = *head; i; i = table->entry[i].next) {
		length++;
		if (entry->wildcard)
			at = &table->entry[i].next;
	}
	if (length > LISTENER_CHAIN)
		return -E2BIG;
	entry->next = *at;
	*at = index;
	return 0;
}

int apply_listeners(const struct config *cfg, const unsigned char *number,
		    struct listener_table *out)
{
	unsigned int index = 0; /* entry 0 ends a chain */

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < cfg->service_count; i++) {
		const struct config_service *service = &cfg->services[i];

		for (size_t j = 0; j < service->listen_count; j++) {
			int err;

			if (++index >= LISTENER_MAX)
				return -E2BIG;
			listener_fill(&service->listens[j], number[i], &out->entry[index]);
			err = listener_chain(out, &service->listens[j], (unsigned char)index);
			if (err)
				return err;
		}
	}
	return 0;
}

/* ---- settings ---- */

static void lower(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] = (char)tolower((unsigned char)text[i]);
}

static void apply_emergency(const struct config *cfg, struct emergency_name out[EMERGENCY_MAX])
{
	for (size_t i = 0; i < EMERGENCY_MAX; i++) {
		struct emergency_name name = { .length = 0 };

		if (i < cfg->emergency_count) {
			size_t len = strnlen(cfg->emergency[i], EMERGENCY_LENGTH);

			memcpy(name.text, cfg->emergency[i], len);
			lower(name.text, len);
			name.length = (__u32)len;
			name.urn = len > 4 && !memcmp(name.text, "urn:", 4);
		}
		out[i] = name;
	}
}

/* The packet path sets this bit in every octet that it compares, which makes letters lower case
 * (and other octets something else, but the same on both sides). */
static void fold_agent(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		text[i] |= 0x20;
}

static void apply_agent_filter(const struct config *cfg, __u64 out[AGENT_BITS / 64])
{
	__u64 filter[AGENT_BITS / 64] = { 0 };

	for (size_t i = 0; i < cfg->scanners.user_agent_count; i++) {
		char first[sizeof(__u64)] = "";
		__u64 word;
		__u32 bit;

		memcpy(first, cfg->scanners.user_agents[i], CONFIG_USER_AGENT_MIN);
		fold_agent(first, CONFIG_USER_AGENT_MIN);
		memcpy(&word, first, sizeof(word));
		bit = agent_filter_bit(word);
		filter[bit / 64] |= 1ULL << bit % 64;
	}
	memcpy(out, filter, sizeof(filter));
}

/* The packet path withholds a drop if settings or the service say so: a service that is to enforce
 * does not if settings speak for all. */
static bool monitor_all(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->service_count; i++) {
		if (cfg->services[i].mode != CONFIG_MODE_MONITOR)
			return false;
	}
	return cfg->mode == CONFIG_MODE_MONITOR;
}

static bool balanced_any(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->service_count; i++) {
		if (cfg->services[i].balanced)
			return true;
	}
	return false;
}

/* Of what the balancer sends by itself, or looks at for others: so many a second, whole host. */
#define BALANCER_RATE 1000

void apply_settings(const struct config *cfg, struct settings *settings)
{
	const struct config_rate balancer = { .count = BALANCER_RATE,
					      .period_s = 1,
					      .burst = BALANCER_RATE };
	const struct config_host_limits *host = &cfg->host_limits;
	__u64 tick_ns = settings->tick_ns;

	settings->monitor = monitored(monitor_all(cfg), cfg->monitor);
	settings->tap_bytes = cfg->tap.message_bytes;
	settings->sample_bytes = cfg->tap.sample_bytes;
	settings->provisional_ns = cfg->trust.provisional_ns;
	settings->trust_ns = cfg->trust.trusted_ns;
	settings->scanner_ban_ns = cfg->scanners.ban_ns;
	settings->unproven_ban_ns = cfg->bans.unproven_ns;
	settings->dialog_idle_ns = cfg->dialogs.idle_ns;
	settings->samples = apply_rate(&cfg->tap.samples, tick_ns);
	settings->unordered = apply_rate(&host->unordered, tick_ns);
	settings->inserts = apply_rate(&host->inserts, tick_ns);
	settings->proofs = apply_rate(&host->proofs, tick_ns);
	settings->replies = apply_rate(&balancer, tick_ns);
	settings->icmp = apply_rate(&balancer, tick_ns);
	settings->balanced = balanced_any(cfg);
	apply_agent_filter(cfg, settings->agent_filter);
	apply_emergency(cfg, settings->emergency);
	settings->emergency_first = 0;
	for (int i = 0; i < EMERGENCY_MAX; i++)
		if (settings->emergency[i].length)
			settings->emergency_first |= 1ULL << (settings->emergency[i].text[0] & 63);
}

/* ---- networks and scanner names ---- */

static enum source_policy network_policy(enum config_network_kind kind)
{
	switch (kind) {
	case CONFIG_NETWORK_EXEMPT: return POLICY_EXEMPT;
	case CONFIG_NETWORK_DENY: return POLICY_DENY;
	case CONFIG_NETWORK_FEED: return POLICY_FEED;
	}
	return POLICY_NONE;
}

/* Sorted and unique, to be freed by the caller. NULL and *count 0 if there are none. 0, -ENOMEM. */
static int list_networks(const struct config *cfg, struct network_entry **out, size_t *count)
{
	struct network_entry *list = NULL;

	if (cfg->network_count) {
		list = calloc(cfg->network_count, sizeof(*list));
		if (!list)
			return -ENOMEM;
	}
	for (size_t i = 0; i < cfg->network_count; i++) {
		list[i].prefix = key_from_prefix(&cfg->networks[i].prefix);
		list[i].policy = network_policy(cfg->networks[i].kind);
	}
	*out = list;
	*count = cfg->network_count;
	return 0;
}

struct agent_list {
	struct agent_prefix name[CONFIG_USER_AGENTS_MAX];
	size_t count;
};

/* What the table has to become, and what it was. */
struct agent_change {
	struct agent_list wanted;
	struct agent_list gone;		      /* in the table, not wanted */
	bool present[CONFIG_USER_AGENTS_MAX]; /* wanted[i] was in the table */
};

static void agents_from_config(const struct config *cfg, struct agent_list *out)
{
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < cfg->scanners.user_agent_count; i++) {
		size_t len = strnlen(cfg->scanners.user_agents[i], AGENT_LENGTH);
		struct agent_prefix *name = &out->name[out->count++];

		memcpy(name->text, cfg->scanners.user_agents[i], len);
		fold_agent(name->text, len);
		name->prefix_len = (__u32)(8 * len);
	}
}

static int agent_look(const void *key, const void *value, void *ctx)
{
	struct agent_change *change = ctx;

	(void)value;
	for (size_t i = 0; i < change->wanted.count; i++) {
		if (!memcmp(&change->wanted.name[i], key, sizeof(struct agent_prefix))) {
			change->present[i] = true;
			return 0;
		}
	}
	if (change->gone.count < CONFIG_USER_AGENTS_MAX)
		memcpy(&change->gone.name[change->gone.count++], key, sizeof(struct agent_prefix));
	return 0;
}

static int agents_put(const struct maps *maps, const struct agent_change *change)
{
	const __u32 listed = 1;
	int err = 0;

	for (size_t i = 0; i < change->wanted.count && !err; i++)
		err = maps_put(maps, MAP_AGENTS, &change->wanted.name[i], &listed, BPF_ANY);
	return err;
}

static void agents_undo(const struct maps *maps, const struct agent_change *change)
{
	for (size_t i = 0; i < change->wanted.count; i++) {
		if (!change->present[i])
			maps_delete(maps, MAP_AGENTS, &change->wanted.name[i]);
	}
}

static void agents_finish(const struct maps *maps, const struct agent_change *change)
{
	for (size_t i = 0; i < change->gone.count; i++)
		maps_delete(maps, MAP_AGENTS, &change->gone.name[i]);
}

/* ---- all of it ---- */

struct banks {
	__u32 next; /* the bank that is not in force */
	struct service old[SERVICE_MAX];
	struct service service[SERVICE_MAX];
	struct listener_table listeners;
};

static int banks_read(const struct maps *maps, struct banks *banks)
{
	__u32 bank = __atomic_load_n(&maps->settings->bank, __ATOMIC_ACQUIRE) & 1;
	int err = 0;

	banks->next = bank ^ 1;
	for (__u32 n = 0; n < SERVICE_MAX && !err; n++) {
		__u32 index = bank * SERVICE_MAX + n;

		err = maps_get(maps, MAP_SERVICES, &index, &banks->old[n]);
	}
	return err;
}

static int banks_write(const struct maps *maps, const struct banks *banks)
{
	int err = maps_put(maps, MAP_LISTENERS, &banks->next, &banks->listeners, BPF_ANY);

	for (__u32 n = 0; n < SERVICE_MAX && !err; n++) {
		__u32 index = banks->next * SERVICE_MAX + n;

		err = maps_put(maps, MAP_SERVICES, &index, &banks->service[n], BPF_ANY);
	}
	return err;
}

static int numbers_clear(struct maps *maps, const unsigned char *number, const bool *fresh,
			 size_t count)
{
	const struct service_state zero = { .total_all_tat = 0 };
	int err = 0;

	for (size_t i = 0; i < count && !err; i++) {
		__u32 index = number[i];

		if (!fresh[i])
			continue;
		err = maps_counters_clear(maps, number[i]);
		if (!err)
			err = pool_clear(maps, number[i], clock_realtime_ns());
		if (!err)
			err = maps_put(maps, MAP_SERVICE_STATE, &index, &zero, BPF_ANY);
	}
	return err;
}

/* Everything that can fail; on an error what was in force still is. */
static int apply_prepare(const struct config *cfg, struct maps *maps, struct banks *banks,
			 struct agent_change *agents, unsigned char *number)
{
	bool fresh[CONFIG_SERVICES_MAX] = { false };
	struct network_entry *networks = NULL;
	size_t network_count = 0;
	int err = banks_read(maps, banks);

	if (err)
		return err;
	apply_numbers(cfg, banks->old, number, fresh);
	apply_services(cfg, number, banks->old, maps->settings->tick_ns, banks->service);
	agents_from_config(cfg, &agents->wanted);
	err = apply_listeners(cfg, number, &banks->listeners);
	if (!err)
		err = banks_write(maps, banks);
	if (!err)
		err = apply_pools_fit(cfg, maps, number, fresh);
	if (!err)
		err = list_networks(cfg, &networks, &network_count);
	if (!err)
		err = maps_walk(maps, MAP_AGENTS, agent_look, agents);
	if (err)
		goto out;
	err = agents_put(maps, agents);
	if (!err)
		err = network_replace(maps, networks, network_count);
	/* Services that are in force until the switch lose their numbers only now. */
	if (!err)
		err = numbers_clear(maps, number, fresh, cfg->service_count);
	/* Before the services that refer to them are in force. */
	if (!err)
		err = apply_pools(cfg, maps, number);
	if (err)
		agents_undo(maps, agents);
out:
	free(networks);
	return err;
}

int apply_config(const struct config *cfg, struct maps *maps,
		 unsigned char number[CONFIG_SERVICES_MAX])
{
	unsigned char given[CONFIG_SERVICES_MAX] = { 0 };
	struct agent_change agents = { .gone.count = 0 };
	struct banks *banks = calloc(1, sizeof(*banks));
	int err = banks ? apply_prepare(cfg, maps, banks, &agents, given) : -ENOMEM;

	if (!err) {
		apply_settings(cfg, maps->settings);
		__atomic_store_n(&maps->settings->bank, banks->next, __ATOMIC_RELEASE);
		agents_finish(maps, &agents);
		apply_pools_finish(cfg, maps, given); /* nobody asks them any more */
		memcpy(number, given, sizeof(given));
	}
	free(banks);
	return err;
}
