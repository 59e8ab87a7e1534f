// SPDX-License-Identifier: GPL-2.0-only
/* The BPF object, as its generated skeleton carries it. */
#include "plane/object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plane/log.h"
#include "plane/log_library.h"

/* bpftool 7.1 writes a cast that drops const. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
#include "sipxdp.skel.h"
#pragma GCC diagnostic pop

struct object {
	struct sipxdp *skel;
	int btf; /* the object's types, loaded for the maps; -1 if the kernel refused them */
};

/* The skeleton's member of each map. */
static struct bpf_map *object_map(const struct object *object, enum map_id id)
{
	switch (id) {
#define X(ID, name, ...)                                                                           \
	case MAP_##ID: return object->skel->maps.name;
		MAPS(X)
#undef X
	case MAP_COUNT: break;
	}
	return NULL;
}

/* Loads a copy of the types: libbpf loads its own only together with the programs. */
static int load_types(const struct bpf_object *bpf)
{
	const struct btf *types = bpf_object__btf(bpf);
	struct btf *copy;
	const void *raw;
	__u32 size;
	int fd = -1;

	raw = types ? btf__raw_data(types, &size) : NULL;
	copy = raw ? btf__new(raw, size) : NULL;
	if (!copy)
		return -1;
	log_library_quiet(true);
	if (!btf__load_into_kernel(copy))
		fd = fcntl(btf__fd(copy), F_DUPFD_CLOEXEC, 0);
	log_library_quiet(false);
	if (fd < 0)
		plane_log(PLANE_LOG_WARNING,
			  "the kernel does not take the maps' types: bpftool will show raw bytes");
	btf__free(copy);
	return fd;
}

int object_open(bool mock_clock, struct object **out)
{
	struct object *object = calloc(1, sizeof(*object));
	int err;

	if (!object)
		return -ENOMEM;
	log_libraries();
	object->skel = sipxdp__open();
	if (!object->skel) {
		err = -errno;
		plane_log(PLANE_LOG_ERROR, "the BPF object cannot be opened: %s", strerror(-err));
		free(object);
		return err;
	}
	object->skel->rodata->mock_clock = mock_clock;
	object->btf = load_types(object->skel->obj);
	*out = object;
	return 0;
}

void object_close(struct object *object)
{
	if (!object)
		return;
	if (object->btf >= 0)
		close(object->btf);
	sipxdp__destroy(object->skel);
	free(object);
}

__u32 object_entries(const struct object *object, const struct config *cfg, enum map_id id)
{
	switch (id) {
	case MAP_SOURCES: return cfg->tables.sources;
	case MAP_TRUSTED: return cfg->tables.trusted;
	case MAP_PROVISIONAL: return cfg->tables.provisional;
	case MAP_BANS: return cfg->tables.bans;
	case MAP_NETWORKS: return cfg->tables.networks;
	case MAP_DIALOGS: return cfg->tables.dialogs;
	case MAP_FRAGMENTS: return cfg->tables.fragments;
	case MAP_CALLS: return cfg->tables.calls;
	case MAP_REGISTRATIONS: return cfg->tables.registrations;
	case MAP_TAP: return cfg->tap.buffer_bytes;
	case MAP_PLACEMENTS:
	case MAP_CONNECTIONS:
		if (!config_balances(cfg))
			return 1;
		return bpf_map__max_entries(object_map(object, id));
	default: return bpf_map__max_entries(object_map(object, id));
	}
}

int object_make_map(struct object *object, enum map_id id, __u32 entries)
{
	const struct bpf_map *map = object_map(object, id);
	enum bpf_map_type type = bpf_map__type(map);
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(map));
	int fd;

	if (object->btf >= 0 && type != BPF_MAP_TYPE_RINGBUF && type != BPF_MAP_TYPE_PROG_ARRAY) {
		opts.btf_fd = (__u32)object->btf;
		opts.btf_key_type_id = bpf_map__btf_key_type_id(map);
		opts.btf_value_type_id = bpf_map__btf_value_type_id(map);
	}
	fd = bpf_map_create(type, maps_name(id), bpf_map__key_size(map), bpf_map__value_size(map),
			    entries, &opts);
	if (fd < 0) {
		fd = -errno;
		plane_log(PLANE_LOG_ERROR, "map %s of %u entries cannot be made: %s", maps_name(id),
			  entries, strerror(-fd));
	}
	return fd;
}

int object_use_map(struct object *object, enum map_id id, int fd)
{
	int err = bpf_map__reuse_fd(object_map(object, id), fd);

	if (err)
		plane_log(PLANE_LOG_ERROR, "map %s: %s", maps_name(id), strerror(-err));
	return err;
}

/* Those that the ingress program goes on in, by their slots. */
static void balance_programs(const struct object *object, struct bpf_program *slot[PROGRAM_COUNT])
{
	slot[PROGRAM_BALANCE] = object->skel->progs.sipxdp_balance;
	slot[PROGRAM_RESCAN] = object->skel->progs.sipxdp_rescan;
	slot[PROGRAM_OUTBOUND] = object->skel->progs.sipxdp_outbound;
	slot[PROGRAM_ICMP] = object->skel->progs.sipxdp_icmp;
}

void object_without_balance(struct object *object)
{
	struct bpf_program *slot[PROGRAM_COUNT];

	balance_programs(object, slot);
	for (int i = 0; i < PROGRAM_COUNT; i++)
		bpf_program__set_autoload(slot[i], false);
}

/* Into a map of this object's own: a program must not go on in those of another load, whose scratch is
 * another one. */
static int fill_programs(const struct object *object)
{
	struct bpf_program *slot[PROGRAM_COUNT];
	int map = bpf_map__fd(object->skel->maps.programs);

	balance_programs(object, slot);
	for (__u32 i = 0; i < PROGRAM_COUNT; i++) {
		int fd = bpf_program__fd(slot[i]);

		if (bpf_map_update_elem(map, &i, &fd, BPF_ANY))
			return -errno;
	}
	return 0;
}

int object_load(struct object *object)
{
	int err = sipxdp__load(object->skel);

	if (!err)
		err = fill_programs(object);
	if (err)
		plane_log(PLANE_LOG_ERROR, "the BPF programs cannot be loaded: %s", strerror(-err));
	return err;
}

struct bpf_object *object_bpf(struct object *object)
{
	return object->skel->obj;
}

struct object_programs object_programs(const struct object *object)
{
	return (struct object_programs){
		.ingress = bpf_program__fd(object->skel->progs.sipxdp_ingress),
		.egress = bpf_program__fd(object->skel->progs.sipxdp_egress),
	};
}

void object_set_time(struct object *object, __u64 now_ns)
{
	__atomic_store_n(&object->skel->bss->mock_now_ns, now_ns, __ATOMIC_RELEASE);
}

int object_load_clock(void)
{
	struct sipxdp *skel;
	struct bpf_program *program;
	int err, fd = -1;

	log_libraries();
	skel = sipxdp__open();
	if (!skel)
		return -errno;
	bpf_object__for_each_program (program, skel->obj)
		bpf_program__set_autoload(program, program == skel->progs.sipxdp_clock);
#define X(id, name, ...) bpf_map__set_autocreate(skel->maps.name, false);
	MAPS(X)
#undef X
	err = sipxdp__load(skel);
	if (!err) {
		fd = fcntl(bpf_program__fd(skel->progs.sipxdp_clock), F_DUPFD_CLOEXEC, 0);
		err = fd < 0 ? -errno : 0;
	}
	sipxdp__destroy(skel);
	return err ? err : fd;
}
