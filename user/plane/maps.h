/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pinned maps of an instance as user space holds them: one list of what they are, file
 * descriptors, and the six that are mapped into memory. Keys and values are those of
 * <sipxdp/map.h> and <sipxdp/record.h>. Nothing here needs the daemon.
 */
#ifndef SIPXDP_PLANE_MAPS_H
#define SIPXDP_PLANE_MAPS_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include <sipxdp/map.h>
#include <sipxdp/record.h>

#define MAPS_ROOT "/sys/fs/bpf/sipxdp" /* one directory an instance: MAPS_ROOT/INSTANCE/MAP */

/*
 * X(ID, name, map type, key size, value size, flags, entries). Entries 0: as many as the
 * configuration or the BPF object says.
 */
#define MAPS(X)                                                                                    \
	X(SETTINGS, settings, ARRAY, sizeof(__u32), sizeof(struct settings), BPF_F_MMAPABLE, 1)    \
	X(HOST_STATE, host_state, ARRAY, sizeof(__u32), sizeof(struct host_state), BPF_F_MMAPABLE, \
	  1)                                                                                       \
	X(LISTENERS, listeners, ARRAY, sizeof(__u32), sizeof(struct listener_table), 0, 2)         \
	X(SERVICES, services, ARRAY, sizeof(__u32), sizeof(struct service), 0, 2 * SERVICE_MAX)    \
	X(SERVICE_STATE, service_state, ARRAY, sizeof(__u32), sizeof(struct service_state),        \
	  BPF_F_MMAPABLE, SERVICE_MAX)                                                             \
	X(SOURCES, sources, LRU_HASH, sizeof(struct source_key), sizeof(struct source), 0, 0)      \
	X(TRUSTED, trusted, LRU_HASH, sizeof(struct sipxdp_peer), sizeof(struct trusted), 0, 0)    \
	X(PROVISIONAL, provisional, LRU_HASH, sizeof(struct sipxdp_peer),                          \
	  sizeof(struct provisional), 0, 0)                                                        \
	X(TRUST_FILTER, trust_filter, ARRAY, sizeof(__u32), sizeof(struct trust_filter),           \
	  BPF_F_MMAPABLE, 2)                                                                       \
	X(PREFIX_LIMITS, prefix_limits, ARRAY, sizeof(__u32), sizeof(struct prefix_limits), 0, 1)  \
	X(SIGHTINGS, sightings, ARRAY, sizeof(__u32), sizeof(struct sightings), 0, 1)              \
	X(BANS, bans, LPM_TRIE, sizeof(struct sipxdp_prefix), sizeof(struct ban),                  \
	  BPF_F_NO_PREALLOC, 0)                                                                    \
	X(NETWORKS, networks, LPM_TRIE, sizeof(struct sipxdp_prefix), sizeof(struct network),      \
	  BPF_F_NO_PREALLOC, 0)                                                                    \
	X(AGENTS, agents, LPM_TRIE, sizeof(struct agent_prefix), sizeof(__u32), BPF_F_NO_PREALLOC, \
	  0)                                                                                       \
	X(DIALOGS, dialogs, HASH, sizeof(struct dialog_key), sizeof(struct dialog),                \
	  BPF_F_NO_PREALLOC, 0)                                                                    \
	X(FRAGMENTS, fragments, LRU_HASH, sizeof(struct fragment_key), sizeof(struct fragment), 0, \
	  0)                                                                                       \
	X(COUNTERS, counters, PERCPU_ARRAY, sizeof(__u32), sizeof(union counter_row), 0,           \
	  COUNTER_ROWS)                                                                            \
	X(BACKENDS, backends, ARRAY, sizeof(__u32), sizeof(struct backend), BPF_F_MMAPABLE,        \
	  BACKEND_MAX)                                                                             \
	X(BACKEND_LOAD, backend_load, PERCPU_ARRAY, sizeof(__u32), sizeof(struct backend_load), 0, \
	  BACKEND_MAX)                                                                             \
	X(MAGLEV, maglev, ARRAY, sizeof(__u32), sizeof(struct maglev_table), 0, MAGLEV_TABLES)     \
	X(BACKEND_PEERS, backend_peers, HASH, sizeof(struct sipxdp_peer), sizeof(__u32), 0,        \
	  2 * BACKEND_MAX)                                                                         \
	X(BACKEND_PORTS, backend_ports, ARRAY, sizeof(__u32), sizeof(struct backend_ports),        \
	  BPF_F_MMAPABLE, 1)                                                                       \
	X(PLACEMENTS, placements, ARRAY, sizeof(__u32), sizeof(struct placement_set), 0, 0)        \
	X(CONNECTIONS, connections, LRU_HASH, sizeof(struct connection_key),                       \
	  sizeof(struct connection), 0, 0)                                                         \
	X(PROGRAMS, programs, PROG_ARRAY, sizeof(__u32), sizeof(__u32), 0, PROGRAM_COUNT)          \
	X(TAP, tap, RINGBUF, 0, 0, 0, 0)                                                           \
	X(CALLS, calls, HASH, sizeof(struct call_key), sizeof(struct call_record),                 \
	  BPF_F_NO_PREALLOC, 0)                                                                    \
	X(REGISTRATIONS, registrations, HASH, sizeof(struct registration_key),                     \
	  sizeof(struct registration_record), BPF_F_NO_PREALLOC, 0)

