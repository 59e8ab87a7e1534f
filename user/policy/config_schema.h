/* SPDX-License-Identifier: GPL-2.0-only */
/* The one table of all keys: what the reader accepts, what is filled in, what the docs say. */
#ifndef SIPXDP_POLICY_CONFIG_SCHEMA_H
#define SIPXDP_POLICY_CONFIG_SCHEMA_H

#include "policy/config.h"

enum config_type {
	/* containers */
	CONFIG_TYPE_SECTION,
	CONFIG_TYPE_SERVICES,
	CONFIG_TYPE_BACKENDS,
	/* one value */
	CONFIG_TYPE_CHOICE,
	CONFIG_TYPE_NAME,
	CONFIG_TYPE_INSTANCE,
	CONFIG_TYPE_NUMBER,
	CONFIG_TYPE_DURATION,
	CONFIG_TYPE_PERCENT,
	CONFIG_TYPE_RATE,
	CONFIG_TYPE_BURST,
	CONFIG_TYPE_SEED,
	CONFIG_TYPE_PATH,
	CONFIG_TYPE_ENDPOINT,
	CONFIG_TYPE_PASSWORD,
	/* lists of values */
	CONFIG_TYPE_INTERFACES,
	CONFIG_TYPE_LISTENS,
	CONFIG_TYPE_NETWORKS,
	CONFIG_TYPE_USER_AGENTS,
	CONFIG_TYPE_EMERGENCY,
	CONFIG_TYPE_REASONS,
	CONFIG_TYPE_STATUSES,
	CONFIG_TYPE_COUNT,
};

#define CONFIG_KEY_REQUIRED (1u << 0)
#define CONFIG_KEY_OFF	    (1u << 1) /* `off` is a value too, kept as 0 */

struct config_choice {
	const char *name; /* NULL ends the list */
	unsigned int value;
};

struct config_key {
	const char *path; /* services[].limits.dialog; keys of one list's maps follow "[]." */
	enum config_type type;
	unsigned int flags;
	/*
	 * Where the value goes: in struct config, or for services[] in struct config_service, or
	 * for backends[] in struct config_backend. SECTION: a bool that tells that the section is
	 * there, or 0 for none. Lists with places or files in them know their own place.
	 */
	size_t offset;
	size_t also;	/* BURST: a rate beside the budget that it is for too; 0: none */
	uint32_t burst; /* RATE: of the default rate, if it is not what one second brings; else 0 */
	uint64_t min;	/* of the number (duration: ns), or of the list's length */
	uint64_t max;
	const char *initial; /* as it would stand in the file; lists with ", "; NULL: none */
	const char *derived; /* for the docs: where the default comes from, if not from initial */
	const struct config_choice *choices;
	const char *help;
};

const struct config_key *config_schema(size_t *count);

/*
 * Whether path is parent's direct child ("" is the root, lists of maps are "services[]"). If so,
 * *name is the last part of path.
 */
bool config_schema_is_child(const struct config_key *key, const char *parent, const char **name);

/* The row of that child, or NULL. */
const struct config_key *config_schema_find(const char *parent, const char *name, size_t len);

bool config_type_is_list(enum config_type type);

/* "a rate", to be put behind "is not"; "is out of range", to be put behind the value. */
const char *config_type_noun(enum config_type type);
const char *config_type_beyond(enum config_type type);

/* What one value must look like: "N/s, N/m, N/h or off". Returns out. */
#define CONFIG_EXPECTED_SIZE 256
const char *config_key_expected(const struct config_key *key, char out[CONFIG_EXPECTED_SIZE]);

#endif
