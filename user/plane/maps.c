// SPDX-License-Identifier: GPL-2.0-only
/* The maps of an instance: opened by their pins, checked, mapped into memory; single entries. */
#include "plane/maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plane/pin.h"

struct map_kind {
	const char *name;
	__u32 type;
	__u32 key_size;
	__u32 value_size;
	__u32 flags;
	__u32 entries; /* 0: any */
};

static const struct map_kind kinds[MAP_COUNT] = {
#define X(id, text, map_type, key, value, map_flags, count)                                        \
	[MAP_##id] = { #text, BPF_MAP_TYPE_##map_type, key, value, map_flags, count },
	MAPS(X)
#undef X
};

static void say(char message[MAPS_MESSAGE_SIZE], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(char message[MAPS_MESSAGE_SIZE], const char *format, ...)
{
	va_list args;

	if (!message)
		return;
	va_start(args, format);
	vsnprintf(message, MAPS_MESSAGE_SIZE, format, args);
	va_end(args);
}

/* Values that are one a CPU, records that are no entries, and programs. */
static bool has_no_entries(enum map_id id)
{
	return id == MAP_COUNTERS || id == MAP_BACKEND_LOAD || id == MAP_TAP || id == MAP_PROGRAMS;
}

const char *maps_name(enum map_id id)
{
	return kinds[id].name;
}

static int map_info(int fd, struct bpf_map_info *info)
{
	__u32 size = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &size) ? -errno : 0;
}

int maps_check(enum map_id id, int fd, char message[MAPS_MESSAGE_SIZE])
{
	const struct map_kind *kind = &kinds[id];
	struct bpf_map_info info;
	int err = map_info(fd, &info);

	if (err) {
		say(message, "map %s: %s", kind->name, strerror(-err));
		return err;
	}
	if (info.type == kind->type && info.key_size == kind->key_size &&
	    info.value_size == kind->value_size && info.map_flags == kind->flags &&
	    (!kind->entries || info.max_entries == kind->entries))
		return 0;
	say(message,
	    "map %s has another layout (type %u, key %u, value %u, flags %#x, entries %u; "
	    "expected type %u, key %u, value %u, flags %#x)",
	    kind->name, info.type, info.key_size, info.value_size, info.map_flags, info.max_entries,
	    kind->type, kind->key_size, kind->value_size, kind->flags);
	return -EPROTO;
}

int maps_layout(int fd, __u32 *layout)
{
	struct bpf_map_info info;
	__u32 zero = 0;
	char *value;
	int err = map_info(fd, &info);

	if (err)
		return err;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.key_size != sizeof(zero) ||
	    info.value_size < sizeof(*layout))
		return -EPROTO;
	value = malloc(info.value_size);
	if (!value)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &zero, value))
		err = -errno;
	else
		memcpy(layout, value, sizeof(*layout));
	free(value);
	return err;
}

__u32 maps_room(const struct maps *maps, enum map_id id)
{
	struct bpf_map_info info;

	return map_info(maps->fd[id], &info) ? 0 : info.max_entries;
}

/* ---- open and close ---- */

static size_t memory_size(enum map_id id)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (size_t)kinds[id].value_size * kinds[id].entries;

	return (size + page - 1) / page * page;
}

static void *memory_map(const struct maps *maps, enum map_id id)
{
	void *p = mmap(NULL, memory_size(id), PROT_READ | PROT_WRITE, MAP_SHARED, maps->fd[id], 0);

	return p == MAP_FAILED ? NULL : p;
}

static void memory_unmap(void *p, enum map_id id)
{
	if (p)
		munmap(p, memory_size(id));
}

void maps_close(struct maps *maps)
{
	memory_unmap(maps->settings, MAP_SETTINGS);
	memory_unmap(maps->host_state, MAP_HOST_STATE);
	memory_unmap(maps->service_state, MAP_SERVICE_STATE);
	memory_unmap(maps->trust_filter, MAP_TRUST_FILTER);
	memory_unmap(maps->backends, MAP_BACKENDS);
	memory_unmap(maps->backend_ports, MAP_BACKEND_PORTS);
	maps->settings = NULL;
	maps->host_state = NULL;
	maps->service_state = NULL;
	maps->trust_filter = NULL;
	maps->backends = NULL;
	maps->backend_ports = NULL;
	for (int id = 0; id < MAP_COUNT; id++) {
		if (maps->fd[id] >= 0)
			close(maps->fd[id]);
		maps->fd[id] = -1;
	}
}

/* Maps into memory what is to be there; maps->fd is complete and checked. */
static int maps_into_memory(struct maps *maps, char message[MAPS_MESSAGE_SIZE])
{
	maps->settings = memory_map(maps, MAP_SETTINGS);
	if (maps->settings)
		maps->host_state = memory_map(maps, MAP_HOST_STATE);
	if (maps->host_state)
		maps->service_state = memory_map(maps, MAP_SERVICE_STATE);
	if (maps->service_state)
		maps->trust_filter = memory_map(maps, MAP_TRUST_FILTER);
	if (maps->trust_filter)
		maps->backends = memory_map(maps, MAP_BACKENDS);
	if (maps->backends)
		maps->backend_ports = memory_map(maps, MAP_BACKEND_PORTS);
	if (maps->backend_ports)
		return 0;

	int err = -errno;

	say(message, "the maps cannot be mapped into memory: %s", strerror(-err));
	return err;
}

