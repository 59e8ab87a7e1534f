/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration as the rest of the daemon sees it: one YAML file, checked against one schema,
 * turned into plain structs in which every default is filled in. docs/configuration.md describes
 * the file; config_reference() prints that page.
 *
 * Durations are nanoseconds, ports are in host byte order, addresses are those of address.h.
 */
#ifndef SIPXDP_POLICY_CONFIG_H
#define SIPXDP_POLICY_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <sipxdp/class.h>
#include <sipxdp/map.h>
#include <sipxdp/rate.h>
#include <sipxdp/reason.h>
#include <sipxdp/time.h>

#include "policy/address.h"

#define CONFIG_FILE_BYTES_MAX (1u << 20)

#define CONFIG_NAME_SIZE	NAME_SIZE /* instance, service and backend names, with the NUL */
#define CONFIG_INTERFACES_MAX	16
#define CONFIG_SERVICES_MAX	SERVICE_MAX
#define CONFIG_LISTENS_MAX	(LISTENER_MAX - 1) /* of all services together */
#define CONFIG_LISTENS_PER_PORT LISTENER_CHAIN	   /* UDP; TCP and TLS count together */
#define CONFIG_BACKENDS_MAX	1024		   /* of one service */
#define CONFIG_WEIGHT_MAX	1000		   /* of a backend */
#define CONFIG_USER_AGENTS_MAX	64
#define CONFIG_USER_AGENT_MIN	4 /* the kernel looks at the first four letters first */
#define CONFIG_USER_AGENT_SIZE	(AGENT_LENGTH + 1)
#define CONFIG_EMERGENCY_MAX	EMERGENCY_MAX
#define CONFIG_SAMPLES_MAX	4096 /* what one answer of the daemon holds */
#define CONFIG_EMERGENCY_SIZE	(EMERGENCY_LENGTH + 1)
#define CONFIG_STATUS_RANGES	16
#define CONFIG_PASSWORD_SIZE	64	/* with its NUL */
#define CONFIG_NETWORKS_MAX	1048576 /* prefixes of all lists and files together */

#define CONFIG_RATE_MAX	    SIPXDP_RATE_MAX /* messages a second */
#define CONFIG_BURST_MAX    10000000u
#define CONFIG_BURST_SPAN_S (30u * 86400) /* a burst is earned again within 30 days */

/* Where something stands in the file; both count from 1, line 0 is "nowhere". */
struct config_place {
	uint32_t line;
	uint32_t column;
};

enum config_mode {
	CONFIG_MODE_ENFORCE,
	CONFIG_MODE_MONITOR, /* count drops, withhold them */
};

enum config_on_exit {
	CONFIG_ON_EXIT_DETACH,
	CONFIG_ON_EXIT_KEEP,
};

enum config_transport {
	CONFIG_TRANSPORT_UDP,
	CONFIG_TRANSPORT_TCP,
	CONFIG_TRANSPORT_TLS,
};

/* Wildcards are 0.0.0.0 and ::, one family each; `*` in the file becomes two listens. */
struct config_listen {
	enum config_transport transport;
	struct endpoint endpoint;
	struct config_place place;
};

/* count messages in period_s seconds; count 0 is no limit. */
struct config_rate {
	uint32_t count;
	uint32_t period_s;    /* 1, 60 or 3600 */
	uint32_t burst;	      /* messages let through at once; at least 1 where there is a limit */
	uint32_t usual_burst; /* what that is unless the file says it; 0: what one second brings */
};

/* One budget: a rate for each class of message. */
struct config_budget {
	struct config_rate rate[LIMIT_CLASS_COUNT];
};

struct config_limits {
	struct config_budget per_source; /* of one unknown address (IPv6: /64) */
	struct config_budget per_prefix; /* of one /24 or /48 */
	struct config_budget unknown;	 /* of all unknown sources together */
	struct config_budget total;	 /* of the whole service */
	struct config_budget trusted;	 /* of one trusted address and port */
	struct config_rate emergency;	 /* unknown.emergency: emergency calls of unknown sources */
	struct config_rate total_all;	 /* total.all: overall ceiling of the service */
	struct config_rate provisional;	 /* all messages of one challenged address and port */
	struct config_rate dialog;	 /* all messages of one known dialog */
	struct config_rate undecided;	 /* all messages that the kernel cannot decide about */
	struct config_rate syn;		 /* new connections of one source */
};

enum config_forward {
	CONFIG_FORWARD_NAT,
	CONFIG_FORWARD_DSR,
	CONFIG_FORWARD_IPIP,
};

