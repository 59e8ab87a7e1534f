/* SPDX-License-Identifier: GPL-2.0-only */
/* One value or list item of each type, put where the schema says. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "policy/config_reader.h"
#include "policy/config_scalar.h"
#include "policy/decimal.h"

/* Choices are put into enums through their representation. */
_Static_assert(sizeof(enum config_mode) == sizeof(unsigned int), "an enum is an unsigned int");

static bool is_off(const struct config_key *key, const struct config_node *node)
{
	return key->flags & CONFIG_KEY_OFF && node->len == 3 && memcmp(node->text, "off", 3) == 0;
}

static int set_choice(const struct config_key *key, const struct config_node *node, void *field)
{
	for (const struct config_choice *choice = key->choices; choice->name; choice++) {
		if (strlen(choice->name) != node->len ||
		    memcmp(choice->name, node->text, node->len) != 0)
			continue;
		memcpy(field, &choice->value, sizeof(choice->value));
		return 0;
	}
	return -EINVAL;
}

static int parse_number(const struct config_key *key, const struct config_node *node,
			uint32_t *number)
{
	uint64_t value;
	int err = decimal_parse(node->text, node->len, key->max, &value);

	if (err)
		return err;
	if (value < key->min)
		return -ERANGE;
	*number = (uint32_t)value;
	return 0;
}

static int set_number(const struct config_key *key, const struct config_node *node, uint32_t *field)
{
	if (!is_off(key, node))
		return parse_number(key, node, field);
	*field = 0;
	return 0;
}

static int set_duration(const struct config_key *key, const struct config_node *node,
			uint64_t *field)
{
	uint64_t ns = 0;

	if (!is_off(key, node)) {
		int err = config_duration_parse(node->text, node->len, &ns);

		if (err)
			return err;
		if (ns < key->min || ns > key->max)
			return -ERANGE;
	}
	*field = ns;
	return 0;
}

/* Rates that bring a burst of their own have it already: the schema has this key after theirs. */
static int set_burst(const struct config_key *key, const struct config_node *node, void *base)
{
	struct config_budget *budget = (void *)((char *)base + key->offset);
	uint32_t burst;
	int err = parse_number(key, node, &burst);

	if (err)
		return err;
	for (size_t i = 0; i < LIMIT_CLASS_COUNT; i++)
		if (!budget->rate[i].burst)
			budget->rate[i].burst = burst;
	if (key->also) {
		struct config_rate *also = (void *)((char *)base + key->also);

		if (!also->burst)
			also->burst = burst;
	}
	return 0;
}

static int set_seed(struct config_reader *reader, const struct config_node *node)
{
	int err = config_seed_parse(node->text, node->len, reader->cfg->hash_seed);

	if (!err)
		reader->cfg->hash_seed_set = true;
	return err;
}

static int set_path(struct config_reader *reader, const struct config_node *node, char **field)
{
	if (node->len == 0)
		return -EINVAL;
	*field = config_path_resolve(reader->cfg->file, node->text, node->len);
	return *field ? 0 : -ENOMEM;
}

static int add_interface(struct config *cfg, const struct config_node *node)
{
	struct config_interface interface = { .place = node->place };
	int err = config_interface_parse(node->text, node->len, interface.name);

	if (err)
		return err;
	for (size_t i = 0; i < cfg->interface_count; i++)
		if (strcmp(cfg->interfaces[i].name, interface.name) == 0)
			return -EEXIST;
	cfg->interfaces[cfg->interface_count++] = interface;
	return 0;
}

static int add_listen(struct config_service *service, const struct config_node *node)
{
	struct config_listen parsed[2];
	struct config_listen *listens;
	size_t count;
	int err = config_listen_parse(node->text, node->len, parsed, &count);

	if (err)
		return err;
	listens = reallocarray(service->listens, service->listen_count + count, sizeof(*listens));
	if (!listens)
		return -ENOMEM;
	service->listens = listens;
	for (size_t i = 0; i < count; i++) {
		parsed[i].place = node->place;
		listens[service->listen_count++] = parsed[i];
	}
	return 0;
}

static int add_user_agent(struct config_scanners *scanners, const struct config_node *node)
{
	char user_agent[CONFIG_USER_AGENT_SIZE] = "";
	int err = config_user_agent_parse(node->text, node->len, user_agent);

	if (err)
		return err;
	for (size_t i = 0; i < scanners->user_agent_count; i++)
		if (strcmp(scanners->user_agents[i], user_agent) == 0)
			return -EEXIST;
	memcpy(scanners->user_agents[scanners->user_agent_count++], user_agent, sizeof(user_agent));
	return 0;
}

