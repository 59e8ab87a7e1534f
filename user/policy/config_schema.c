/* SPDX-License-Identifier: GPL-2.0-only */
/* The one table of all keys. docs/configuration.md is printed from it. */
#include "policy/config_schema.h"

#include <inttypes.h>
#include <string.h>

#include "policy/config_scalar.h"

#define MS	    UINT64_C(1000000)
#define SECOND	    (1000 * MS)
#define MINUTE	    (60 * SECOND)
#define HOUR	    (60 * MINUTE)
#define DAY	    (24 * HOUR)
#define TABLE_MIN   1024
#define TABLE_MAX   16777216
#define LIST_MAX    CONFIG_NETWORKS_MAX
#define RING_MIN    65536
#define RING_MAX    1073741824
#define MESSAGE_MIN 512
#define MESSAGE_MAX 8000 /* a record of TAP_LARGE octets with its header */
#define SAMPLE_MIN  64
#define SAMPLE_MAX  1024

static const struct config_choice modes[] = {
	{ "enforce", CONFIG_MODE_ENFORCE },
	{ "monitor", CONFIG_MODE_MONITOR },
	{ 0 },
};

static const struct config_choice on_exits[] = {
	{ "detach", CONFIG_ON_EXIT_DETACH },
	{ "keep", CONFIG_ON_EXIT_KEEP },
	{ 0 },
};

static const struct config_choice verifies[] = {
	{ "off", VERIFY_OFF },
	{ "under-attack", VERIFY_UNDER_ATTACK },
	{ "always", VERIFY_ALWAYS },
	{ 0 },
};

static const struct config_choice forwards[] = {
	{ "nat", CONFIG_FORWARD_NAT },
	{ "dsr", CONFIG_FORWARD_DSR },
	{ "ipip", CONFIG_FORWARD_IPIP },
	{ 0 },
};

static const struct config_choice keys[] = {
	{ "call-id", CONFIG_KEY_CALL_ID },     { "source", CONFIG_KEY_SOURCE },
	{ "from-user", CONFIG_KEY_FROM_USER }, { "to-user", CONFIG_KEY_TO_USER },
	{ "ruri-user", CONFIG_KEY_RURI_USER }, { 0 },
};

static const struct config_choice methods[] = {
	{ "maglev", CONFIG_METHOD_MAGLEV },
	{ "least-calls", CONFIG_METHOD_LEAST_CALLS },
	{ 0 },
};

static const struct config_choice no_backends[] = {
	{ "drop", CONFIG_NO_BACKEND_DROP },
	{ "reply-503", CONFIG_NO_BACKEND_REPLY_503 },
	{ "pass", CONFIG_NO_BACKEND_PASS },
	{ 0 },
};

static const struct config_choice probe_transports[] = {
	{ "udp", CONFIG_PROBE_UDP },
	{ "tcp", CONFIG_PROBE_TCP },
	{ 0 },
};

/* One row, short enough to be read in one line or two. `in` is the struct that offset counts in. */
#define SECTION(p, h)                                                                              \
	{                                                                                          \
		.path = p, .type = CONFIG_TYPE_SECTION, .help = h                                  \
	}
#define CHOICE(p, in, member, list, def, h)                                                        \
	{                                                                                          \
		.path = p, .type = CONFIG_TYPE_CHOICE, .offset = offsetof(struct in, member),      \
		.choices = list, .initial = def, .help = h                                         \
	}
#define VALUE(p, t, in, member, low, high, def, h)                                                 \
	{                                                                                          \
		.path = p, .type = CONFIG_TYPE_##t, .offset = offsetof(struct in, member),         \
		.min = low, .max = high, .initial = def, .help = h                                 \
	}
#define VALUE_OR_OFF(p, t, in, member, low, high, def, h)                                          \
	{                                                                                          \
		.path = p, .type = CONFIG_TYPE_##t, .flags = CONFIG_KEY_OFF,                       \
		.offset = offsetof(struct in, member), .min = low, .max = high, .initial = def,    \
		.help = h                                                                          \
	}