enum config_balance_key {
	CONFIG_KEY_CALL_ID,
	CONFIG_KEY_SOURCE,
	CONFIG_KEY_FROM_USER,
	CONFIG_KEY_TO_USER,
	CONFIG_KEY_RURI_USER,
};

enum config_balance_method {
	CONFIG_METHOD_MAGLEV,
	CONFIG_METHOD_LEAST_CALLS,
};

enum config_no_backend {
	CONFIG_NO_BACKEND_DROP,
	CONFIG_NO_BACKEND_REPLY_503,
	CONFIG_NO_BACKEND_PASS,
};

enum config_probe_transport {
	CONFIG_PROBE_UDP,
	CONFIG_PROBE_TCP,
};

/* SIP status codes first..last. */
struct config_status_range {
	uint16_t first;
	uint16_t last;
};

struct config_probe {
	enum config_probe_transport transport;
	uint64_t interval_ns;
	uint64_t timeout_ns; /* below interval_ns */
	uint32_t rise;
	uint32_t fall;
	struct config_status_range accept[CONFIG_STATUS_RANGES];
	size_t accept_count;
};

struct config_backend {
	char name[CONFIG_NAME_SIZE];
	struct endpoint endpoint;
	uint32_t weight;
	struct config_place place;
};

/* A pool: backends, or an import, or both. */
struct config_balance {
	enum config_forward forward;
	enum config_balance_key key;
	enum config_balance_key register_key;
	enum config_balance_method method;
	enum config_no_backend on_no_backend;
	struct config_probe probe;
	struct config_backend *backends;
	size_t backend_count;
	char *import_path;		 /* Kamailio dispatcher.list, or NULL; already resolved */
	uint32_t import_set;		 /* set id in that file */
	struct config_backend *imported; /* what it has, each address once */
	size_t imported_count;
};

struct config_service {
	char name[CONFIG_NAME_SIZE];
	enum config_mode mode; /* the global one unless the service has its own */
	uint32_t monitor;      /* MONITOR_BIT()s, besides the global ones */
	enum verify_source verify_source;
	struct config_listen *listens;
	size_t listen_count;
	struct config_limits limits;
	bool balanced; /* `balance:` is there; else the service is guarded only */
	struct config_balance balance;
	struct config_place place;
};

enum config_network_kind {
	CONFIG_NETWORK_EXEMPT,
	CONFIG_NETWORK_DENY,
	CONFIG_NETWORK_FEED,
};

struct config_network {
	struct prefix prefix;
	enum config_network_kind kind;
};

struct config_scanners {
	char user_agents[CONFIG_USER_AGENTS_MAX][CONFIG_USER_AGENT_SIZE];
	size_t user_agent_count;
	uint64_t ban_ns; /* 0: drop, but do not ban */
};

/* A source with count rejected credentials within within_ns is banned for ban_ns (0: off). */
struct config_auth_failures {
	uint32_t count;
	uint64_t within_ns;
	uint64_t ban_ns;
};

/* A source that asks for distinct_aors AoRs, and has success with fewer than so many percent. */
struct config_enumeration {
	uint32_t distinct_aors;
	uint32_t success_below_percent;
	uint64_t within_ns;
	uint64_t ban_ns; /* 0: off */
};

struct config_bans {
	struct config_auth_failures auth_failures;
	struct config_enumeration enumeration;
	uint64_t unproven_ns; /* longest ban of an address that was never proven real */
};

/* How long what the kernel learned holds without being renewed. */
struct config_trust {
	uint64_t provisional_ns; /* a challenge vouches for whom it was sent to */
	uint64_t trusted_ns;	 /* a 2xx vouches, until the daemon sets the granted Expires */
	uint64_t longest_ns;	 /* an Expires is cut to this */
};

struct config_dialogs {
	uint64_t idle_ns; /* a dialog without a message for so long is no longer known */
};

/* Budgets of the whole host, over all services. */
struct config_host_limits {
	struct config_rate unordered; /* fragments that come before their first one */
	struct config_rate inserts;   /* rows made in `sources` for banned and denied sources */
	struct config_rate proofs;    /* questions sent to prove a source */
};

/* Entries of each map. */
struct config_tables {
	uint32_t sources;
	uint32_t trusted;
	uint32_t provisional;
	uint32_t dialogs;
	uint32_t calls;
	uint32_t bans;
	uint32_t registrations;
	uint32_t fragments;
	uint32_t networks;
};

struct config_tap {
	uint32_t buffer_bytes;	    /* of the ring; a power of two */
	uint32_t message_bytes;	    /* of a passed message; 0: no tap, nothing is tracked */
	uint32_t sample_bytes;	    /* of a dropped packet */
	struct config_rate samples; /* dropped packets handed to the daemon */
	uint32_t keep_samples;	    /* of them remembered for `sipxdpctl samples` */
};

