// SPDX-License-Identifier: GPL-2.0-only
/* flood: the lab's packet generator. Sends SIP packets out of an interface of a network namespace
 * at a given rate, from one source or from spoofed ones, and prints as JSON exactly how many of
 * each kind it sent. It refuses to work in the initial network namespace. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "template.h"

#define NSEC_PER_SEC	1000000000LL
#define TICK_NS		1000000LL  /* packets due are sent this often */
#define SLOW_TICK_NS	50000000LL /* where each run of the program costs milliseconds */
#define RUN_PACKETS_MAX 4096	   /* in one run, so that a signal or the end is noticed */
#define RUN_BATCH	64	   /* packets the kernel sends before the receiver's turn comes */

struct flood_options {
	const char *netns;
	const char *device;
	const char *mix;
	const char *object;
	struct flood_target target;
	struct flood_settings settings;
	long long rate;	   /* packets a second, 0 = as fast as can be */
	long long packets; /* 0 = until the time is over */
	double seconds;
	int cpu;
};

struct generator {
	struct bpf_object *object;
	int program, settings, templates, count;
	int lo_link; /* see hold_dispatcher() */
};

static volatile sig_atomic_t stopping;

static void on_signal(int number)
{
	(void)number;
	stopping = 1;
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "flood: %s: %s\n", what, strerror(err < 0 ? -err : err));
	return err < 0 ? err : -err;
}

/* ---- where it may run ---- */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* Whether a namespace has a name below /run/netns, as all have that "ip netns add" made. */
static bool has_name(const struct stat *namespace)
{
	DIR *names = opendir("/run/netns");
	bool found = false;
	struct dirent *entry;
	struct stat named;

	if (!names)
		return false;
	while (!found && (entry = readdir(names)))
		found = !fstatat(dirfd(names), entry->d_name, &named, 0) &&
			same_file(&named, namespace);
	closedir(names);
	return found;
}

static int enter_namespace(const char *name)
{
	struct stat mine, first;
	char path[PATH_MAX];
	int fd, err = 0;

	if (name) {
		snprintf(path, sizeof(path), "/run/netns/%s", name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return fail(path, errno);
		if (setns(fd, CLONE_NEWNET))
			err = fail(path, errno);
		close(fd);
		if (err)
			return err;
	}
	if (stat("/proc/thread-self/ns/net", &mine))
		return fail("/proc/thread-self/ns/net", errno);
	/* In a container the namespace of process 1 may be hidden; a name is needed in any case. */
	if (!has_name(&mine) || (!stat("/proc/1/ns/net", &first) && same_file(&mine, &first))) {
		fprintf(stderr, "flood: works in a named network namespace only, never in the "
				"initial one\n");
		return -EPERM;
	}
	return 0;
}

static int device_mac(const char *device, uint8_t mac[6])
{
	struct ifreq request = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err = 0;

	if (fd < 0)
		return fail("socket", errno);
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	if (ioctl(fd, SIOCGIFHWADDR, &request))
		err = fail(device, errno);
	else
		memcpy(mac, request.ifr_hwaddr.sa_data, 6);
	close(fd);
	return err;
}

/* Packets the device could not hand over, as /proc/net/dev counts them; -1 where it is not listed.
 */
static long long device_dropped(const char *device)
{
	long long value[16], found = -1;
	char line[512], name[IF_NAMESIZE + 1];
	FILE *f = fopen("/proc/thread-self/net/dev", "re");
	int n, at;

	if (!f)
		return -1;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %16[^:]:%n", name, &at) != 1 || strcmp(name, device))
			continue;
		char *p = line + at;

		for (n = 0; n < 16; n++)
			value[n] = strtoll(p, &p, 10);
		found = value[11]; /* "drop" of the transmit columns */
	}
	fclose(f);
	return found;
}

/* ---- options ---- */

/* ADDRESS or ADDRESS/LENGTH: bits after the length are random in each packet. */
static int parse_source(char *text, struct flood_settings *s, bool *ipv6)
{
	char *slash = strchr(text, '/'), *end = NULL;
	uint8_t address[16] = { 0 }, vary[16] = { 0 };
	unsigned int bits;
	long length;

	if (slash)
		*slash = '\0';
	*ipv6 = strchr(text, ':') != NULL;
	bits = *ipv6 ? 128 : 32;
	if (inet_pton(*ipv6 ? AF_INET6 : AF_INET, text, address) != 1)
		return -EINVAL;
	length = slash ? strtol(slash + 1, &end, 10) : (long)bits;
	if (length < 0 || length > (long)bits || (end && *end))
		return -EINVAL;
	for (unsigned int bit = (unsigned int)length; bit < bits; bit++) {
		vary[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
		address[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	}
	memcpy(s->source, address, sizeof(address));
	memcpy(s->source_vary, vary, sizeof(vary));
	return 0;
}

static int parse_number(const char *text, long long low, long long high, long long *value)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno || end == text || *end || v < low || v > high)
		return -EINVAL;
	*value = v;
	return 0;
}