#define RATE(p, in, member, def, h) VALUE(p, RATE, in, member, 0, 0, def, h)
#define LIST(p, t, need, high, def, h)                                                             \
	{                                                                                          \
		.path = p, .type = CONFIG_TYPE_##t, .flags = (need) ? CONFIG_KEY_REQUIRED : 0,     \
		.min = need, .max = high, .initial = def, .help = h                                \
	}
#define NETWORKS(p, kind, h)                                                                       \
	{                                                                                          \
		.path = p, .type = CONFIG_TYPE_NETWORKS, .offset = kind, .max = LIST_MAX,          \
		.help = h                                                                          \
	}
#define REASONS(p, in, h)                                                                          \
	{                                                                                          \
		.path = p, .type = CONFIG_TYPE_REASONS, .offset = offsetof(struct in, monitor),    \
		.max = REASON_SLOTS, .help = h                                                     \
	}
#define TABLE(name, member, def, h)                                                                \
	VALUE("tables." name, NUMBER, config, tables.member, TABLE_MIN, TABLE_MAX, def, h)

/* The budgets: one rate for each class, and one burst for all of them. */
#define CLASS_RATE_BURST(budget, name, class, def, many, from, h)                                  \
	{                                                                                          \
		.path = "services[].limits." #budget "." name, .type = CONFIG_TYPE_RATE,           \
		.offset = offsetof(struct config_service, limits.budget.rate[class]),              \
		.burst = many, .initial = def, .derived = from, .help = h                          \
	}
#define CLASS_RATE(budget, name, class, def, from, h)                                              \
	CLASS_RATE_BURST(budget, name, class, def, 0, from, h)