enum map_id {
#define X(id, ...) MAP_##id,
	MAPS(X)
#undef X
		MAP_COUNT,
};

#define MAPS_MESSAGE_SIZE 320

struct maps {
	char instance[NAME_SIZE]; /* "" for the private maps of a dry run */
	int fd[MAP_COUNT];
	/* In memory, shared with the kernel; never NULL in an open struct maps. */
	struct settings *settings;
	struct host_state *host_state;
	struct service_state *service_state; /* [SERVICE_MAX] */
	struct trust_filter *trust_filter;   /* [2] */
	struct backend *backends;	     /* [BACKEND_MAX], see backend.h */
	struct backend_ports *backend_ports;
};

/*
 * Opens all maps of an instance by their pins. 0, or with *out untouched:
 *   -ENOENT  no such instance is pinned;
 *   -EPERM   not permitted (neither root nor in the group that may);
 *   -EPROTO  pinned by a version with another layout, or incomplete;
 *   other -errno.
 * message (may be NULL) receives on failure one line that says what is wrong and what to do.
 */
int maps_open(const char *instance, struct maps *out, char message[MAPS_MESSAGE_SIZE]);

/*
 * The same over maps that are open already (fd[] is duplicated): for the loader and for dry runs.
 * -EPROTO if one is not what MAPS says.
 */
int maps_take(const char *instance, const int fd[MAP_COUNT], struct maps *out,
	      char message[MAPS_MESSAGE_SIZE]);

/*
 * The layout that `settings` (fd) was made with: its first word, whatever else that layout says. 0;
 * -EPROTO if it cannot be such a map; other -errno.
 */
int maps_layout(int fd, __u32 *layout);

/* Whether fd is a map of that type, key and value. 0, -EPROTO and message, or other -errno. */
int maps_check(enum map_id id, int fd, char message[MAPS_MESSAGE_SIZE]);

/* Harmless on a struct maps that is all zero but for fds of -1, and on one already closed. */
void maps_close(struct maps *maps);

/* "sources", … */
const char *maps_name(enum map_id id);

/* Room of a table: entries, or bytes for `tap`. 0 on error. */
__u32 maps_room(const struct maps *maps, enum map_id id);

/* One entry. 0, -ENOENT, or other -errno. -EINVAL for those per CPU: see maps_counters() and
 * backend_load(). */
int maps_get(const struct maps *maps, enum map_id id, const void *key, void *value);

/* flags: BPF_ANY, BPF_NOEXIST (-EEXIST), BPF_EXIST (-ENOENT). -E2BIG or -ENOSPC: table full. */
int maps_put(const struct maps *maps, enum map_id id, const void *key, const void *value,
	     __u64 flags);

/* 0, -ENOENT, or other -errno. */
int maps_delete(const struct maps *maps, enum map_id id, const void *key);

/*
 * Calls fn for every entry (of an array: every element). A value of fn other than 0 ends the walk
 * and is returned. fn may put and delete entries, but in a prefix table that is being walked
 * (bans, networks, agents) it must not delete. An entry that comes or goes meanwhile may be seen
 * or not; each other one is seen, now and then twice. key and value are copies.
 * 0, or -errno: -EINVAL for `counters`, `backend_load` and `tap`.
 */
typedef int (*maps_walk_fn)(const void *key, const void *value, void *ctx);
int maps_walk(const struct maps *maps, enum map_id id, maps_walk_fn fn, void *ctx);

/* A walk in pieces: each call goes over up to about limit entries. All zero starts it. */
#define MAPS_KEY_MAX 48
struct maps_cursor {
	bool started;
	bool done;   /* the end was reached: zero it to begin again */
	bool single; /* the kernel has no batch look-up for this map */
	__u64 seen;
	unsigned char token[MAPS_KEY_MAX];
};
int maps_walk_some(const struct maps *maps, enum map_id id, struct maps_cursor *cursor,
		   unsigned int limit, maps_walk_fn fn, void *ctx);

/* Entries in a table, by a walk. 0 or -errno. */
int maps_count(const struct maps *maps, enum map_id id, __u64 *count);

/* Takes every entry out of a table, or sets every element of an array to zero. 0 or -errno. */
int maps_clear(const struct maps *maps, enum map_id id);

/*
 * Counters, summed over all CPUs. row is COUNTER_ROW(service, would_drop, class). The walk leaves
 * out rows that are all zero; fn as for maps_walk().
 */
typedef int (*maps_counters_fn)(__u32 row, const union counter_row *sum, void *ctx);
int maps_counters(const struct maps *maps, __u32 row, union counter_row *sum);
int maps_walk_counters(const struct maps *maps, maps_counters_fn fn, void *ctx);

/* Sets all counters of one service (or SERVICE_HOST) to zero. 0 or -errno. */
int maps_counters_clear(const struct maps *maps, unsigned int service);

/*
 * A service as it is in force. -ENOENT: that number was never used. in_use 0: it was configured
 * once; its counters still stand.
 */
int maps_service(const struct maps *maps, unsigned int service, struct service *out);

/* To be called after every change of `bans` or `networks`: sources look them up afresh. */
void maps_raise_generation(struct maps *maps);

/* Whether a daemon holds this instance. 1, 0 or -errno. Needs no privilege over the daemon. */
int maps_daemon_alive(const char *instance);

#endif