static int kind_by_name(const char *name, size_t length)
{
	for (unsigned int kind = 0; flood_kind_name(kind); kind++)
		if (strlen(flood_kind_name(kind)) == length &&
		    !strncmp(flood_kind_name(kind), name, length))
			return (int)kind;
	return -1;
}

/* "invite=4,garbage=1" becomes the order of kinds: each in its share, spread evenly. */
static int parse_mix(const char *mix, struct flood_settings *s)
{
	long long weight[FLOOD_KINDS] = { 0 }, credit[FLOOD_KINDS] = { 0 }, total = 0;

	while (*mix) {
		const char *equals = strchr(mix, '=');
		char *end = NULL;
		int kind = equals ? kind_by_name(mix, (size_t)(equals - mix)) : -1;

		if (kind < 0)
			return -EINVAL;
		weight[kind] = strtoll(equals + 1, &end, 10);
		if (weight[kind] < 0 || weight[kind] > FLOOD_ORDER || end == equals + 1 ||
		    (*end && *end != ','))
			return -EINVAL;
		mix = *end ? end + 1 : end;
	}
	for (int kind = 0; kind < FLOOD_KINDS; kind++)
		total += weight[kind];
	if (!total)
		return -EINVAL;
	for (int i = 0; i < FLOOD_ORDER; i++) {
		int best = 0;

		for (int kind = 0; kind < FLOOD_KINDS; kind++) {
			credit[kind] += weight[kind];
			if (credit[kind] > credit[best])
				best = kind;
		}
		credit[best] -= total;
		s->order[i] = (uint8_t)best;
	}
	return 0;
}

static void usage(void)
{
	fputs("usage: flood --netns NAME --dev IFACE --to-mac MAC --to ADDRESS --from "
	      "ADDRESS[/LEN]\n"
	      "  --port N           destination port (5060)\n"
	      "  --from-port N|any  source port (any)\n"
	      "  --mix K=W,...      invite, register, options, bye, response, garbage\n"
	      "                     (invite=4,register=3,options=2,garbage=1)\n"
	      "  --rate PPS         0: as fast as can be (10000)\n"
	      "  --seconds S        (5)\n"
	      "  --packets N        stop after so many\n"
	      "  --user-agent TEXT  (flood)\n"
	      "  --cpu N            run there (anywhere)\n"
	      "  --seed N           the same addresses and digits each time (others each time)\n",
	      stderr);
}

enum option_key {
	KEY_NETNS = 1,
	KEY_DEV,
	KEY_TO_MAC,
	KEY_TO,
	KEY_FROM,
	KEY_PORT,
	KEY_FROM_PORT,
	KEY_MIX,
	KEY_RATE,
	KEY_SECONDS,
	KEY_PACKETS,
	KEY_USER_AGENT,
	KEY_CPU,
	KEY_SEED,
};

static const struct option long_options[] = {
	{ "netns", required_argument, NULL, KEY_NETNS },
	{ "dev", required_argument, NULL, KEY_DEV },
	{ "to-mac", required_argument, NULL, KEY_TO_MAC },
	{ "to", required_argument, NULL, KEY_TO },
	{ "from", required_argument, NULL, KEY_FROM },
	{ "port", required_argument, NULL, KEY_PORT },
	{ "from-port", required_argument, NULL, KEY_FROM_PORT },
	{ "mix", required_argument, NULL, KEY_MIX },
	{ "rate", required_argument, NULL, KEY_RATE },
	{ "seconds", required_argument, NULL, KEY_SECONDS },
	{ "packets", required_argument, NULL, KEY_PACKETS },
	{ "user-agent", required_argument, NULL, KEY_USER_AGENT },
	{ "cpu", required_argument, NULL, KEY_CPU },
	{ "seed", required_argument, NULL, KEY_SEED },
	{ 0 },
};