#define BUDGET_FROM(budget, invite, register_, registers, options, other, malformed, from, burst,  \
		    extra, h)                                                                      \
	SECTION("services[].limits." #budget, h),                                                  \
		CLASS_RATE(budget, "invite", LIMIT_INVITE, invite, from, "INVITE"),                \
		CLASS_RATE_BURST(budget, "register", LIMIT_REGISTER, register_, registers, from,   \
				 "REGISTER"),                                                      \
		CLASS_RATE(budget, "options", LIMIT_OPTIONS, options, from, "OPTIONS"),            \
		CLASS_RATE(budget, "other", LIMIT_OTHER, other, from,                              \
			   "every other request, responses, keepalives"),                          \
		CLASS_RATE(budget, "malformed", LIMIT_MALFORMED, malformed, from,                  \
			   "broken SIP and garbage"),                                              \
	{                                                                                          \
		.path = "services[].limits." #budget ".burst", .type = CONFIG_TYPE_BURST,          \
		.offset = offsetof(struct config_service, limits.budget), .also = extra, .min = 1, \
		.max = CONFIG_BURST_MAX, .derived = burst,                                         \
		.help = "messages let through at once, for all classes here that do not set it "   \
			"themselves"                                                               \
	}
#define SECONDS_WORTH "one second's worth of each rate"
#define BUDGET(budget, invite, register_, options, other, malformed, extra, h)                     \
	BUDGET_FROM(budget, invite, register_, 0, options, other, malformed, NULL, SECONDS_WORTH,  \
		    extra, h)

/* An office whose phones all register at once, after a power cut, is one unknown address. */
#define OFFICE_PHONES 200

static const struct config_key schema[] = {
	VALUE("instance", INSTANCE, config, instance, 0, 0, "default",
	      "name of this daemon's maps and control socket; two instances can share a host"),
	LIST("interfaces", INTERFACES, 1, CONFIG_INTERFACES_MAX, NULL,
	     "where packets come in; native XDP where the driver has it, else generic"),
	CHOICE("mode", config, mode, modes, "enforce",
	       "monitor counts what would be dropped as would-drop and lets it through"),
	REASONS("monitor", config,
		"the same for single reasons, where mode is enforce: what would be dropped for one "
		"of "
		"them is let through, also past the limits that come behind it"),
	CHOICE("on_exit", config, on_exit, on_exits, "detach",
	       "what SIGTERM does to the programs in the kernel; keep leaves them enforcing"),
	{
		.path = "hash_seed",
		.type = CONFIG_TYPE_SEED,
		.offset = offsetof(struct config, hash_seed),
		.derived = "drawn at random",
		.help = "secret of the Call-ID hash; the same on two balancers makes them choose "
			"the same backends",
	},
	LIST("emergency", EMERGENCY, 0, CONFIG_EMERGENCY_MAX, "urn:service:sos, 112, 911",
	     "who is called in an emergency: user part of the Request-URI, or a URN (which also "
	     "covers its sub-services); shed last, with a budget of their own"),

	{
		.path = "services",
		.type = CONFIG_TYPE_SERVICES,
		.flags = CONFIG_KEY_REQUIRED,
		.min = 1,
		.max = CONFIG_SERVICES_MAX,
		.help = "what is guarded: each service has its own listens, limits and counters",
	},
	{
		.path = "services[].name",
		.type = CONFIG_TYPE_NAME,
		.flags = CONFIG_KEY_REQUIRED,
		.offset = offsetof(struct config_service, name),
		.help = "how it is called in counters, logs and tables",
	},
	LIST("services[].listen", LISTENS, 1, CONFIG_LISTENS_MAX, NULL,
	     "addresses and ports of the SIP server; an address goes before a wildcard"),
	{
		.path = "services[].mode",
		.type = CONFIG_TYPE_CHOICE,
		.offset = offsetof(struct config_service, mode),
		.choices = modes,
		.derived = "mode",
		.help = "as mode above, for this service alone",
	},
	REASONS("services[].monitor", config_service,
		"as monitor above, for this service, besides those named there"),
	CHOICE("services[].verify_source", config_service, verify_source, verifies, "under-attack",
	       "when an unknown source must prove that its address is real before it is let "
	       "through"),

	SECTION("services[].limits",
		"how much of what is let through; budgets that are full drop, and count it"),
	BUDGET_FROM(
		per_source, "20/s", "10/s", OFFICE_PHONES, "5/s", "40/s", "2/s", NULL,
		SECONDS_WORTH, 0,
		"one unknown source address (IPv6: its /64); the burst of REGISTERs is that of an "
		"office whose phones all come back at once"),
	BUDGET(per_prefix, "200/s", "200/s", "100/s", "400/s", "50/s", 0,
	       "all unknown sources of one /24 (IPv6: /48) together"),
	/* A rate beside the classes stands before the burst, which is for it too. */
	RATE("services[].limits.unknown.emergency", config_service, limits.emergency, "50/s",
	     "emergency calls"),
	BUDGET(unknown, "500/s", "1000/s", "200/s", "1000/s", "100/s",
	       offsetof(struct config_service, limits.emergency),
	       "all unknown sources together: what a spoofed flood gets"),
	RATE("services[].limits.total.all", config_service, limits.total_all, "20000/s",
	     "everything; near it the least urgent is shed first"),
	BUDGET(total, "5000/s", "5000/s", "2000/s", "off", "500/s",
	       offsetof(struct config_service, limits.total_all),
	       "the whole service, known sources included"),
	BUDGET_FROM(trusted, NULL, NULL, 0, NULL, NULL, NULL, "20 times per_source",
		    "20 times per_source", 0,
		    "one trusted address and port: each phone behind a NAT has its own; an "
		    "address in networks.exempt has ten times as much"),
	RATE("services[].limits.provisional", config_service, limits.provisional, "20/s",
	     "all messages of an address and port that the server has challenged (401, 407)"),
	RATE("services[].limits.dialog", config_service, limits.dialog, "100/s",
	     "all messages of one known dialog"),
	RATE("services[].limits.undecided", config_service, limits.undecided, "500/s",
	     "all messages whose headers lie beyond the kernel's reach"),
	RATE("services[].limits.syn", config_service, limits.syn, "20/s",
	     "new TCP and TLS connections of one source"),

	{
		.path = "services[].balance",
		.type = CONFIG_TYPE_SECTION,
		.offset = offsetof(struct config_service, balanced),
		.help = "spreads this service's calls over backends; without it the service is "
			"guarded only, and its server is this host or behind it",
	},
	CHOICE("services[].balance.forward", config_service, balance.forward, forwards, "nat",
	       "how packets reach a backend: nat through this host both ways, dsr by MAC address, "
	       "ipip in a tunnel"),
	CHOICE("services[].balance.key", config_service, balance.key, keys, "call-id",
	       "what chooses the backend of a new call"),
	CHOICE("services[].balance.register_key", config_service, balance.register_key, keys,
	       "to-user", "what chooses the backend of a REGISTER: to-user keeps an AoR on one"),
	CHOICE("services[].balance.method", config_service, balance.method, methods, "maglev",
	       "maglev: by hash alone; least-calls: the one of two with fewer live calls"),
	CHOICE("services[].balance.on_no_backend", config_service, balance.on_no_backend,
	       no_backends, "drop", "what happens to a request when no backend is alive"),
	VALUE("services[].balance.import", PATH, config_service, balance.import_path, 0, 0, NULL,
	      "a Kamailio dispatcher.list to read backends from, and to follow; relative to this "
	      "file"),
	VALUE("services[].balance.import_set", NUMBER, config_service, balance.import_set, 0,
	      2147483647, "1", "the set id in that dispatcher.list"),

	SECTION("services[].balance.probe", "SIP OPTIONS that ask a backend whether it lives"),
	CHOICE("services[].balance.probe.transport", config_service, balance.probe.transport,
	       probe_transports, "udp", "what they go over"),
	VALUE("services[].balance.probe.interval", DURATION, config_service,
	      balance.probe.interval_ns, 100 * MS, HOUR, "5s", "time between two of them"),
	VALUE("services[].balance.probe.timeout", DURATION, config_service,
	      balance.probe.timeout_ns, 10 * MS, 10 * MINUTE, "1s",
	      "an answer later than that is none; below interval"),
	VALUE("services[].balance.probe.rise", NUMBER, config_service, balance.probe.rise, 1, 100,
	      "2", "answers in a row that bring a backend up"),
	VALUE("services[].balance.probe.fall", NUMBER, config_service, balance.probe.fall, 1, 100,
	      "3", "failures in a row that take it down"),
	LIST("services[].balance.probe.accept", STATUSES, 0, CONFIG_STATUS_RANGES, "2xx, 3xx, 4xx",
	     "status codes that mean alive"),

	{
		.path = "services[].balance.backends",
		.type = CONFIG_TYPE_BACKENDS,
		.max = CONFIG_BACKENDS_MAX,
		.help = "the servers; there must be one, here or through import",
	},
	{
		.path = "services[].balance.backends[].name",
		.type = CONFIG_TYPE_NAME,
		.flags = CONFIG_KEY_REQUIRED,
		.offset = offsetof(struct config_backend, name),
		.help = "how it is called in tables and commands",
	},
	{
		.path = "services[].balance.backends[].address",
		.type = CONFIG_TYPE_ENDPOINT,
		.flags = CONFIG_KEY_REQUIRED,
		.offset = offsetof(struct config_backend, endpoint),
		.help = "where it listens",
	},
	VALUE("services[].balance.backends[].weight", NUMBER, config_backend, weight, 1,
	      CONFIG_WEIGHT_MAX, "1", "its share of new calls, relative to the others"),

	SECTION("networks", "addresses whose standing is known beforehand; the longest prefix that "
			    "holds a source counts"),
	NETWORKS("networks.exempt", CONFIG_NETWORK_EXEMPT,
		 "carriers and offices: never banned, a budget of their own, still counted"),
	NETWORKS("networks.deny", CONFIG_NETWORK_DENY, "dropped"),
	NETWORKS("networks.feed", CONFIG_NETWORK_FEED,
		 "dropped, counted apart: lists from elsewhere; what lies in an exempt network is "
		 "left out"),

	SECTION("scanners", "tools that look for SIP servers to break into"),
	LIST("scanners.user_agents", USER_AGENTS, 0, CONFIG_USER_AGENTS_MAX,
	     "friendly-scanner, friendly-request, sipvicious, sipcli, sip-scan, sundayddr, iWar, "
	     "SIVuS, Gulp, smap, VaxSIPUserAgent, VaxIPUserAgent, siparmyknife, Test Agent, pplsip",
	     "how their User-Agent begins, in any case; dropped"),
	VALUE_OR_OFF("scanners.ban", DURATION, config, scanners.ban_ns, SECOND, 365 * DAY, "1h",
		     "ban of a source that names one: at once if its address is proven to be "
		     "real, else when it does so again; off: drop the message only"),

	SECTION("bans", "what the daemon bans a source for; an exempt network never is, and "
			"trusted ports behind a banned address are spared"),
	VALUE("bans.unproven", DURATION, config, bans.unproven_ns, SECOND, HOUR, "60s",
	      "longest ban of an address that was never proven real: it may be spoofed"),
	SECTION("bans.auth_failures", "credentials that the server rejected; a bare challenge is "
				      "none"),
	VALUE("bans.auth_failures.count", NUMBER, config, bans.auth_failures.count, 1, 100000, "10",
	      "how many refusals, within the time below, earn a ban"),
	VALUE("bans.auth_failures.within", DURATION, config, bans.auth_failures.within_ns, SECOND,
	      DAY, "60s", "the time in which they are counted"),
	VALUE_OR_OFF("bans.auth_failures.ban", DURATION, config, bans.auth_failures.ban_ns, SECOND,
		     365 * DAY, "30m", "how long that ban is; off: none"),
	SECTION("bans.enumeration", "trying user names one after the other"),
	VALUE("bans.enumeration.distinct_aors", NUMBER, config, bans.enumeration.distinct_aors, 2,
	      100000, "30",
	      "how many different addresses of record a source has to try, within the time below, "
	      "for a ban"),
	VALUE("bans.enumeration.success_below", PERCENT, config,
	      bans.enumeration.success_below_percent, 0, 100, "5%",
	      "only if the server knows fewer of them than that: answers 2xx, 3xx, busy or the "
	      "like"),
	VALUE("bans.enumeration.within", DURATION, config, bans.enumeration.within_ns, SECOND, DAY,
	      "60s", "the time in which they are counted"),
	VALUE_OR_OFF("bans.enumeration.ban", DURATION, config, bans.enumeration.ban_ns, SECOND,
		     365 * DAY, "1h", "how long that ban is; off: none"),

	SECTION("trust", "how long the kernel trusts an address and port"),
	VALUE("trust.provisional", DURATION, config, trust.provisional_ns, SECOND, HOUR, "60s",
	      "after a challenge was sent to it"),
	VALUE("trust.trusted", DURATION, config, trust.trusted_ns, SECOND, 7 * DAY, "1h",
	      "after a 2xx to its REGISTER or INVITE, until the daemon sets the granted Expires"),
	VALUE("trust.longest", DURATION, config, trust.longest_ns, MINUTE, 30 * DAY, "1d",
	      "however long the granted Expires"),

	SECTION("dialogs", "calls that are known"),
	VALUE("dialogs.idle", DURATION, config, dialogs.idle_ns, MINUTE, 7 * DAY, "4h",
	      "a dialog without a message for so long is forgotten"),

	SECTION("host_limits", "budgets of the whole host, for work that no service owns"),
	RATE("host_limits.unordered", config, host_limits.unordered, "2000/s",
	     "IP fragments that come before their first one; fragments from addresses at which "
	     "nobody is known, and first fragments of unknown sources, share a hundredth of it"),
	RATE("host_limits.inserts", config, host_limits.inserts, "1000/s",
	     "rows made in sources for banned and denied addresses"),
	RATE("host_limits.proofs", config, host_limits.proofs, "10000/s",
	     "questions sent to sources that must prove themselves"),

	SECTION("tables", "entries of each map in the kernel; changing one makes that map anew at "
			  "the next start"),
	TABLE("sources", sources, "262144", "unknown sources"),
	TABLE("trusted", trusted, "262144", "trusted addresses and ports"),
	TABLE("provisional", provisional, "65536", "challenged addresses and ports"),
	TABLE("dialogs", dialogs, "1048576", "dialogs"),
	TABLE("calls", calls, "1048576", "calls shown by sipxdpctl calls"),
	TABLE("registrations", registrations, "262144",
	      "bindings shown by sipxdpctl registrations"),
	TABLE("bans", bans, "65536", "bans"),
	TABLE("networks", networks, "262144", "prefixes of networks"),
	TABLE("fragments", fragments, "16384", "datagrams in fragments"),

	SECTION("tap", "what the kernel hands to the daemon"),
	VALUE("tap.buffer_bytes", NUMBER, config, tap.buffer_bytes, RING_MIN, RING_MAX, "16777216",
	      "size of the ring buffer; a power of two"),
	VALUE_OR_OFF("tap.message_bytes", NUMBER, config, tap.message_bytes, MESSAGE_MIN,
		     MESSAGE_MAX, "8000",
		     "how much of a message that was let through; off: calls and registrations are "
		     "not tracked"),
	VALUE("tap.sample_bytes", NUMBER, config, tap.sample_bytes, SAMPLE_MIN, SAMPLE_MAX, "512",
	      "how much of a dropped packet"),
	RATE("tap.samples", config, tap.samples, "100/s", "dropped packets handed over as samples"),
	VALUE("tap.keep_samples", NUMBER, config, tap.keep_samples, 16, CONFIG_SAMPLES_MAX, "1024",
	      "samples kept for sipxdpctl samples"),

	{
		.path = "hep",
		.type = CONFIG_TYPE_SECTION,
		.offset = offsetof(struct config, hep.wanted),
		.help = "sends every SIP message that was let through, and every answer, to a "
			"collector of HEP3 such as HOMER, over UDP; without it none is sent",
	},
	{
		.path = "hep.address",
		.type = CONFIG_TYPE_ENDPOINT,
		.flags = CONFIG_KEY_REQUIRED,
		.offset = offsetof(struct config, hep.address),
		.help = "where the collector listens",
	},
	VALUE("hep.capture_id", NUMBER, config, hep.capture_id, 0, UINT32_MAX, "1",
	      "the number by which the collector knows this host"),
	VALUE("hep.password", PASSWORD, config, hep.password, 0, 0, NULL,
	      "what the collector asks of its senders; it is sent in the clear"),
};

const struct config_key *config_schema(size_t *count)
{
	*count = sizeof(schema) / sizeof(schema[0]);
	return schema;
}

bool config_schema_is_child(const struct config_key *key, const char *parent, const char **name)
{
	size_t len = strlen(parent);
	const char *rest = key->path;

	if (len) {
		if (strncmp(rest, parent, len) != 0 || rest[len] != '.')
			return false;
		rest += len + 1;
	}
	if (strpbrk(rest, ".["))
		return false;
	*name = rest;
	return true;
}

const struct config_key *config_schema_find(const char *parent, const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(schema) / sizeof(schema[0]); i++) {
		const char *child;

		if (config_schema_is_child(&schema[i], parent, &child) && strlen(child) == len &&
		    memcmp(child, name, len) == 0)
			return &schema[i];
	}
	return NULL;
}

