// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the verifier makes of BPF objects: a line for each program of each file, "program, verified
 * instructions, octets after the JIT, milliseconds to load" with tabs between, after the file's
 * label; "refused" and two dashes where it does not load, and exit status 1.
 * Usage: verify LABEL=FILE...
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define TABLE_ROOM 1024 /* tables are made small: their size means nothing to the verifier */

static int silent(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void shrink_tables(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map (map, object) {
		switch (bpf_map__type(map)) {
		case BPF_MAP_TYPE_HASH:
		case BPF_MAP_TYPE_LRU_HASH:
		case BPF_MAP_TYPE_LPM_TRIE:
			if (bpf_map__max_entries(map) > TABLE_ROOM)
				bpf_map__set_max_entries(map, TABLE_ROOM);
			break;
		default: break;
		}
	}
}

/* Loads one program of a file alone, and prints its line. 0 or -errno. */
static int verify_program(const char *label, const char *path, const char *name)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	struct bpf_prog_info info;
	__u32 size = sizeof(info);
	double before;
	int err;

	if (!object)
		return -errno;
	shrink_tables(object);
	bpf_object__for_each_program (program, object)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
	before = now_ms();
	err = bpf_object__load(object);
	if (!err) {
		double took = now_ms() - before;

		program = bpf_object__find_program_by_name(object, name);
		memset(&info, 0, sizeof(info));
		err = bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) ? -errno : 0;
		if (!err)
			printf("%s\t%s\t%u\t%u\t%.0f\n", label, name, info.verified_insns,
			       info.jited_prog_len, took);
	}
	bpf_object__close(object);
	return err;
}

static int verify_file(const char *label, const char *path)
{
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	struct bpf_program *program;
	int first = 0;

	if (!object) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -errno;
	}
	bpf_object__for_each_program (program, object) {
		int err = verify_program(label, path, bpf_program__name(program));

		if (err)
			printf("%s\t%s\trefused\t-\t-\n", label, bpf_program__name(program));
		if (!first)
			first = err;
	}
	bpf_object__close(object);
	return first;
}

int main(int argc, char **argv)
{
	int failed = 0;

	libbpf_set_print(silent);
	if (argc < 2) {
		fprintf(stderr, "usage: verify LABEL=FILE...\n");
		return 2;
	}
	for (int i = 1; i < argc; i++) {
		char *path = strchr(argv[i], '=');

		if (!path) {
			fprintf(stderr, "%s: not LABEL=FILE\n", argv[i]);
			return 2;
		}
		*path++ = '\0';
		failed |= verify_file(argv[i], path);
		fflush(stdout);
	}
	return failed ? 1 : 0;
}