static int take_option(struct flood_options *o, int key, char *arg, bool *from_v6)
{
	long long number = 0;
	struct ether_addr *mac;
	char *end;
	int err = 0;

	switch (key) {
	case KEY_NETNS: o->netns = arg; break;
	case KEY_DEV: o->device = arg; break;
	case KEY_MIX: o->mix = arg; break;
	case KEY_USER_AGENT: o->target.user_agent = arg; break;
	case KEY_FROM: err = parse_source(arg, &o->settings, from_v6); break;
	case KEY_RATE: err = parse_number(arg, 0, 100000000, &o->rate); break;
	case KEY_PACKETS: err = parse_number(arg, 1, LLONG_MAX, &o->packets); break;
	case KEY_TO_MAC:
		mac = ether_aton(arg);
		if (!mac)
			return -EINVAL;
		memcpy(o->target.to_mac, mac, 6);
		break;
	case KEY_TO:
		o->target.ipv6 = strchr(arg, ':') != NULL;
		if (inet_pton(o->target.ipv6 ? AF_INET6 : AF_INET, arg, &o->target.address) != 1)
			err = -EINVAL;
		break;
	case KEY_PORT:
		err = parse_number(arg, 1, 65535, &number);
		o->target.port = (uint16_t)number;
		break;
	case KEY_FROM_PORT:
		if (strcmp(arg, "any"))
			err = parse_number(arg, 1, 65535, &number);
		o->settings.port = (uint16_t)number;
		o->settings.port_vary = number ? 0 : 0xffff;
		break;
	case KEY_SECONDS:
		o->seconds = strtod(arg, &end);
		if (end == arg || *end || !(o->seconds > 0 && o->seconds <= 86400))
			err = -EINVAL;
		break;
	case KEY_CPU:
		err = parse_number(arg, 0, CPU_SETSIZE - 1, &number);
		o->cpu = (int)number;
		break;
	case KEY_SEED:
		err = parse_number(arg, 0, LLONG_MAX, &number);
		o->settings.seed = (uint64_t)number;
		break;
	default: return -EINVAL;
	}
	return err;
}

static int parse_options(int argc, char **argv, struct flood_options *o)
{
	bool from_v6 = false, have_to = false, have_from = false;
	int key, index = 0;

	while ((key = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		if (take_option(o, key, optarg, &from_v6)) {
			if (key != '?')
				fprintf(stderr, "flood: --%s: \"%s\" is not right\n",
					long_options[index].name, optarg);
			return -EINVAL;
		}
		have_to |= key == KEY_TO;
		have_from |= key == KEY_FROM;
	}
	if (!o->device || !have_to || !have_from || from_v6 != o->target.ipv6 || optind != argc) {
		fputs("flood: --dev, --to and --from (of the same family) are needed\n", stderr);
		return -EINVAL;
	}
	if (parse_mix(o->mix, &o->settings)) {
		fprintf(stderr, "flood: --mix: \"%s\" is not right\n", o->mix);
		return -EINVAL;
	}
	o->settings.ipv6 = o->target.ipv6;
	return 0;
}

/* ---- the kernel half ---- */

/* Each BPF_PROG_RUN puts its program into the kernel's XDP dispatcher and takes it out again, and
 * waits each time for an RCU grace period (about 14 ms). A program that is attached somewhere
 * stays in it: so it is attached to the namespace's idle loopback. Without it the generator
 * works, in coarser steps. */
static void hold_dispatcher(struct generator *g)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = 1U << 1 /* XDP_FLAGS_SKB_MODE */);

	g->lo_link = bpf_link_create(g->program, (int)if_nametoindex("lo"), BPF_XDP, &opts);
}

/* flood.bpf.o lies beside the executable. */
static int load(struct generator *g)
{
	char path[PATH_MAX], *directory;
	char object[PATH_MAX + sizeof("/flood.bpf.o")];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	struct bpf_program *program;
	int err;

	if (length < 0)
		return fail("/proc/self/exe", errno);
	path[length] = '\0';
	directory = dirname(path);
	snprintf(object, sizeof(object), "%s/flood.bpf.o", directory);
	g->object = bpf_object__open_file(object, NULL);
	if (!g->object)
		return fail(object, errno);
	err = bpf_object__load(g->object);
	if (err)
		return fail(object, err);
	program = bpf_object__find_program_by_name(g->object, "flood");
	if (!program)
		return fail("flood.bpf.o lacks its program", ENOENT);
	g->program = bpf_program__fd(program);
	g->settings = bpf_object__find_map_fd_by_name(g->object, "settings");
	g->templates = bpf_object__find_map_fd_by_name(g->object, "templates");
	g->count = bpf_object__find_map_fd_by_name(g->object, "count");
	if (g->settings < 0 || g->templates < 0 || g->count < 0)
		return fail("flood.bpf.o lacks a map", ENOENT);
	hold_dispatcher(g);
	return 0;
}