/* What a value of each type is called, what is said of one beyond its bounds, what is expected. */
static const struct type_text {
	const char *noun;
	const char *beyond;
	const char *expected; /* NULL: it depends on the key */
	bool list;
} type_texts[CONFIG_TYPE_COUNT] = {
	[CONFIG_TYPE_SECTION] = { "a map of keys", "", "a map of keys", false },
	[CONFIG_TYPE_SERVICES] = { "a list of services", "", "a map: {name: ..., listen: [...]}",
				   true },
	[CONFIG_TYPE_BACKENDS] = { "a list of backends", "", "a map: {name: ..., address: ...}",
				   true },
	[CONFIG_TYPE_CHOICE] = { "a known choice", "", NULL, false },
	[CONFIG_TYPE_NAME] = { "a name", "is too long",
			       "1 to 31 letters, digits, dots, - and _, not beginning with a dot",
			       false },
	[CONFIG_TYPE_INSTANCE] = { "the name of an instance", "is too long",
				   "1 to 31 letters, digits, - and _", false },
	[CONFIG_TYPE_NUMBER] = { "a whole number", "is out of range", NULL, false },
	[CONFIG_TYPE_DURATION] = { "a duration", "is out of range", NULL, false },
	[CONFIG_TYPE_PERCENT] = { "a percentage", "is out of range", "N%, from 0% to 100%", false },
	[CONFIG_TYPE_RATE] = { "a rate", "is out of range", "N/s, N/m, N/h or off", false },
	[CONFIG_TYPE_BURST] = { "a whole number", "is out of range", NULL, false },
	[CONFIG_TYPE_SEED] = { "a seed", "", "32 hexadecimal digits", false },
	[CONFIG_TYPE_PATH] = { "a path", "", "the path of a file", false },
	[CONFIG_TYPE_ENDPOINT] = { "an address with a port", "has a port out of range",
				   "ADDRESS:PORT, with IPv6 in brackets and a port from 1 to 65535",
				   false },
	[CONFIG_TYPE_PASSWORD] = { "a password", "is too short or too long",
				   "1 to 63 printable characters", false },
	[CONFIG_TYPE_INTERFACES] = { "the name of a network interface", "is too long",
				     "1 to 15 characters without blanks, / and :", true },
	[CONFIG_TYPE_LISTENS] = { "a listen address", "has a port out of range",
				  "udp:, tcp: or tls:, then ADDRESS:PORT, with IPv6 in brackets "
				  "or * for all addresses, and a port from 1 to 65535",
				  true },
	[CONFIG_TYPE_NETWORKS] = { "a network", "",
				   "an address, ADDRESS/LENGTH, or file:PATH with one of them in a "
				   "line",
				   true },
	[CONFIG_TYPE_USER_AGENTS] = { "a User-Agent", "is too short or too long",
				      "4 to 16 printable characters", true },
	[CONFIG_TYPE_EMERGENCY] = { "a number or URN", "is too long",
				    "the user part of a URI or a URN, at most 16 characters",
				    true },
	[CONFIG_TYPE_REASONS] = { "a drop that can be withheld", "",
				  "damaged, denied, feed, banned, scanner, garbage-limit, "
				  "source-limit, prefix-limit, unknown-limit, trusted-limit, "
				  "provisional-limit, total-limit, shed, unordered-limit, "
				  "undecided-limit, syn-limit, unproven or unproven-limit",
				  true },
	[CONFIG_TYPE_STATUSES] = { "a status code", "is out of range",
				   "2xx, 200 or 200-204, from 100 to 699", true },
};