static void maps_begin(struct maps *maps, const char *instance)
{
	memset(maps, 0, sizeof(*maps));
	snprintf(maps->instance, sizeof(maps->instance), "%s", instance);
	for (int id = 0; id < MAP_COUNT; id++)
		maps->fd[id] = -1;
}

int maps_take(const char *instance, const int fd[MAP_COUNT], struct maps *out,
	      char message[MAPS_MESSAGE_SIZE])
{
	struct maps maps;
	int err = 0;

	maps_begin(&maps, instance);
	for (int id = 0; id < MAP_COUNT && !err; id++) {
		err = maps_check(id, fd[id], message);
		if (err)
			break;
		maps.fd[id] = fcntl(fd[id], F_DUPFD_CLOEXEC, 0);
		if (maps.fd[id] < 0) {
			err = -errno;
			say(message, "map %s: %s", kinds[id].name, strerror(-err));
		}
	}
	if (!err)
		err = maps_into_memory(&maps, message);
	if (err) {
		maps_close(&maps);
		return err;
	}
	*out = maps;
	return 0;
}

static int open_pinned(const char *instance, enum map_id id, char message[MAPS_MESSAGE_SIZE])
{
	char path[PIN_PATH_SIZE];
	int fd, err = pin_path(instance, kinds[id].name, path);

	if (err) {
		say(message, "'%s' is no name of an instance", instance);
		return err;
	}
	fd = bpf_obj_get(path);
	if (fd >= 0)
		return fd;
	err = -errno;
	if (err == -EACCES || err == -EPERM) {
		say(message, "%s: not permitted; run as root or as a member of the group sipxdp",
		    path);
		return -EPERM;
	}
	if (err == -ENOENT && id == MAP_SETTINGS)
		say(message, "instance '%s' is not there: nothing is pinned at %s", instance, path);
	else if (err == -ENOENT)
		say(message, "instance '%s' is incomplete: %s is missing; start sipxdpd again",
		    instance, path);
	else
		say(message, "%s: %s", path, strerror(-err));
	return err == -ENOENT && id != MAP_SETTINGS ? -EPROTO : err;
}

/* Asked before anything else: tables of another layout differ in their sizes, too. */
static int check_layout(const char *instance, int fd, char message[MAPS_MESSAGE_SIZE])
{
	__u32 layout;
	int err = maps_layout(fd, &layout);

	if (err == -EPROTO) /* no such map at all: maps_check() says what it is */
		return 0;
	if (err) {
		say(message, "map %s: %s", kinds[MAP_SETTINGS].name, strerror(-err));
		return err;
	}
	if (layout == SIPXDP_LAYOUT)
		return 0;
	say(message, "instance '%s' was made with layout %u of the maps, this program has %u",
	    instance, layout, SIPXDP_LAYOUT);
	return -EPROTO;
}

int maps_open(const char *instance, struct maps *out, char message[MAPS_MESSAGE_SIZE])
{
	struct maps maps;
	int err = 0;

	maps_begin(&maps, instance);
	for (int id = 0; id < MAP_COUNT && !err; id++) {
		int fd = open_pinned(instance, id, message);

		if (fd < 0) {
			err = fd;
			break;
		}
		maps.fd[id] = fd;
		if (id == MAP_SETTINGS)
			err = check_layout(instance, fd, message);
		if (!err)
			err = maps_check(id, fd, message);
	}
	if (!err)
		err = maps_into_memory(&maps, message);
	if (err) {
		maps_close(&maps);
		return err;
	}
	*out = maps;
	return 0;
}

/* ---- single entries ---- */

int maps_get(const struct maps *maps, enum map_id id, const void *key, void *value)
{
	if (has_no_entries(id))
		return -EINVAL;
	return bpf_map_lookup_elem(maps->fd[id], key, value) ? -errno : 0;
}

int maps_put(const struct maps *maps, enum map_id id, const void *key, const void *value,
	     __u64 flags)
{
	if (has_no_entries(id))
		return -EINVAL;
	return bpf_map_update_elem(maps->fd[id], key, value, flags) ? -errno : 0;
}

int maps_delete(const struct maps *maps, enum map_id id, const void *key)
{
	return bpf_map_delete_elem(maps->fd[id], key) ? -errno : 0;
}

int maps_service(const struct maps *maps, unsigned int service, struct service *out)
{
	__u32 bank = __atomic_load_n(&maps->settings->bank, __ATOMIC_ACQUIRE) & 1;
	__u32 index = bank * SERVICE_MAX + service;
	struct service value;
	int err;

	if (service >= SERVICE_MAX)
		return -ENOENT;
	err = maps_get(maps, MAP_SERVICES, &index, &value);
	if (err)
		return err;
	if (!value.name[0])
		return -ENOENT;
	*out = value;
	return 0;
}

void maps_raise_generation(struct maps *maps)
{
	__atomic_add_fetch(&maps->settings->generation, 1, __ATOMIC_SEQ_CST);
}

int maps_daemon_alive(const char *instance)
{
	char path[PIN_PATH_SIZE];
	int fd, err = pin_path(instance, NULL, path);

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : errno == EACCES ? -EPERM : -errno;
	/* The daemon holds the directory's lock for as long as it lives (pin.c). */
	err = flock(fd, LOCK_SH | LOCK_NB) ? errno : 0;
	close(fd);
	if (err && err != EWOULDBLOCK)
		return -err;
	return err == EWOULDBLOCK;
}
