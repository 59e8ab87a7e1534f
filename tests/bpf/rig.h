/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of the packet path share: the programs over private maps under a clock of the
 * test's own, frames in, and what came of each: action, counters, octets. */
#ifndef TEST_BPF_RIG_H
#define TEST_BPF_RIG_H

#include <criterion/criterion.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include <sipxdp/map.h>
#include <sipxdp/tap.h>

#include "plane/maps.h"
#include "plane/run.h"

#include "frame.h"
#include "message.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Seconds for a suite's test: an emulated guest takes some twenty times as long as its host. */
#define RIG_TIMEOUT 600

#define SECOND 1000000000ULL
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)

/* Service 0 of every configuration here. What follows it may be its limits. */
#define RIG_PROXY                                                                                  \
	"services:\n"                                                                              \
	"  - name: proxy\n"                                                                        \
	"    listen: [\"udp:192.0.2.10:5060\", \"udp:[2001:db8::10]:5060\",\n"                     \
	"             \"tcp:192.0.2.10:5060\", \"tls:192.0.2.10:5061\",\n"                         \
	"             \"tcp:[2001:db8::10]:5060\"]\n"                                              \
	"    verify_source: off\n"

#define RIG_ALL_OFF "invite: off, register: off, options: off, other: off, malformed: off"

/* The members of a `limits` map with no limit at all; a test leaves out what it sets itself. */
#define RIG_PER_SOURCE_OFF "      per_source: {" RIG_ALL_OFF "}\n"
#define RIG_PER_PREFIX_OFF "      per_prefix: {" RIG_ALL_OFF "}\n"
#define RIG_UNKNOWN_OFF	   "      unknown: {" RIG_ALL_OFF ", emergency: off}\n"
#define RIG_TOTAL_OFF	   "      total: {" RIG_ALL_OFF ", all: off}\n"
#define RIG_PEERS_OFF	   "      provisional: off\n      dialog: off\n"
#define RIG_OTHERS_OFF	   "      undecided: off\n      syn: off\n"
#define RIG_UNLIMITED                                                                              \
	"    limits:\n" RIG_PER_SOURCE_OFF RIG_PER_PREFIX_OFF RIG_UNKNOWN_OFF RIG_TOTAL_OFF        \
		RIG_PEERS_OFF RIG_OTHERS_OFF

/* Opens the rig with a configuration, less `interfaces`, and small tables unless it names its own.
 * Skips the test where BPF cannot be had. */
void rig_open(const char *yaml);
void rig_open_with(const char *yaml, const struct run_options *options);
void rig_close(void);

/* Applies another one, as a reload does. */
void rig_reload(const char *yaml);

/* Forgets what was seen; the clock goes on. */
void rig_clear(void);

struct run *rig_run(void);
struct maps *rig_maps(void);

/* The clock: nanoseconds since the rig was opened. */
void rig_at(__u64 ns);
__u64 rig_now(void); /* as the programs read it */
void rig_wait(__u64 ns);

/* What is to come of a packet. */
struct rig_want {
	enum reason reason;
	enum traffic_class class;
	unsigned int service; /* SERVICE_HOST for what belongs to none */
	bool would_drop;
	bool nothing; /* not ours: passes, and no counter moves */
};

#define RIG_NOT_OURS ((struct rig_want){ .nothing = true })

/* Sends a frame in and holds against *want what came of it: the action, that this one counter cell
 * and no other rose by one packet and the frame's octets, and that the frame came out as it was. */
void rig_check(const char *name, const struct frame *frame, const struct rig_want *want);

/* The same of a description. */
void rig_expect(const char *name, const struct frame_spec *spec, const struct rig_want *want);

/* Cases that share one load of the programs, which takes most of a second: each starts with empty
 * tables, full buckets and the configuration as it was. */
struct rig_case {
	const char *name;
	void (*run)(void);
};
#define RIG_CASE(function)                                                                         \
	{                                                                                          \
#function, function                                                                \
	}
void rig_run_cases(const char *yaml, const struct rig_case *cases, size_t count);

/* Short for a packet of service 0. */
void rig_expect_reason(const char *name, const struct frame_spec *spec, enum traffic_class class,
		       enum reason reason);

/* Sends it in; was it let through? */
bool rig_passes(const struct frame *frame);
bool rig_sends(const struct frame_spec *spec);

/* The server sends it: through the egress program, which lets everything go on unchanged. */
void rig_reply(const struct frame_spec *spec);

/* Packets counted for a service 0 so far. */
__u64 rig_counted(enum traffic_class class, enum reason reason);

/* Packets counted at all, for any service and reason. */
__u64 rig_counted_all(void);

/* "unknown", "drop_source_limit": for messages */
const char *rig_reason_name(enum reason reason);
const char *rig_class_name(enum traffic_class class);

#endif