static int fill_maps(const struct generator *g, const struct flood_options *o)
{
	struct flood_template t;
	uint32_t zero = 0;
	int err;

	for (uint32_t kind = 0; flood_kind_name(kind); kind++) {
		err = flood_template_make(&t, kind, &o->target);
		if (!err)
			err = bpf_map_update_elem(g->templates, &kind, &t, BPF_ANY);
		if (err)
			return fail(flood_kind_name(kind), err);
	}
	err = bpf_map_update_elem(g->settings, &zero, &o->settings, BPF_ANY);
	return err ? fail("settings", err) : 0;
}

/* ---- sending ---- */

static int send_packets(const struct generator *g, long long packets)
{
	static uint8_t blank[FLOOD_FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = blank, .data_size_in = sizeof(blank),
		    .repeat = (int)packets, .flags = BPF_F_TEST_XDP_LIVE_FRAMES,
		    .batch_size = RUN_BATCH);
	int err = bpf_prog_test_run_opts(g->program, &opts);

	return err == -EINTR ? 0 : err;
}

static void wait_until(long long at_ns)
{
	struct timespec t = { .tv_sec = at_ns / NSEC_PER_SEC, .tv_nsec = at_ns % NSEC_PER_SEC };

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* Sends what is due by the clock, a tick at a time, until the time or the packets are over. */
static int run(const struct generator *g, const struct flood_options *o, double *seconds)
{
	const long long tick = g->lo_link < 0 ? SLOW_TICK_NS : TICK_NS;
	const long long start = now_ns(), end = start + (long long)(o->seconds * NSEC_PER_SEC);
	long long now = start, asked = 0, due;
	int err = 0;

	while (!stopping && !err && now < end && !(o->packets && asked >= o->packets)) {
		due = RUN_PACKETS_MAX;
		if (o->rate)
			due = (long long)((double)(now - start) * (double)o->rate / NSEC_PER_SEC) -
			      asked;
		if (o->packets && due > o->packets - asked)
			due = o->packets - asked;
		if (due > RUN_PACKETS_MAX)
			due = RUN_PACKETS_MAX;
		if (due > 0) {
			err = send_packets(g, due);
			asked += due;
		}
		if (o->rate && due < RUN_PACKETS_MAX)
			wait_until(now + tick);
		now = now_ns();
	}
	*seconds = (double)(now - start) / NSEC_PER_SEC;
	return err ? fail("BPF_PROG_RUN", err) : 0;
}

static int report(const struct generator *g, double seconds, long long undelivered)
{
	struct flood_count c;
	uint32_t zero = 0;
	uint64_t packets = 0;
	int err = bpf_map_lookup_elem(g->count, &zero, &c);

	if (err)
		return fail("count", err);
	for (int kind = 0; kind < FLOOD_KINDS; kind++)
		packets += c.packets[kind];
	printf("{\"packets\":%llu,\"bytes\":%llu,\"seconds\":%.3f,\"pps\":%.0f,"
	       "\"failed\":%llu,\"undelivered\":%lld,\"kinds\":{",
	       (unsigned long long)packets, (unsigned long long)c.bytes, seconds,
	       (double)packets / seconds, (unsigned long long)c.failed, undelivered);
	for (unsigned int kind = 0; flood_kind_name(kind); kind++)
		printf("%s\"%s\":%llu", kind ? "," : "", flood_kind_name(kind),
		       (unsigned long long)c.packets[kind]);
	puts("}}");
	return 0;
}

static int pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? fail("--cpu", errno) : 0;
}

static int flood(struct flood_options *o)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct generator g = { .lo_link = -1 };
	long long dropped;
	double seconds = 0;
	int err;

	err = enter_namespace(o->netns);
	if (!err)
		err = device_mac(o->device, o->target.from_mac);
	if (!err)
		err = pin(o->cpu);
	if (err)
		return err;
	o->settings.ifindex = if_nametoindex(o->device);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	err = load(&g);
	if (!err)
		err = fill_maps(&g, o);
	if (!err) {
		dropped = device_dropped(o->device);
		err = run(&g, o, &seconds);
		if (!err)
			err = report(&g, seconds, device_dropped(o->device) - dropped);
	}
	if (g.lo_link >= 0)
		close(g.lo_link);
	bpf_object__close(g.object);
	return err;
}

int main(int argc, char **argv)
{
	struct flood_options options = {
		.mix = "invite=4,register=3,options=2,garbage=1",
		.target = { .port = 5060, .user_agent = "flood" },
		.settings = { .seed = (uint64_t)now_ns(), .port_vary = 0xffff },
		.rate = 10000,
		.seconds = 5,
		.cpu = -1,
	};

	if (parse_options(argc, argv, &options)) {
		usage();
		return 2;
	}
	return flood(&options) ? 1 : 0;
}
