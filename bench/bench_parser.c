/* SPDX-License-Identifier: GPL-2.0-only */
/* The SIP parser against those of libosip2, sofia-sip and libre: the same messages, in the same
 * mixed order, in turns within one run. Usage: bench_parser [DIRECTORY]  with one message a file,
 * tests/data/sip unless told otherwise. The others are loaded when it runs, if they are there:
 * names that two parsers share stay apart, and nothing is needed to build it.
 *
 * The messages come in mixed order, and each parser in its turn for a while, many times over: of
 * these turns the median counts, which a busy machine moves less than the mean. */
#include <dirent.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sip/message.h"

#define SAMPLES_MAX	 256
#define ORDER		 4096 /* messages in mixed order, gone through again and again */
#define TURNS		 21
#define TURN_NS		 50000000ull /* CPU time that a turn is to take */
#define RATIO_OSIP	 20.0
#define RATIO_SOFIA	 10.0
#define INSTRUCTIONS_MAX 5500.0 /* for a message of GOAL_LENGTH octets */
#define GOAL_LENGTH	 850.0

struct sample {
	char *data;
	size_t length;
};

static struct sample samples[SAMPLES_MAX];
static size_t sample_count;
static uint16_t order[ORDER];

/* Parses one message; false if it is refused. */
typedef bool parser(const char *data, size_t length);

static bool parse_sipxdp(const char *data, size_t length)
{
	static struct sip_message msg;

	return sip_message_parse(data, length, &msg, NULL) == 0;
}

/* What is used of the libraries, as their headers declare it. */
static struct {
	int (*init)(void);
	int (*create)(void **msg);
	int (*parse)(void *msg, const char *data, size_t length);
	void (*free)(void *msg);
} osip;

static struct {
	const void *(*mclass)(void);
	void *(*make)(const void *mclass, int flags, const void *data, ssize_t length);
	int (*has_error)(void *msg);
	void (*destroy)(void *msg);
} sofia;

static struct {
	void *(*make_buffer)(size_t size);
	int (*write)(void *buffer, const void *data, size_t length);
	int (*parse)(void **msg, void *buffer);
	void *(*release)(void *object);
} libre;

struct libre_buffer {
	uint8_t *octets;
	size_t size, position, end;
};

static bool parse_osip(const char *data, size_t length)
{
	bool accepted;
	void *msg;

	if (osip.create(&msg))
		return false;
	accepted = osip.parse(msg, data, length) == 0;
	osip.free(msg);
	return accepted;
}

static bool parse_sofia(const char *data, size_t length)
{
	void *msg = sofia.make(sofia.mclass(), 0, data, (ssize_t)length);
	bool accepted = msg && !sofia.has_error(msg);

	sofia.destroy(msg);
	return accepted;
}

/* Reads from a buffer of its own, into which a datagram is received; it keeps that as long as the
 * message. */
static bool parse_libre(const char *data, size_t length)
{
	struct libre_buffer *buffer = libre.make_buffer(length);
	void *msg = NULL;
	bool accepted;

	if (!buffer)
		return false;
	libre.write(buffer, data, length);
	buffer->position = 0;
	accepted = libre.parse(&msg, buffer) == 0;
	libre.release(msg);
	libre.release(buffer);
	return accepted;
}

/* Each function of a library by its name; false if one is missing. */
static bool load(const char *file, const char *const *names, void **functions, size_t count)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);

	for (size_t i = 0; library && i < count; i++) {
		functions[i] = dlsym(library, names[i]);
		if (!functions[i])
			return false;
	}
	return library != NULL;
}

static bool load_osip(void)
{
	static const char *const names[] = { "parser_init", "osip_message_init",
					     "osip_message_parse", "osip_message_free" };
	void *functions[4];

	if (!load("libosipparser2.so.15", names, functions, 4))
		return false;
	memcpy(&osip, functions, sizeof(osip));
	return osip.init() == 0;
}

static bool load_sofia(void)
{
	static const char *const names[] = { "sip_default_mclass", "msg_make", "msg_has_error",
					     "msg_destroy" };
	void *functions[4];

	if (!load("libsofia-sip-ua.so.0", names, functions, 4))
		return false;
	memcpy(&sofia, functions, sizeof(sofia));
	return true;
}

static bool load_libre(void)
{
	static const char *const names[] = { "mbuf_alloc", "mbuf_write_mem", "sip_msg_decode",
					     "mem_deref" };
	void *functions[4];

	if (!load("libre.so.0", names, functions, 4))
		return false;
	memcpy(&libre, functions, sizeof(libre));
	return true;
}

struct contender {
	const char *name;
	parser *parse;
	bool (*load)(void); /* NULL: it is ours */
	double goal;	    /* how many times our time it is to take */
	bool here;
	size_t accepted;
	uint64_t repeats;
	double ns[TURNS]; /* a message */
};

static struct contender contenders[] = {
	{ .name = "sipxdp", .parse = parse_sipxdp, .here = true },
	{ .name = "sofia-sip", .parse = parse_sofia, .load = load_sofia, .goal = RATIO_SOFIA },
	{ .name = "libre", .parse = parse_libre, .load = load_libre },
	{ .name = "libosip2", .parse = parse_osip, .load = load_osip, .goal = RATIO_OSIP },
};