_Static_assert(CONFIG_USER_AGENT_MIN == 4 && CONFIG_USER_AGENT_SIZE == 17, "as the text says");
_Static_assert(CONFIG_EMERGENCY_SIZE == 17 && CONFIG_NAME_SIZE == 32 && CONFIG_PASSWORD_SIZE == 64,
	       "as the text says");

bool config_type_is_list(enum config_type type)
{
	return type_texts[type].list;
}

const char *config_type_noun(enum config_type type)
{
	return type_texts[type].noun;
}

const char *config_type_beyond(enum config_type type)
{
	return type_texts[type].beyond;
}

static void print_choices(const struct config_choice *choices, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; choices[i].name && used < size; i++) {
		const char *before = i == 0 ? "" : choices[i + 1].name ? ", " : " or ";

		used += (size_t)snprintf(out + used, size - used, "%s%s", before, choices[i].name);
	}
}

const char *config_key_expected(const struct config_key *key, char out[CONFIG_EXPECTED_SIZE])
{
	const char *off = key->flags & CONFIG_KEY_OFF ? ", or off" : "";
	char low[CONFIG_DURATION_TEXT_SIZE], high[CONFIG_DURATION_TEXT_SIZE];

	switch (key->type) {
	case CONFIG_TYPE_CHOICE: print_choices(key->choices, out, CONFIG_EXPECTED_SIZE); break;
	case CONFIG_TYPE_NUMBER:
	case CONFIG_TYPE_BURST:
		snprintf(out, CONFIG_EXPECTED_SIZE,
			 "a whole number from %" PRIu64 " to %" PRIu64 "%s", key->min, key->max,
			 off);
		break;
	case CONFIG_TYPE_DURATION:
		snprintf(out, CONFIG_EXPECTED_SIZE,
			 "a number with ms, s, m, h or d, from %s to %s%s",
			 config_duration_print(key->min, low),
			 config_duration_print(key->max, high), off);
		break;
	default: snprintf(out, CONFIG_EXPECTED_SIZE, "%s", type_texts[key->type].expected); break;
	}
	return out;
}