/* The collector that messages are sent to, as HEP3 packets over UDP. */
struct config_hep {
	bool wanted; /* `hep:` is there */
	struct endpoint address;
	uint32_t capture_id;		     /* as whom it knows us */
	char password[CONFIG_PASSWORD_SIZE]; /* "": none */
};

struct config_interface {
	char name[IFNAMSIZ];
	struct config_place place;
};

struct config {
	char *file; /* the name given to config_load() or config_parse() */
	char instance[CONFIG_NAME_SIZE];
	struct config_interface interfaces[CONFIG_INTERFACES_MAX];
	size_t interface_count;
	enum config_mode mode;
	uint32_t monitor; /* MONITOR_BIT()s: drops that are withheld where mode is enforce */
	enum config_on_exit on_exit;
	bool hash_seed_set; /* else the daemon draws one */
	uint8_t hash_seed[16];
	struct config_service services[CONFIG_SERVICES_MAX];
	size_t service_count;
	/*
	 * Sorted (prefix_compare) and unique. What a feed lists inside an exempt network is left
	 * out, so that a longest-prefix match alone gives the right answer.
	 */
	struct config_network *networks;
	size_t network_count;
	char emergency[CONFIG_EMERGENCY_MAX][CONFIG_EMERGENCY_SIZE];
	size_t emergency_count;
	struct config_scanners scanners;
	struct config_bans bans;
	struct config_trust trust;
	struct config_dialogs dialogs;
	struct config_host_limits host_limits;
	struct config_tables tables;
	struct config_tap tap;
	struct config_hep hep;
};

#define CONFIG_ERRORS_MAX 20

/* One line each. What is quoted from the input is ASCII: its other bytes are shown as \xNN. */
struct config_error {
	char file[256];
	struct config_place place; /* line 0: the file as a whole */
	char key[128];		   /* services[0].limits.per_source.invite, or "" */
	char what[256];
	char expected[320]; /* or "" */
};

struct config_errors {
	struct config_error list[CONFIG_ERRORS_MAX];
	size_t count;
	size_t more; /* found beyond CONFIG_ERRORS_MAX */
};

/*
 * Reads, checks and completes a configuration. errs is overwritten. On success *out is a new
 * object to be given to config_free(), and 0 is returned. Else errs holds at least one error,
 * *out is untouched, and the return is -EINVAL, -ENOMEM, or for config_load() -errno of reading
 * the file. Relative paths inside are relative to the directory of path or name.
 */
int config_load(const char *path, struct config **out, struct config_errors *errs);
int config_parse(const char *text, size_t len, const char *name, struct config **out,
		 struct config_errors *errs);

/*
 * What is wrong with an address as a backend of a service of cfg, and what was expected; NULL if it
 * may be one. Static text.
 */
const char *config_backend_wrong(const struct config *cfg, const struct config_service *service,
				 const struct endpoint *endpoint, const char **expected);

/*
 * Whether a balanced service listens on a family that none of its backends has: what comes there
 * is treated as on_no_backend says. Not for tunnels, which carry either family, nor imports.
 */
bool config_lacks_backends(const struct config_service *service, bool ipv4);

/*
 * Reads a service's import again, into *out (to be freed). errs is overwritten. 0; -EINVAL with
 * errs filled; -ENOMEM; or -errno of reading the file, with errs filled.
 */
int config_import(const struct config *cfg, const struct config_service *service,
		  struct config_backend **out, size_t *count, struct config_errors *errs);

/* cfg may be NULL. */
void config_free(struct config *cfg);

/*
 * What only this host and network namespace can tell: that the interfaces exist. errs is
 * overwritten. 0, or -ENODEV with errs filled.
 */
int config_check_host(const struct config *cfg, struct config_errors *errs);

/* FILE:LINE:COLUMN: KEY: WHAT; expected EXPECTED, each on a line. */
void config_errors_print(const struct config_errors *errs, FILE *out);

/* Prints docs/configuration.md from the schema. */
void config_reference(FILE *out);

/* Is any of the services balanced? */
static inline bool config_balances(const struct config *cfg)
{
	for (size_t i = 0; i < cfg->service_count; i++) {
		if (cfg->services[i].balanced)
			return true;
	}
	return false;
}

static inline bool config_rate_unlimited(const struct config_rate *rate)
{
	return rate->count == 0;
}

/* Nanoseconds that one message costs; 0 for no limit. */
static inline uint64_t config_rate_cost_ns(const struct config_rate *rate)
{
	return rate->count ? rate->period_s * NSEC_PER_SEC / rate->count : 0;
}

#endif