#define CONTENDERS (sizeof(contenders) / sizeof(contenders[0]))

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The file's octets in a buffer of their exact size, as a datagram may come. */
static bool read_sample(const char *path, struct sample *s)
{
	static char buffer[SIP_MESSAGE_MAX];
	FILE *f = fopen(path, "rb");

	if (!f)
		return false;
	s->length = fread(buffer, 1, sizeof(buffer), f);
	fclose(f);
	s->data = malloc(s->length ? s->length : 1);
	if (!s->data)
		return false;
	memcpy(s->data, buffer, s->length);
	return s->length != 0;
}

static void read_samples(const char *directory)
{
	DIR *dir = opendir(directory);
	struct dirent *entry;
	char path[PATH_MAX];

	while (dir && (entry = readdir(dir)) && sample_count < SAMPLES_MAX) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		if (read_sample(path, &samples[sample_count]))
			sample_count++;
	}
	if (dir)
		closedir(dir);
}

static void mix_order(void)
{
	uint64_t random = 1;

	for (size_t i = 0; i < ORDER; i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		order[i] = (uint16_t)((random >> 33) % sample_count);
	}
}

static double measure(const struct contender *c, uint64_t repeats)
{
	uint64_t start = cpu_ns();

	for (uint64_t i = 0; i < repeats; i++) {
		const struct sample *s = &samples[order[i % ORDER]];

		c->parse(s->data, s->length);
	}
	return (double)(cpu_ns() - start) / (double)repeats;
}

static void prepare(struct contender *c)
{
	if (c->load)
		c->here = c->load();
	if (!c->here) {
		printf("SKIP %s: its library is not there\n", c->name);
		return;
	}
	for (size_t i = 0; i < sample_count; i++)
		c->accepted += c->parse(samples[i].data, samples[i].length);
	c->repeats = (uint64_t)((double)TURN_NS / measure(c, ORDER));
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare);
	return values[count / 2];
}

static size_t mean_length(void)
{
	size_t total = 0;

	for (size_t i = 0; i < sample_count; i++)
		total += samples[i].length;
	return total / sample_count;
}

static void print_results(void)
{
	double ours = median(contenders[0].ns, TURNS);

	printf("%-12s %10s %10s %8s %10s %s\n", "parser", "median ns", "best ns", "x ours",
	       "accepted", "goal");
	for (size_t i = 0; i < CONTENDERS; i++) {
		struct contender *c = &contenders[i];
		double ns = median(c->ns, TURNS), ratio = ns / ours;

		if (!c->here)
			continue;
		printf("%-12s %10.0f %10.0f %8.1f %6zu/%-3zu ", c->name, ns, c->ns[0], ratio,
		       c->accepted, sample_count);
		if (c->goal > 0)
			printf("%.0f %s", c->goal, ratio >= c->goal ? "met" : "missed");
		putchar('\n');
	}
}

/* What runs under callgrind: every message so often that what happens once, as the dynamic linker's
 * work, does not count. */
#define COUNTED_TURNS 10

static int parse_counted(void)
{
	for (size_t i = 0; i < COUNTED_TURNS * sample_count; i++) {
		const struct sample *s = &samples[i % sample_count];

		parse_sipxdp(s->data, s->length);
	}
	return 0;
}

/* "==1234== Collected : 5678" */
static bool read_collected(FILE *report, double *instructions)
{
	char line[512];
	bool found = false;

	while (fgets(line, sizeof(line), report)) {
		const char *p = strstr(line, "Collected : ");

		found |= p && sscanf(p, "Collected : %lf", instructions) == 1;
	}
	return found;
}

/* Counts instructions by running this very program under callgrind: the same figure each time. */
static void count_instructions(const char *directory)
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	double instructions;
	int ends[2];
	pid_t child;
	FILE *report;

	if (length < 0 || pipe(ends))
		return;
	self[length] = '\0';
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		execlp("valgrind", "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
		       "--toggle-collect=sip_message_parse", self, "--counted", directory,
		       (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	report = fdopen(ends[0], "r");
	if (report && read_collected(report, &instructions)) {
		double scaled;

		instructions /= COUNTED_TURNS * (double)sample_count;
		scaled = instructions * GOAL_LENGTH / (double)mean_length();
		printf("instructions a message: %.0f, %.0f for %.0f octets (goal %.0f: %s), "
		       "no allocation\n",
		       instructions, scaled, GOAL_LENGTH, INSTRUCTIONS_MAX,
		       scaled <= INSTRUCTIONS_MAX ? "met" : "missed");
	} else {
		puts("SKIP instructions: valgrind is not there or did not run");
	}
	if (report)
		fclose(report);
	if (child > 0)
		waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	bool counted = argc > 1 && strcmp(argv[1], "--counted") == 0;
	const char *directory = argc > 1 + counted ? argv[1 + counted] : "tests/data/sip";

	read_samples(directory);
	if (!sample_count) {
		fprintf(stderr, "bench_parser: no messages in %s\n", directory);
		return 1;
	}
	if (counted)
		return parse_counted();
	printf("SIP parsers, %zu messages, mean %zu octets, %d turns each\n", sample_count,
	       mean_length(), TURNS);
	mix_order();
	for (size_t i = 0; i < CONTENDERS; i++)
		prepare(&contenders[i]);
	for (size_t turn = 0; turn < TURNS; turn++) {
		for (size_t i = 0; i < CONTENDERS; i++) {
			struct contender *c = &contenders[i];

			if (c->here)
				c->ns[turn] = measure(c, c->repeats);
		}
	}
	print_results();
	fflush(stdout);
	count_instructions(directory);
	return 0;
}