static int add_emergency(struct config *cfg, const struct config_node *node)
{
	char emergency[CONFIG_EMERGENCY_SIZE] = "";
	int err = config_emergency_parse(node->text, node->len, emergency);

	if (err)
		return err;
	for (size_t i = 0; i < cfg->emergency_count; i++)
		if (strcmp(cfg->emergency[i], emergency) == 0)
			return -EEXIST;
	memcpy(cfg->emergency[cfg->emergency_count++], emergency, sizeof(emergency));
	return 0;
}

/* What has to do with forwarding cannot be let through instead, and a later fragment follows its first. */
static bool can_be_withheld(enum reason reason)
{
	return reason < DROP_PROOF && reason != DROP_FRAGMENT;
}

/* As everywhere outside of C, with "-" for "_". */
static bool names_reason(const struct config_node *node, const char *name)
{
	size_t i;

	for (i = 0; i < node->len && name[i]; i++)
		if (node->text[i] != (name[i] == '_' ? '-' : name[i]))
			return false;
	return i == node->len && !name[i];
}

static int add_reason(uint32_t *reasons, const struct config_node *node)
{
	static const struct {
		enum reason reason;
		const char *name;
	} known[] = {
#define X(id, name, help) { DROP_##id, #name },
		DROP_REASONS(X)
#undef X
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!names_reason(node, known[i].name) || !can_be_withheld(known[i].reason))
			continue;
		if (*reasons & MONITOR_BIT(known[i].reason))
			return -EEXIST;
		*reasons |= MONITOR_BIT(known[i].reason);
		return 0;
	}
	return -EINVAL;
}

static int add_status(struct config_probe *probe, const struct config_node *node)
{
	int err = config_status_parse(node->text, node->len, &probe->accept[probe->accept_count]);

	if (!err)
		probe->accept_count++;
	return err;
}

void config_list_clear(const struct config_key *key, void *base)
{
	struct config *cfg = base;
	struct config_service *service = base;

	switch (key->type) {
	case CONFIG_TYPE_USER_AGENTS: cfg->scanners.user_agent_count = 0; break;
	case CONFIG_TYPE_EMERGENCY: cfg->emergency_count = 0; break;
	case CONFIG_TYPE_STATUSES: service->balance.probe.accept_count = 0; break;
	default: break; /* the others have no default */
	}
}

int config_value_set(struct config_reader *reader, const struct config_key *key,
		     const struct config_node *node, void *base)
{
	void *field = (char *)base + key->offset;
	struct config_service *service = base; /* where the schema says so */

	switch (key->type) {
	case CONFIG_TYPE_CHOICE: return set_choice(key, node, field);
	case CONFIG_TYPE_NAME: return config_name_parse(node->text, node->len, field);
	case CONFIG_TYPE_INSTANCE: return config_instance_parse(node->text, node->len, field);
	case CONFIG_TYPE_NUMBER: return set_number(key, node, field);
	case CONFIG_TYPE_DURATION: return set_duration(key, node, field);
	case CONFIG_TYPE_PERCENT: return config_percent_parse(node->text, node->len, field);
	case CONFIG_TYPE_RATE: return config_rate_parse(node->text, node->len, field);
	case CONFIG_TYPE_BURST: return set_burst(key, node, base);
	case CONFIG_TYPE_SEED: return set_seed(reader, node);
	case CONFIG_TYPE_PATH: return set_path(reader, node, field);
	case CONFIG_TYPE_ENDPOINT: return endpoint_parse(node->text, node->len, field);
	case CONFIG_TYPE_PASSWORD: return config_password_parse(node->text, node->len, field);
	case CONFIG_TYPE_INTERFACES: return add_interface(reader->cfg, node);
	case CONFIG_TYPE_LISTENS: return add_listen(service, node);
	case CONFIG_TYPE_NETWORKS:
		return config_networks_add(reader, (enum config_network_kind)key->offset, node);
	case CONFIG_TYPE_USER_AGENTS: return add_user_agent(&reader->cfg->scanners, node);
	case CONFIG_TYPE_EMERGENCY: return add_emergency(reader->cfg, node);
	case CONFIG_TYPE_REASONS: return add_reason(field, node);
	case CONFIG_TYPE_STATUSES: return add_status(&service->balance.probe, node);
	default: return -EINVAL; /* containers have no value of their own */
	}
}
