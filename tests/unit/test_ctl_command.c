/* SPDX-License-Identifier: GPL-2.0-only */
/* The built sipxdpctl, as an operator runs it: against maps that are pinned in a bpffs of this
 * test's own and filled by hand, and against a daemon that is a few lines of this file. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sipxdp/map.h>
#include <sipxdp/record.h>

#include "plane/maps.h"

#define INSTANCE    "ctltest"
#define INSTANCE_AT MAPS_ROOT "/" INSTANCE
#define SOCKET_PATH "/run/sipxdp/" INSTANCE ".sock"
#define NS_PER_S    UINT64_C(1000000000)
#define OUTPUT_MAX  (4 << 20)
#define ARGS_MAX    16

/* ---- a world of its own: mount namespace, bpffs, /run ---- */

static int map_fd[MAP_COUNT];

static unsigned int entries_or(unsigned int entries, unsigned int otherwise)
{
	return entries ? entries : otherwise;
}

static bool make_map(enum map_id id, enum bpf_map_type type, const char *name, size_t key,
		     size_t value, unsigned int flags, unsigned int entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = flags);
	char path[128];

	map_fd[id] = bpf_map_create(type, name, (__u32)key, (__u32)value,
				    entries_or(entries, type == BPF_MAP_TYPE_RINGBUF ? 4096 : 128),
				    &opts);
	snprintf(path, sizeof(path), INSTANCE_AT "/%s", name);
	return map_fd[id] >= 0 && bpf_obj_pin(map_fd[id], path) == 0;
}

static bool make_maps(void)
{
	bool good = true;

#define X(id, name, type, key, value, flags, entries)                                              \
	good = good && make_map(MAP_##id, BPF_MAP_TYPE_##type, #name, key, value, flags, entries);
	MAPS(X)
#undef X
	return good;
}

static void put(enum map_id id, const void *key, const void *value)
{
	cr_assert_eq(bpf_map_update_elem(map_fd[id], key, value, BPF_ANY), 0, "%s: %s",
		     maps_name(id), strerror(errno));
}

static void put_settings(struct settings *settings)
{
	__u32 zero = 0;

	settings->layout = SIPXDP_LAYOUT;
	settings->tap_bytes = 1024;
	put(MAP_SETTINGS, &zero, settings);
}

/* Why this test cannot run here, or NULL. */
static const char *enter_world(void)
{
	if (geteuid() != 0)
		return "not root";
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return "no mount namespace";
	if (mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700"))
		return "no bpffs";
	if (mount("tmpfs", "/run", "tmpfs", 0, "mode=0755") || mkdir("/run/sipxdp", 0750))
		return "no tmpfs";
	if (mkdir(MAPS_ROOT, 0700) || mkdir(INSTANCE_AT, 0700))
		return "no directory in bpffs";
	if (!make_maps())
		return "no BPF maps";
	return NULL;
}

static char program[512];

static const char *find_program(void)
{
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 32);

	if (len < 0)
		return "no /proc";
	program[len] = '\0';
	for (int up = 0; up < 3; up++) /* build/tests/unit/test_ctl_command */
		*strrchr(program, '/') = '\0';
	strcat(program, "/sipxdpctl");
	return access(program, X_OK) ? "sipxdpctl is not built" : NULL;
}

static void set_up(void)
{
	struct settings settings = { 0 };
	const char *why = find_program();

	if (!why)
		why = enter_world();
	if (why)
		cr_skip_test("%s", why);
	setenv("TZ", "UTC", 1);
	put_settings(&settings);
}

/* ---- running it ---- */

struct answer {
	int code;
	char out[OUTPUT_MAX];
	char err[8192];
};
static struct answer answer;

static void slurp(int fd, char *text, size_t size)
{
	ssize_t len = pread(fd, text, size - 1, 0);

	cr_assert(len >= 0);
	text[len] = '\0';
	close(fd);
}

/* Runs sipxdpctl with these words, up to NULL, for the instance of this test. */
static const struct answer *run(const char *word, ...)
{
	char *argv[ARGS_MAX] = { program, "--instance", INSTANCE };
	int argc = 3, status, out, err;
	char out_path[] = "/run/outXXXXXX", err_path[] = "/run/errXXXXXX";
	va_list words;
	pid_t pid;

	va_start(words, word);
	for (; word && argc < ARGS_MAX - 1; word = va_arg(words, const char *))
		argv[argc++] = strdup(word);
	va_end(words);
	out = mkstemp(out_path);
	err = mkstemp(err_path);
	cr_assert(out >= 0 && err >= 0);
	pid = fork();
	if (pid == 0) {
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		execv(program, argv);
		_exit(127);
	}
	cr_assert(pid > 0 && waitpid(pid, &status, 0) == pid);
	answer.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	slurp(out, answer.out, sizeof(answer.out));
	slurp(err, answer.err, sizeof(answer.err));
	unlink(out_path);
	unlink(err_path);
	for (int i = 3; i < argc; i++)
		free(argv[i]);
	return &answer;
}

static void expect_code(const struct answer *got, int code)
{
	cr_assert_eq(got->code, code, "exit %d instead of %d\n%.2000s%s", got->code, code, got->out,
		     got->err);
}

static void expect_text(const char *text, const char *wanted)
{
	cr_assert(strstr(text, wanted), "\"%s\" is not in:\n%.2000s", wanted, text);
}

/* The document last parsed: what a test looks at is borrowed from it. */
static json_t *document;

static void tear_down(void)
{
	json_decref(document);
}

static json_t *parse(const struct answer *got)
{
	json_error_t error;

	expect_code(got, 0);
	json_decref(document);
	document = json_loads(got->out, JSON_REJECT_DUPLICATES, &error);
	cr_assert(document, "not one JSON document: %s\n%.2000s", error.text, got->out);
	return document;
}

/* The rows of the array of that name, which must be so many. */
static json_t *rows_of(const json_t *object, const char *name, size_t count)
{
	json_t *rows = json_object_get(object, name);

	cr_assert(json_is_array(rows), "no array %s", name);
	cr_assert_eq(json_array_size(rows), count, "%zu rows in %s instead of %zu",
		     json_array_size(rows), name, count);
	return rows;
}

static json_int_t number_in(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	cr_assert(json_is_integer(value), "%s is no integer", key);
	return json_integer_value(value);
}

static void expect_member(const json_t *row, const char *key, const char *wanted)
{
	const char *text = json_string_value(json_object_get(row, key));

	cr_assert(text && strcmp(text, wanted) == 0, "%s is %s instead of %s", key,
		  text ? text : "no text", wanted);
}

static __u64 now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (__u64)ts.tv_sec * NS_PER_S + (__u64)ts.tv_nsec;
}

TestSuite(ctl, .init = set_up, .fini = tear_down, .timeout = 60);

/* ---- words and exit codes ---- */

Test(ctl, wrong_usage_is_2_with_the_usage_on_stderr)
{
	static const struct {
		const char *words[5];
		const char *complaint;
	} table[] = {
		{ { NULL }, "which command?" },
		{ { "frobnicate" }, "unknown command" },
		{ { "stats", "--frob" }, "unknown option --frob" },
		{ { "stats", "extra" }, "unexpected argument" },
		{ { "sources", "--top" }, "wants a value" },
		{ { "sources", "--top", "0" }, "not a number" },
		{ { "sources", "--top", "18446744073709551616" }, "not a number" },
		{ { "samples", "--last", "4097" }, "a number from 1 to 4096" },
		{ { "sources", "--by", "colour" }, "none of packets drops" },
		{ { "calls", "--state", "dancing" }, "none of trying" },
		{ { "calls", "--source", "300.1.1.1" }, "--source" },
		{ { "ban", "add" }, "which address?" },
		{ { "ban", "add", "10.0.0.1/33" }, "10.0.0.1/33" },
		{ { "ban", "add", "10.0.0.1/24" }, "10.0.0.1/24" },
		{ { "ban", "add", "10.0.0.1", "--for=10" }, "not a duration" },
		{ { "ban", "add", "10.0.0.1", "--for=0s" }, "no time at all" },
		{ { "trust", "add", "10.0.0.1:5060", "--for=0h0m" }, "no time at all" },
		{ { "ban", "add", "2001:db8::1/128" }, "/64" },
		{ { "ban", "del", "10.0.0.1", "--for=10m" }, "belong to 'ban add'" },
		{ { "ban", "shrug" }, "none of list, add, del" },
		{ { "trust", "add", "10.0.0.1" }, "not an address and port" },
		{ { "trust", "add", "10.0.0.1:65536" }, "port is 1 to 65535" },
		{ { "trust", "add", "10.0.0.1:0" }, "port is 1 to 65535" },
		{ { "--instance", "../up", "calls" }, "--instance" },
		{ { "--instance", "a.b", "calls" }, "--instance" },
		{ { "replay", "x.pcap" }, "which configuration?" },
		{ { "stats", "--json=yes" }, "takes no value" },
		{ { "top", "--interval", "1ms" }, "at least 200ms" },
		{ { "send" }, "which method?" },
		{ { "send", "OPTIONS" }, "to which URI?" },
		{ { "send", "OPTIONS", "example.com" }, "not a SIP URI" },
		{ { "send", "OPTIONS", "sips:example.com" }, "speaks sip:" },
		{ { "send", "ACK", "sip:127.0.0.1" }, "belongs to an INVITE" },
		{ { "send", "OPTIONS", "sip:127.0.0.1", "--reinvite" }, "belong to INVITE" },
		{ { "send", "OPTIONS", "sip:127.0.0.1", "--to", "::1" }, "IPv6 in brackets" },
		{ { "send", "OPTIONS", "sip:127.0.0.1", "--hold", "x" }, "not a duration" },
		{ { "send", "OPTIONS", "sip:127.0.0.1", "--expires", "-1" }, "number of seconds" },
		{ { "send", "OPTIONS", "sip:127.0.0.1", "--body", "/nowhere" }, "--content-type" },
		{ { "send", "REGISTER", "sip:127.0.0.1", "--contact", "*" }, "--expires 0" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const char *const *w = table[i].words;
		const struct answer *got = run(w[0], w[1], w[2], w[3], w[4], NULL);

		cr_assert_eq(got->code, 2, "row %zu: exit %d", i, got->code);
		cr_assert(strstr(got->err, table[i].complaint), "row %zu: %s", i, got->err);
		cr_assert_str_empty(got->out, "row %zu: %s", i, got->out);
	}
}

Test(ctl, every_command_of_the_help_is_in_the_manual)
{
	char *manual = NULL, *line, *rest, name[32], entry[64];
	FILE *in = fopen("docs/sipxdpctl.8.scd", "r");
	size_t size = 0, commands = 0;

	cr_assert(in, "docs/sipxdpctl.8.scd: %s", strerror(errno));
	cr_assert_gt(getdelim(&manual, &size, '\0', in), 0);
	fclose(in);
	expect_code(run("help", NULL), 0);
	for (rest = answer.out; (line = strsep(&rest, "\n"));) {
		if (strncmp(line, "  ", 2) != 0 || sscanf(line, " %31[a-z] ", name) != 1)
			continue;
		commands++;
		snprintf(entry, sizeof(entry), "\n*%s", name);
		cr_expect(strstr(manual, entry), "%s is not in the manual", name);
	}
	cr_assert_gt(commands, 15);
	free(manual);
}

/* Bash's completion knows each command of the help, and each long option of that command's help.
 * $0: sipxdpctl. */
static const char completion_check[] =
	". install/completion/sipxdpctl\n"
	"complete_of() { COMP_WORDS=(\"$@\") COMP_CWORD=$(($# - 1)); _sipxdpctl; }\n"
	"has() { [[ \" ${COMPREPLY[*]} \" == *\" $2 \"* ]] || { echo \"$1: no $2\" >&2; exit 1; }; "
	"}\n"
	"for c in $(\"$0\" help | sed -n 's/^  \\([a-z]\\+\\) .*/\\1/p'); do\n"
	"	complete_of sipxdpctl ''; has '' \"$c\"\n"
	"	for o in $(\"$0\" help \"$c\" | sed -n 's/^  .\\{4\\}\\(--[a-z-]*\\).*/\\1/p'); "
	"do\n"
	"		complete_of sipxdpctl \"$c\" --; has \"$c\" \"$o\"; n=$((n + 1))\n"
	"	done\n"
	"done\n"
	"((n > 70)) || { echo \"only $n options\" >&2; exit 1; }\n";

Test(ctl, every_command_and_option_of_the_help_is_completed)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execlp("bash", "bash", "-c", completion_check, program, (char *)NULL);
		_exit(127);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert_eq(status, 0, "see what it said on standard error");
}

Test(ctl, help_of_every_command_names_its_usage_and_is_0)
{
	static const char *const names[] = { "status",	"stats",   "calls", "registrations",
					     "sources", "ban",	   "trust", "samples",
					     "check",	"replay",  "parse", "reload",
					     "detach",	"version", "help",  "send",
					     "top" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char usage[64];

		snprintf(usage, sizeof(usage), "usage: sipxdpctl %s", names[i]);
		expect_code(run("help", names[i], NULL), 0);
		expect_text(answer.out, usage);
		expect_code(run(names[i], "--help", NULL), 0);
		expect_text(answer.out, usage);
		expect_code(run("help", NULL), 0);
		expect_text(answer.out, names[i]);
	}
}

Test(ctl, an_instance_that_is_not_there_is_3)
{
	static const char *const names[] = { "status",	"stats", "calls", "registrations",
					     "sources", "ban",	 "trust" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct answer *got = run(names[i], "--instance", "elsewhere", NULL);

		cr_assert_eq(got->code, 3, "%s: exit %d", names[i], got->code);
		expect_text(got->err, "elsewhere");
		cr_assert_str_empty(got->out);
	}
}

Test(ctl, maps_of_another_layout_are_refused_with_3)
{
	struct settings settings = { .layout = SIPXDP_LAYOUT + 1 };
	__u32 zero = 0;

	put(MAP_SETTINGS, &zero, &settings);
	expect_code(run("calls", NULL), 3);
	expect_text(answer.err, "layout");
}

Test(ctl, a_full_disk_is_no_answer)
{
	char line[600];
	int status;

	snprintf(line, sizeof(line), "%s --instance %s stats > /dev/full 2> /run/err", program,
		 INSTANCE);
	status = system(line);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1, "status %d", status);
}

/* ---- calls ---- */

static void put_call(__u64 hash, const char *call_id, const char *from, const char *to,
		     const char *source, enum call_state state, __u64 age_s)
{
	struct call_key key = { .call_id_hash = hash };
	struct call_record call = {
		.started_unix_ns = now_ns(CLOCK_REALTIME) - age_s * NS_PER_S,
		.state = state,
		.messages = 4,
		.reinvites = 1,
	};

	snprintf(call.call_id, sizeof(call.call_id), "%s", call_id);
	snprintf(call.from, sizeof(call.from), "%s", from);
	snprintf(call.to, sizeof(call.to), "%s", to);
	snprintf(call.source, sizeof(call.source), "%s", source);
	snprintf(call.destination, sizeof(call.destination), "192.0.2.10:5060");
	call.updated_unix_ns = call.started_unix_ns;
	if (state == CALL_CONFIRMED) {
		call.answered_unix_ns = call.started_unix_ns + 1500 * 1000000;
		call.setup_ms = 1500;
	}
	put(MAP_CALLS, &key, &call);
}

static void put_three_calls(void)
{
	put_call(1, "a@x", "sip:alice@example.com", "sip:bob@example.com", "198.51.100.7:5060",
		 CALL_CONFIRMED, 125);
	put_call(2, "b@x", "sips:carol@example.com", "tel:+15551234567", "[2001:db8::5]:5062",
		 CALL_RINGING, 5);
	put_call(3, "c@x", "sip:dave@example.com", "sip:bobby@example.com", "198.51.100.8:5060",
		 CALL_FAILED, 9);
}

Test(ctl, calls_are_listed_newest_first_with_times_in_the_unit_of_their_key)
{
	json_t *rows, *first, *last;

	put_three_calls();
	rows = rows_of(parse(run("--json", "calls", NULL)), "calls", 3);
	first = json_array_get(rows, 0);
	last = json_array_get(rows, 2);
	expect_member(first, "call_id", "b@x");
	expect_member(first, "state", "ringing");
	cr_assert(json_is_null(json_object_get(first, "setup_ms")));
	expect_member(last, "call_id", "a@x");
	expect_member(last, "from", "sip:alice@example.com");
	expect_member(last, "source", "198.51.100.7:5060");
	cr_assert_eq(number_in(last, "setup_ms"), 1500);
	cr_assert(number_in(last, "duration_s") >= 123 && number_in(last, "duration_s") <= 126);
	cr_assert_eq(number_in(last, "messages"), 4);
	cr_assert_eq(number_in(last, "re_invites"), 1);
	cr_assert(number_in(last, "started_unix_ns") > 0);
}

Test(ctl, calls_as_text_have_a_header_line_and_human_times)
{
	static const char *const titles[] = {
		"STARTED", "SETUP",   "DURATION", "FROM",	" TO ",	   "SOURCE",
		"SERVICE", "BACKEND", "MESSAGES", "RE-INVITES", "CALL-ID",
	};

	put_three_calls();
	expect_code(run("calls", NULL), 0);
	cr_assert_eq(strncmp(answer.out, "STATE ", 6), 0, "%s", answer.out);
	expect_text(answer.out, "1.5s");
	expect_text(answer.out, "2m0");
	expect_text(answer.out, "+00:00");
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		cr_expect(strstr(answer.out, titles[i]), "no column %s", titles[i]);
}

Test(ctl, calls_are_filtered_by_state_source_and_user)
{
	static const struct {
		const char *option, *value, *found; /* found NULL: none */
	} table[] = {
		{ "--state", "confirmed", "a@x" },     { "--state", "cancelling", NULL },
		{ "--source", "198.51.100.8", "c@x" }, { "--source", "2001:db8::/32", "b@x" },
		{ "--source", "10.0.0.0/8", NULL },    { "--user", "bob", "a@x" },
		{ "--user", "bobby", "c@x" },	       { "--user", "+15551234567", "b@x" },
		{ "--user", "carol", "b@x" },	       { "--user", "example.com", NULL },
	};

	put_three_calls();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		json_t *rows;

		parse(run("calls", table[i].option, table[i].value, "--json", NULL));
		rows = rows_of(document, "calls", table[i].found ? 1 : 0);
		if (table[i].found)
			expect_member(json_array_get(rows, 0), "call_id", table[i].found);
	}
}

Test(ctl, one_call_is_shown_in_full_and_a_call_that_is_not_there_is_1)
{
	put_three_calls();
	expect_code(run("calls", "a@x", NULL), 0);
	expect_text(answer.out, "RE-INVITES");
	expect_text(answer.out, "sip:alice@example.com");
	cr_assert_null(strstr(answer.out, "carol"));
	expect_code(run("calls", "a", NULL), 1);
	expect_code(run("calls", "a@xx", NULL), 1);
}

Test(ctl, a_call_id_longer_than_its_record_is_found_by_what_was_kept)
{
	char call_id[200];

	memset(call_id, 'k', sizeof(call_id) - 1);
	call_id[sizeof(call_id) - 1] = '\0';
	put_call(9, call_id, "sip:a@x", "sip:b@x", "192.0.2.1:5060", CALL_TRYING, 1);
	expect_code(run("calls", call_id, NULL), 0);
	call_id[20] = 'x';
	expect_code(run("calls", call_id, NULL), 1);
}

Test(ctl, hostile_text_reaches_no_terminal_and_breaks_no_json)
{
	const char *evil = "\033[2J\x9b\x7f\r\n\"\\\xff\xc3\xa9@x";
	json_t *rows;

	put_call(4, evil, evil, evil, "192.0.2.1:5060", CALL_TRYING, 1);
	expect_code(run("calls", NULL), 0);
	for (const char *p = answer.out; *p; p++)
		cr_assert(*p == '\n' || (*p >= 0x20 && *p < 0x7f), "octet %#x on a terminal",
			  (unsigned char)*p);
	expect_text(answer.out, "\\x1b[2J\\x9b\\x7f\\x0d\\x0a\"");
	rows = rows_of(parse(run("--json", "calls", NULL)), "calls", 1);
	/* what is UTF-8 stays, what is not is spelled out */
	expect_member(json_array_get(rows, 0), "call_id",
		      "\033[2J\\x9b\x7f\r\n\"\\\\xff\xc3\xa9@x");
}

Test(ctl, rows_beyond_those_held_back_for_their_widths_are_printed_too)
{
	enum { CALLS_MANY = 5000 };
	char call_id[32];

	/* a calls map with room for them takes the place of the small one */
	close(map_fd[MAP_CALLS]);
	cr_assert_eq(unlink(INSTANCE_AT "/calls"), 0);
	cr_assert(make_map(MAP_CALLS, BPF_MAP_TYPE_HASH, "calls", sizeof(struct call_key),
			   sizeof(struct call_record), BPF_F_NO_PREALLOC, CALLS_MANY));
	for (unsigned int i = 0; i < CALLS_MANY; i++) {
		snprintf(call_id, sizeof(call_id), "%u@x", i);
		put_call(i, call_id, "sip:a@x", "sip:b@x", "192.0.2.1:5060", CALL_TRYING, i);
	}
	parse(run("--json", "calls", NULL));
	rows_of(document, "calls", CALLS_MANY);
	expect_code(run("calls", NULL), 0);
	expect_text(answer.out, " 4999@x\n");
}

/* ---- registrations ---- */

Test(ctl, registrations_are_found_by_address_of_record)
{
	struct registration_key key = { .binding_hash = 7 };
	struct registration_record record = {
		.aor = "sip:alice@Example.com",
		.contact = "sip:alice@198.51.100.7:40000;ob",
		.source = "198.51.100.7:40000",
		.user_agent = "phone 1.0",
		.expires_s = 600,
		.refreshes = 3,
	};
	json_t *row;

	record.registered_unix_ns = now_ns(CLOCK_REALTIME) - 100 * NS_PER_S;
	record.expires_unix_ns = now_ns(CLOCK_REALTIME) + 500 * NS_PER_S;
	put(MAP_REGISTRATIONS, &key, &record);
	row = json_array_get(
		rows_of(parse(run("registrations", "--json", NULL)), "registrations", 1), 0);
	expect_member(row, "aor", "sip:alice@Example.com");
	expect_member(row, "user_agent", "phone 1.0");
	cr_assert(number_in(row, "expires_in_s") >= 495 && number_in(row, "expires_in_s") <= 500);
	cr_assert_eq(number_in(row, "granted_s"), 600);
	expect_code(run("registrations", "alice@example.com", NULL), 0);
	expect_code(run("registrations", "sip:alice@example.COM", NULL), 0);
	expect_code(run("registrations", "sips:alice@example.com", NULL), 1);
	expect_code(run("registrations", "Alice@example.com", NULL), 1);
	expect_code(run("registrations", "alice", NULL), 1);
}

/* ---- stats ---- */

static void count(unsigned int service, unsigned int would_drop, unsigned int class,
		  unsigned int reason, __u64 packets)
{
	int cpus = libbpf_num_possible_cpus();
	__u32 row = COUNTER_ROW(service, would_drop, class);
	union counter_row *rows = calloc((size_t)cpus, sizeof(*rows));

	cr_assert_eq(bpf_map_lookup_elem(map_fd[MAP_COUNTERS], &row, rows), 0);
	rows[0].by_reason[reason].packets = packets - packets / 2;
	rows[0].by_reason[reason].bytes = 100 * (packets - packets / 2);
	rows[cpus - 1].by_reason[reason].packets += cpus > 1 ? packets / 2 : 0;
	rows[cpus - 1].by_reason[reason].bytes += cpus > 1 ? 100 * (packets / 2) : 0;
	put(MAP_COUNTERS, &row, rows);
	free(rows);
}

static void name_service(unsigned int number, const char *name)
{
	struct service service = { .in_use = 1 };

	snprintf(service.name, sizeof(service.name), "%s", name);
	put(MAP_SERVICES, &number, &service);
}

static json_t *find_cell(json_t *rows, const char *service, const char *class, const char *verdict,
			 const char *reason)
{
	json_t *row;
	size_t index;

	json_array_foreach (rows, index, row) {
		if (!strcmp(json_string_value(json_object_get(row, "service")), service) &&
		    !strcmp(json_string_value(json_object_get(row, "class")), class) &&
		    !strcmp(json_string_value(json_object_get(row, "verdict")), verdict) &&
		    !strcmp(json_string_value(json_object_get(row, "reason")), reason))
			return row;
	}
	cr_assert_fail("no row %s %s %s %s in %.2000s", service, class, verdict, reason,
		       answer.out);
	return NULL;
}

Test(ctl, stats_sum_all_cpus_and_name_every_cell)
{
	json_t *cells, *totals;

	name_service(0, "proxy");
	count(0, 0, CLASS_INVITE, PASS_TRUSTED, 10);
	count(0, 0, CLASS_INVITE, DROP_UNKNOWN_LIMIT, 1000);
	count(0, 0, CLASS_OPTIONS, DROP_UNPROVEN, 7);
	count(0, 1, CLASS_GARBAGE, DROP_GARBAGE_LIMIT, 30);
	count(0, 1, CLASS_OPTIONS, DROP_UNPROVEN, 3);
	count(SERVICE_HOST, 0, CLASS_FRAGMENT, PASS_UNORDERED, 5);
	parse(run("stats", "--json", NULL));
	cells = rows_of(document, "stats", 6);
	cr_assert_eq(number_in(find_cell(cells, "proxy", "invite", "pass", "trusted"), "packets"),
		     10);
	cr_assert_eq(
		number_in(find_cell(cells, "proxy", "invite", "drop", "unknown-limit"), "bytes"),
		100000);
	find_cell(cells, "proxy", "options", "tx", "unproven");
	find_cell(cells, "proxy", "garbage", "would-drop", "garbage-limit");
	find_cell(cells, "proxy", "options", "would-drop", "unproven");
	find_cell(cells, "(host)", "fragment", "pass", "unordered");
	totals = rows_of(document, "totals", 4);
	expect_member(json_array_get(totals, 0), "verdict", "pass");
	cr_assert_eq(number_in(json_array_get(totals, 0), "packets"), 15);
	cr_assert_eq(number_in(json_array_get(totals, 1), "packets"), 1000);
	cr_assert_eq(number_in(json_array_get(totals, 2), "packets"), 7);
	cr_assert_eq(number_in(json_array_get(totals, 3), "packets"), 33);
}

Test(ctl, stats_watch_gives_rates_until_interrupted)
{
	const char *line = "packets_per_s";
	char *argv[] = { program, "--instance", INSTANCE, "--json", "stats", "--watch", NULL };
	int out = open("/run/watch", O_RDWR | O_CREAT | O_TRUNC, 0600), status;
	const struct timespec pause = { .tv_nsec = 50 * 1000000 };
	pid_t pid;

	name_service(0, "proxy");
	count(0, 0, CLASS_INVITE, PASS_TRUSTED, 10);
	pid = fork();
	if (pid == 0) {
		dup2(out, STDOUT_FILENO);
		execv(program, argv);
		_exit(127);
	}
	for (int i = 0; i < 200 && lseek(out, 0, SEEK_END) < 10; i++)
		nanosleep(&pause, NULL);
	kill(pid, SIGINT);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %d", status);
	slurp(out, answer.out, sizeof(answer.out));
	expect_text(answer.out, line);
}

/* ---- top ---- */

static void put_source(const char *address, __u64 packets, __u64 drops);

Test(ctl, top_once_is_one_frame_of_services_reasons_and_sources)
{
	name_service(0, "proxy");
	count(0, 0, CLASS_INVITE, PASS_TRUSTED, 10);
	count(0, 0, CLASS_REGISTER, DROP_SOURCE_LIMIT, 7);
	put_source("192.0.2.1", 100, 7);
	expect_code(run("top", "--once", "--interval", "200ms", NULL), 0);
	expect_text(answer.out, "sipxdp " INSTANCE "  enforce  daemon not alive");
	expect_text(answer.out, "proxy");
	expect_text(answer.out, "source-limit");
	expect_text(answer.out, "192.0.2.1");
	expect_text(answer.out, "calls: trying 0");
	cr_assert_null(strchr(answer.out, '\033'), "no terminal is asked");
	expect_code(run("top", NULL), 2); /* here is no terminal */
	expect_code(run("top", "--once", "--json", NULL), 2);
}

/* In a terminal of 24 lines: until it shows what it should, or its time is over. */
static void await_screen(int terminal, char *screen, size_t size, const char *wanted)
{
	struct pollfd ready = { .fd = terminal, .events = POLLIN };
	size_t length = strlen(screen);

	while (!strstr(screen, wanted) && length < size - 1 && poll(&ready, 1, 10000) == 1) {
		ssize_t more = read(terminal, screen + length, size - 1 - length);

		if (more <= 0)
			break;
		length += (size_t)more;
		screen[length] = '\0';
	}
	cr_assert(strstr(screen, wanted), "\"%s\" is not on the screen:\n%s", wanted, screen);
}

static const struct {
	const char *keys; /* typed while it runs */
	int signal;	  /* or sent to it */
} ends[] = { { "dpq", 0 }, { "Q", 0 }, { "", SIGINT }, { "", SIGHUP } };

Test(ctl, top_is_live_until_a_key_or_a_signal_ends_it_and_gives_the_terminal_back)
{
	struct winsize window = { .ws_row = 24, .ws_col = 100 };
	static char screen[1 << 16];

	name_service(0, "proxy");
	put_source("192.0.2.1", 100, 7);
	setenv("TERM", "xterm", 1);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		int terminal, status;
		pid_t pid = forkpty(&terminal, NULL, NULL, &window);

		if (pid == 0) {
			execl(program, program, "--instance", INSTANCE, "top", "--interval",
			      "200ms", (char *)NULL);
			_exit(127);
		}
		cr_assert(pid > 0);
		*screen = '\0';
		await_screen(terminal, screen, sizeof(screen), "192.0.2.1");
		await_screen(terminal, screen, sizeof(screen), "q: leave");
		for (const char *key = ends[i].keys; *key; key++)
			cr_assert_eq(write(terminal, key, 1), 1);
		if (ends[i].signal)
			kill(pid, ends[i].signal);
		await_screen(terminal, screen, sizeof(screen), "\033[?1049l"); /* rmcup */
		cr_assert_eq(waitpid(pid, &status, 0), pid);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%zu: status %x", i,
			  (unsigned int)status);
		close(terminal);
	}
	setenv("TERM", "no-such-terminal", 1);
	expect_code(run("top", NULL), 2);
}

/* ---- sources ---- */

static struct sipxdp_addr ipv4(const char *text)
{
	struct sipxdp_addr addr = { { 0, 0, htonl(0xffff), 0 } };

	cr_assert_eq(inet_pton(AF_INET, text, &addr.word[3]), 1);
	return addr;
}

static void put_source(const char *address, __u64 packets, __u64 drops)
{
	struct sipxdp_addr addr = ipv4(address);
	struct source_key key = { .net = { addr.word[3] }, .family = 4 };
	struct source source = {
		.packets = packets,
		.bytes = 500 * packets,
		.drops = drops,
		.first_seen_ns = 1,
		.last_seen_ns = now_ns(CLOCK_MONOTONIC),
		.last_reason = drops ? DROP_SOURCE_LIMIT : PASS_UNKNOWN,
		.last_class = CLASS_INVITE,
	};

	put(MAP_SOURCES, &key, &source);
}

Test(ctl, sources_are_the_top_talkers_with_the_tier_they_have_now)
{
	struct sipxdp_peer peer = { .addr = ipv4("198.51.100.1"), .port = htons(5062) };
	struct sipxdp_prefix banned = { .prefix_len = 128, .addr = ipv4("198.51.100.2") };
	struct sipxdp_prefix exempt = { .prefix_len = 120, .addr = ipv4("203.0.113.0") };
	struct trusted trusted = { .packets = 50, .last_class = CLASS_REGISTER };
	struct network network = { .policy = POLICY_EXEMPT };
	struct ban ban = { .until_ns = 0, .proven = 1 };
	json_t *rows;

	name_service(0, "proxy");
	put_source("198.51.100.2", 100, 90);
	put_source("198.51.100.3", 1000, 10);
	put_source("203.0.113.9", 70, 0);
	put(MAP_TRUSTED, &peer, &trusted);
	put(MAP_BANS, &banned, &ban);
	put(MAP_NETWORKS, &exempt, &network);

	parse(run("sources", "--json", NULL));
	rows = rows_of(document, "sources", 4);
	expect_member(json_array_get(rows, 0), "source", "198.51.100.3");
	cr_assert_eq(number_in(json_array_get(rows, 0), "messages"), 1000);
	cr_assert_eq(number_in(json_array_get(rows, 0), "drops"), 10);
	expect_member(json_array_get(rows, 0), "tier", "unknown");
	expect_member(json_array_get(rows, 0), "last_reason", "source-limit");
	expect_member(json_array_get(rows, 1), "tier", "banned");
	expect_member(json_array_get(rows, 2), "tier", "exempt");
	expect_member(json_array_get(rows, 3), "source", "198.51.100.1:5062");
	expect_member(json_array_get(rows, 3), "tier", "trusted");
	rows = rows_of(parse(run("sources", "--json", "--top", "1", "--by", "drops", NULL)),
		       "sources", 1);
	expect_member(json_array_get(rows, 0), "source", "198.51.100.2");
	expect_code(run("sources", NULL), 0);
	expect_text(answer.out, "MESSAGES");
}

/* ---- bans and trust ---- */

static struct settings *settings_now(void)
{
	static struct settings settings;
	__u32 zero = 0;

	cr_assert_eq(bpf_map_lookup_elem(map_fd[MAP_SETTINGS], &zero, &settings), 0);
	return &settings;
}

Test(ctl, a_ban_is_set_listed_and_lifted_and_the_kernel_is_told)
{
	struct sipxdp_prefix key = { .prefix_len = 120, .addr = ipv4("198.51.100.0") };
	__u32 generation = settings_now()->generation;
	struct ban ban;
	json_t *row;

	expect_code(run("ban", "add", "198.51.100.0/24", "--for", "10m", "--reason", "noise \033",
			NULL),
		    0);
	cr_assert_eq(bpf_map_lookup_elem(map_fd[MAP_BANS], &key, &ban), 0);
	cr_assert_eq(ban.origin, BAN_HAND);
	cr_assert(ban.until_ns > now_ns(CLOCK_MONOTONIC) + 590 * NS_PER_S);
	cr_assert_eq(settings_now()->has_bans, 1);
	cr_assert_neq(settings_now()->generation, generation);

	row = json_array_get(rows_of(parse(run("ban", "list", "--json", NULL)), "bans", 1), 0);
	expect_member(row, "address", "198.51.100.0/24");
	expect_member(row, "origin", "hand");
	expect_member(row, "reason", "noise \033");
	cr_assert(number_in(row, "left_s") > 590 && number_in(row, "left_s") <= 600);
	cr_assert_eq(number_in(row, "hits"), 0);
	expect_code(run("ban", "list", NULL), 0);
	expect_text(answer.out, "noise \\x1b");

	generation = settings_now()->generation;
	expect_code(run("ban", "del", "198.51.100.0/24", NULL), 0);
	cr_assert_neq(settings_now()->generation, generation);
	expect_code(run("ban", "del", "198.51.100.0/24", NULL), 1);
	rows_of(parse(run("ban", "list", "--json", NULL)), "bans", 0);
}

Test(ctl, an_exempt_network_is_not_banned)
{
	struct sipxdp_prefix exempt = { .prefix_len = 120, .addr = ipv4("203.0.113.0") };
	struct network network = { .policy = POLICY_EXEMPT };
	struct settings settings = { .has_networks = 1 };

	put_settings(&settings);
	put(MAP_NETWORKS, &exempt, &network);
	expect_code(run("ban", "add", "203.0.113.7", NULL), 1);
	expect_text(answer.err, "203.0.113.0/24");
	rows_of(parse(run("ban", "list", "--json", NULL)), "bans", 0);
	/* a wider one may be: what is exempt in it stays exempt, and the operator is told */
	expect_code(run("ban", "add", "203.0.0.0/16", NULL), 0);
	expect_text(answer.err, "stays exempt");
}

Test(ctl, a_ban_says_which_trusted_ports_it_spares)
{
	expect_code(run("trust", "add", "198.51.100.7:5060", NULL), 0);
	expect_code(run("trust", "add", "198.51.101.7:5060", NULL), 0);
	expect_code(run("ban", "add", "198.51.100.0/24", NULL), 0);
	expect_text(answer.err, "1 trusted port behind it is spared");
	expect_code(run("ban", "add", "198.51.102.0/24", NULL), 0);
	cr_assert_str_empty(answer.err);
}

Test(ctl, one_ipv6_host_is_banned_by_its_64)
{
	expect_code(run("ban", "add", "2001:db8:1:2:3:4:5:6", NULL), 0);
	expect_text(answer.out, "2001:db8:1:2::/64");
	expect_code(run("ban", "del", "2001:db8:1:2:9::", NULL), 0);
}

Test(ctl, a_full_table_of_bans_is_said)
{
	char address[32];
	int code = 0;

	for (int i = 1; i < 200 && !code; i++) {
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		code = run("ban", "add", address, NULL)->code;
	}
	cr_assert_eq(code, 1);
	expect_text(answer.err, "full");
}

Test(ctl, trust_is_given_listed_and_taken_by_address_and_port)
{
	json_t *row;

	expect_code(run("trust", "add", "[2001:db8::7]:5060", "--for=1h", NULL), 0);
	row = json_array_get(rows_of(parse(run("trust", "list", "--json", NULL)), "trusted", 1), 0);
	expect_member(row, "address", "[2001:db8::7]:5060");
	expect_member(row, "origin", "hand");
	cr_assert(number_in(row, "left_s") > 3590);
	expect_code(run("trust", "del", "[2001:db8::7]:5061", NULL), 1);
	expect_code(run("trust", "del", "[2001:db8::7]:5060", NULL), 0);
	rows_of(parse(run("trust", "--json", NULL)), "trusted", 0);
}

/* ---- status ---- */

Test(ctl, status_says_in_words_where_it_is_blind)
{
	struct settings settings = { .monitor = MONITOR_ALL };
	struct host_state host = { .tap_lost = 17, .dialogs_full = 4 };
	__u32 zero = 0;

	put_settings(&settings);
	put(MAP_HOST_STATE, &zero, &host);
	name_service(0, "proxy");
	for (unsigned int i = 0; i < 120; i++)
		put_call(i, "x@y", "sip:a@x", "sip:b@x", "192.0.2.1:5060", CALL_TRYING, 1);
	count(0, 0, CLASS_STREAM, PASS_STREAM, 5);
	expect_code(run("status", NULL), 0);
	expect_text(answer.out, "monitor mode: nothing is dropped");
	expect_text(answer.out, "no daemon: it is not running");
	expect_text(answer.out, "17 messages did not fit");
	expect_text(answer.out, "4 dialogs not remembered");
	expect_text(answer.out, "table calls is 93% full");
	expect_text(answer.out, "5 TCP or TLS packets passed unread");
	parse(run("status", "--json", NULL));
	expect_member(document, "mode", "monitor");
	expect_member(document, "instance", INSTANCE);
	cr_assert_eq(number_in(document, "tap_lost"), 17);
	cr_assert(json_is_false(json_object_get(json_object_get(document, "daemon"), "alive")));
	cr_assert(json_array_size(json_object_get(document, "warnings")) >= 6);
	rows_of(document, "services", 1);
}

Test(ctl, status_names_the_reasons_whose_drops_are_withheld)
{
	struct settings settings = { .monitor = MONITOR_BIT(DROP_SCANNER) };
	struct service service = { .name = "proxy", .in_use = 1 };
	__u32 zero = 0;

	service.monitor = MONITOR_BIT(DROP_SOURCE_LIMIT) | MONITOR_BIT(DROP_FRAGMENT);
	put_settings(&settings);
	put(MAP_SERVICES, &zero, &service);
	expect_code(run("status", NULL), 0);
	expect_text(answer.out, "counted as would-drop and let through: scanner\n");
	expect_text(answer.out, "service proxy: counted as would-drop and let through: "
				"source-limit, fragment-dropped\n");
	expect_member(parse(run("status", "--json", NULL)), "mode", "enforce");
}

Test(ctl, status_names_the_family_that_no_backend_is_up_for)
{
	struct service service = { .name = "proxy", .in_use = 1 };
	const struct service_state state = { .backends_up = 1 };
	struct backend backend = { .name = "a", .state = BACKEND_UP };
	__u32 zero = 0, place = 1;

	service.balance.forward = FORWARD_NAT;
	service.balance.vip[0].port = service.balance.vip[1].port = htons(5060);
	backend.peer.addr.word[2] = htonl(0xffff);
	put(MAP_SERVICES, &zero, &service);
	put(MAP_SERVICE_STATE, &zero, &state);
	put(MAP_BACKENDS, &place, &backend);
	expect_code(run("status", NULL), 0);
	expect_text(answer.out, "service proxy: no IPv6 backend is up");
	cr_assert_null(strstr(answer.out, "no IPv4 backend"));
	service.balance.forward = FORWARD_IPIP;
	put(MAP_SERVICES, &zero, &service);
	expect_code(run("status", NULL), 0);
	cr_assert_null(strstr(answer.out, "no IPv6 backend"));
}

/* ---- the daemon ---- */

enum daemon_kind { DAEMON_ANSWERS, DAEMON_SLOW, DAEMON_BUSY, DAEMON_SILENT, DAEMON_DEAD };

static int listen_there(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	unlink(SOCKET_PATH);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

/* A daemon for one question: it must be this one, and this is the answer. */
static pid_t stand_in(enum daemon_kind kind, const char *question, const char *reply)
{
	int fd = listen_there();
	char line[256] = "";
	ssize_t len;
	pid_t pid;
	int client;

	if (kind == DAEMON_DEAD) {
		close(fd); /* leaves the socket's file behind */
		return 0;
	}
	listen(fd, 1);
	pid = fork();
	if (pid) {
		close(fd);
		return pid;
	}
	client = accept(fd, NULL, NULL);
	if (kind == DAEMON_BUSY) /* says so and reads nothing */
		_exit(write(client, reply, strlen(reply)) < 0);
	len = read(client, line, sizeof(line) - 1);
	if (len <= 0 || strcmp(line, question) != 0)
		_exit(1);
	if (kind == DAEMON_SILENT)
		sleep(20);
	if (kind == DAEMON_SLOW)
		sleep(6);
	for (size_t i = 0; reply[i]; i += strnlen(reply + i, 10)) /* in pieces */
		if (write(client, reply + i, strnlen(reply + i, 10)) < 0)
			_exit(2);
	_exit(0);
}

static void expect_asked(pid_t pid)
{
	int status;

	cr_assert_eq(waitpid(pid, &status, 0), pid);
	cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the daemon was not asked that");
}

Test(ctl, samples_come_from_the_daemon_and_are_escaped)
{
	pid_t pid = stand_in(DAEMON_ANSWERS, "{\"command\":\"samples\"}\n",
			     "{\"ok\":true,\"samples\":[{\"time_unix_ns\":1700000000123456789,"
			     "\"source\":\"198.51.100.9:5060\",\"destination\":\"192.0.2.1:5060\","
			     "\"service\":null,\"class\":\"invite\",\"verdict\":\"drop\","
			     "\"reason\":\"scanner\",\"start_line\":\"INVITE \\u001b[2J\"}]}\n");

	expect_code(run("samples", NULL), 0);
	expect_asked(pid);
	expect_text(answer.out, "2023-11-14T22:13:20.123+00:00");
	expect_text(answer.out, "scanner");
	expect_text(answer.out, "INVITE \\x1b[2J");
}

Test(ctl, samples_are_the_last_ones)
{
	pid_t pid = stand_in(DAEMON_ANSWERS, "{\"command\":\"samples\"}\n",
			     "{\"ok\":true,\"samples\":[{\"start_line\":\"a\"},"
			     "{\"start_line\":\"b\"},{\"start_line\":\"c\"}]}\n");
	json_t *rows = rows_of(parse(run("samples", "--last", "2", "--json", NULL)), "samples", 2);

	expect_asked(pid);
	expect_member(json_array_get(rows, 0), "start_line", "b");
	expect_member(json_array_get(rows, 1), "start_line", "c");
	cr_assert(json_is_null(json_object_get(json_array_get(rows, 1), "time_unix_ns")));
}

Test(ctl, a_daemon_that_refuses_is_quoted_and_its_code_becomes_the_exit_code)
{
	static const struct {
		const char *reply;
		int code;
		const char *text;
	} table[] = {
		{ "{\"ok\":true,\"file\":\"/etc/x.yaml\"}\n", 0, "" },
		{ "{\"ok\":false,\"error\":\"a.yaml:3:1: bad\\nand more\"}\n", 1, "and more" },
		{ "{\"ok\":false,\"code\":\"not_permitted\",\"error\":\"no\"}\n", 4, "no" },
		{ "{\"ok\":false,\"code\":\"busy\",\"error\":\"wait\"}\n", 3, "wait" },
		{ "{\"ok\":false}\n", 1, "without a reason" },
		{ "not json\n", 3, "not understood" },
		{ "[]\n", 3, "not understood" },
		{ "", 3, "not understood" },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		pid_t pid = stand_in(DAEMON_ANSWERS, "{\"command\":\"reload\"}\n", table[i].reply);

		run("reload", NULL);
		expect_asked(pid);
		cr_assert_eq(answer.code, table[i].code, "row %zu: exit %d: %s", i, answer.code,
			     answer.err);
		expect_text(answer.err, table[i].text);
	}
}

Test(ctl, a_daemon_with_too_many_clients_is_alive)
{
	static const char busy[] = "{\"ok\":false,\"code\":\"busy\",\"error\":\"wait\"}\n";
	json_t *daemon;
	pid_t pid = stand_in(DAEMON_BUSY, NULL, busy);

	expect_code(run("reload", NULL), 3);
	expect_asked(pid);
	expect_text(answer.err, "wait");
	pid = stand_in(DAEMON_BUSY, NULL, busy);
	daemon = json_object_get(parse(run("status", "--json", NULL)), "daemon");
	expect_asked(pid);
	cr_assert(json_is_true(json_object_get(daemon, "alive")));
	pid = stand_in(DAEMON_BUSY, NULL, busy);
	expect_code(run("status", NULL), 0);
	expect_asked(pid);
	expect_text(answer.out, "too many clients");
	cr_assert_null(strstr(answer.out, "no daemon"));
}

Test(ctl, a_reload_may_take_its_time)
{
	pid_t pid = stand_in(DAEMON_SLOW, "{\"command\":\"reload\"}\n",
			     "{\"ok\":true,\"file\":\"/etc/x.yaml\"}\n");

	expect_code(run("reload", NULL), 0);
	expect_asked(pid);
}

Test(ctl, a_daemon_that_is_dead_absent_or_silent_is_3_within_its_time)
{
	__u64 start;
	pid_t pid;

	expect_code(run("reload", NULL), 3);
	expect_text(answer.err, "not running");
	stand_in(DAEMON_DEAD, NULL, NULL);
	expect_code(run("reload", NULL), 3);
	expect_text(answer.err, "dead");
	pid = stand_in(DAEMON_SILENT, "{\"command\":\"samples\"}\n", "");
	start = now_ns(CLOCK_MONOTONIC);
	expect_code(run("samples", NULL), 3);
	expect_text(answer.err, "in time");
	cr_assert(now_ns(CLOCK_MONOTONIC) - start < 8 * NS_PER_S);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

Test(ctl, status_shows_what_the_daemon_says_of_itself)
{
	pid_t pid = stand_in(DAEMON_ANSWERS, "{\"command\":\"status\"}\n",
			     "{\"ok\":true,\"pid\":4711,\"version\":\"9.9\","
			     "\"started_unix_ns\":1700000000000000000,"
			     "\"warnings\":[\"calls table refused 3\\u001b\"]}\n");

	expect_code(run("status", NULL), 0);
	expect_asked(pid);
	expect_text(answer.out, "alive, pid 4711, version 9.9");
	expect_text(answer.out, "daemon: calls table refused 3\\x1b");
	cr_assert_null(strstr(answer.out, "no daemon"));
}

/* ---- ladder, calls CALL-ID: the messages of a call ---- */

#define ASKED_HISTORY "{\"command\":\"history\",\"call_id\":\"a@x\"}\n"
#define PHONE_AT      "198.51.100.7:5060"
#define SERVER_AT     "192.0.2.10:5060"

static char history[16384];

static void history_begin(unsigned int omitted)
{
	snprintf(history, sizeof(history), "{\"ok\":true,\"omitted\":%u,\"messages\":[", omitted);
}

/* A message of a call between the phone and the server, `cut` octets of it missing. */
static void history_add(bool from_server, bool again, unsigned int ms, const char *text, size_t cut)
{
	size_t used = strlen(history), length = strlen(text);

	used += (size_t)snprintf(
		history + used, sizeof(history) - used,
		"%s{\"time_unix_ns\":%llu,\"source\":\"%s\",\"destination\":\"%s\","
		"\"from_server\":%s,\"retransmission\":%s,\"length\":%zu,\"data\":\"",
		history[used - 1] == '[' ? "" : ",", 1700000000000000000ULL + ms * 1000000ULL,
		from_server ? SERVER_AT : PHONE_AT, from_server ? PHONE_AT : SERVER_AT,
		from_server ? "true" : "false", again ? "true" : "false", length);
	for (size_t i = 0; i < length - cut; i++)
		used += (size_t)snprintf(history + used, sizeof(history) - used, "%02x",
					 (unsigned char)text[i]);
	snprintf(history + used, sizeof(history) - used, "\"}");
}

static const char *history_end(void)
{
	size_t used = strlen(history);

	snprintf(history + used, sizeof(history) - used, "]}\n");
	return history;
}

static const char *message_of(const char *start, const char *cseq, const char *sdp)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
		 "From: <sip:a@x>;tag=1\r\nTo: <sip:b@x>\r\nCall-ID: a@x\r\nCSeq: %s\r\n"
		 "%sContent-Length: %zu\r\n\r\n%s",
		 start, cseq, *sdp ? "Content-Type: application/sdp\r\n" : "", strlen(sdp), sdp);
	return text;
}

#define SDP(direction)                                                                             \
	"v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\n"          \
	"m=audio 4000 RTP/AVP 8\r\na=" direction "\r\n"

static const char *some_history(void)
{
	history_begin(3);
	history_add(false, false, 0,
		    message_of("INVITE sip:b@x SIP/2.0", "1 INVITE", SDP("sendrecv")), 0);
	history_add(false, true, 500,
		    message_of("INVITE sip:b@x SIP/2.0", "1 INVITE", SDP("sendrecv")), 0);
	history_add(true, false, 700, message_of("SIP/2.0 200 OK", "1 INVITE", SDP("sendonly")), 0);
	history_add(false, false, 900,
		    message_of("INFO sip:b@x SIP/2.0", "2 INFO", SDP("inactive")), 20);
	history_add(true, false, 901, "rubbish \x1b[2J\r\n\r\n", 0);
	return history_end();
}

Test(ctl, a_ladder_is_drawn_from_what_the_daemon_remembers)
{
	pid_t pid = stand_in(DAEMON_ANSWERS, ASKED_HISTORY, some_history());

	expect_code(run("ladder", "a@x", NULL), 0);
	expect_asked(pid);
	expect_text(answer.out, "3 older messages are not remembered");
	expect_text(answer.out, PHONE_AT);
	expect_text(answer.out, "|--------- INVITE (PCMA) -------->|");
	expect_text(answer.out, "|..... INVITE (PCMA, again) .....>|");
	expect_text(answer.out, "|<- 200 OK (INVITE, PCMA hold) ---|");
	expect_text(answer.out, "------- INFO -");
	expect_text(answer.out, "+0.200");
	expect_text(answer.out, " ? ");
	cr_assert_null(strchr(answer.out, '\x1b'));
}

Test(ctl, a_ladder_as_json_names_each_message)
{
	pid_t pid = stand_in(DAEMON_ANSWERS, ASKED_HISTORY, some_history());
	json_t *rows;

	document = parse(run("ladder", "--json", "a@x", NULL));
	expect_asked(pid);
	rows = rows_of(document, "messages", 5);
	expect_member(json_array_get(rows, 0), "message", "INVITE");
	expect_member(json_array_get(rows, 0), "media", "PCMA");
	expect_member(json_array_get(rows, 2), "message", "200 OK");
	expect_member(json_array_get(rows, 2), "cseq_method", "INVITE");
	expect_member(json_array_get(rows, 2), "destination", PHONE_AT);
	cr_assert(json_is_true(json_object_get(json_array_get(rows, 1), "retransmission")));
	cr_assert_eq(number_in(json_array_get(rows, 3), "cseq"), 2);
	rows = rows_of(document, "call", 1);
	cr_assert_eq(number_in(json_array_get(rows, 0), "omitted"), 3);
}

Test(ctl, a_ladder_as_a_capture_file_begins_as_one)
{
	pid_t pid = stand_in(DAEMON_ANSWERS, ASKED_HISTORY, some_history());
	__u32 head[6];
	FILE *file;

	expect_code(run("ladder", "--pcap", "/run/call.pcap", "a@x", NULL), 0);
	expect_asked(pid);
	file = fopen("/run/call.pcap", "r");
	cr_assert(file && fread(head, sizeof(head), 1, file) == 1);
	cr_assert_eq(head[0], 0xa1b23c4d);
	cr_assert_eq(head[5], 101);
	fclose(file);
	pid = stand_in(DAEMON_ANSWERS, ASKED_HISTORY, some_history());
	expect_code(run("ladder", "--pcap", "/nowhere/call.pcap", "a@x", NULL), 1);
	expect_asked(pid);
	expect_text(answer.err, "/nowhere/call.pcap");
}

Test(ctl, a_ladder_needs_a_call_that_is_remembered)
{
	pid_t pid;

	expect_code(run("ladder", NULL), 2);
	expect_code(run("ladder", "a@x", NULL), 3);
	pid = stand_in(DAEMON_ANSWERS, ASKED_HISTORY,
		       "{\"ok\":false,\"code\":\"not_found\",\"error\":\"no messages\"}\n");
	expect_code(run("ladder", "a@x", NULL), 1);
	expect_asked(pid);
	expect_text(answer.err, "no messages");
}

Test(ctl, a_ladder_of_a_call_id_that_a_record_has_cut_says_so)
{
	char call_id[RECORD_CALL_ID], asked[RECORD_CALL_ID + 64];
	pid_t pid;

	for (int length = RECORD_CALL_ID - 1; length > RECORD_CALL_ID - 7; length -= 5) {
		memset(call_id, 'a', sizeof(call_id));
		call_id[length] = '\0';
		snprintf(asked, sizeof(asked), "{\"command\":\"history\",\"call_id\":\"%s\"}\n",
			 call_id);
		pid = stand_in(DAEMON_ANSWERS, asked,
			       "{\"ok\":false,\"code\":\"not_found\",\"error\":\"no messages\"}\n");
		expect_code(run("ladder", call_id, NULL), 1);
		expect_asked(pid);
		cr_expect_eq(strstr(answer.err, "79 octets") != NULL, length == RECORD_CALL_ID - 1,
			     "of %d octets: %s", length, answer.err);
	}
}

Test(ctl, a_history_that_is_not_understood_is_refused)
{
	static const char *const messages[] = {
		"{}",
		"{\"source\":\"x\",\"destination\":\"" SERVER_AT "\",\"length\":1,\"data\":\"00\"}",
		"{\"source\":\"" PHONE_AT "\",\"destination\":\"" SERVER_AT
		"\",\"length\":1,\"data\":\"0\"}",
		"{\"source\":\"" PHONE_AT "\",\"destination\":\"" SERVER_AT
		"\",\"length\":1,\"data\":\"0000\"}",
		"{\"source\":\"" PHONE_AT "\",\"destination\":\"" SERVER_AT
		"\",\"length\":1,\"data\":\"zz\"}",
		"{\"source\":\"" PHONE_AT "\",\"destination\":\"" SERVER_AT
		"\",\"length\":70000,\"data\":\"00\"}",
		"7",
	};

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		char reply[512];
		pid_t pid;

		snprintf(reply, sizeof(reply), "{\"ok\":true,\"messages\":[%s]}\n", messages[i]);
		pid = stand_in(DAEMON_ANSWERS, ASKED_HISTORY, reply);
		expect_code(run("ladder", "a@x", NULL), 1);
		expect_asked(pid);
		expect_text(answer.err, "not understood");
	}
}

Test(ctl, a_call_is_shown_with_its_messages_and_its_other_legs)
{
	struct call_key key = { .call_id_hash = 7 };
	struct call_record record = { .call_id = "leg@x", .session_hash = 99 };
	pid_t pid;

	put_three_calls();
	put(MAP_CALLS, &key, &record);
	key.call_id_hash = 1;
	snprintf(record.call_id, sizeof(record.call_id), "a@x");
	put(MAP_CALLS, &key, &record);
	pid = stand_in(DAEMON_ANSWERS, ASKED_HISTORY, some_history());
	expect_code(run("calls", "a@x", NULL), 0);
	expect_asked(pid);
	expect_text(answer.out, "OTHER LEGS");
	expect_text(answer.out, "leg@x");
	expect_text(answer.out, "200 OK");
	pid = stand_in(DAEMON_ANSWERS, ASKED_HISTORY, some_history());
	document = parse(run("calls", "--json", "a@x", NULL));
	expect_asked(pid);
	rows_of(document, "messages", 5);
	expect_member(json_array_get(rows_of(document, "calls", 1), 0), "other_legs", "leg@x");
	document = parse(run("calls", "--json", "leg@x", NULL));
	rows_of(document, "messages", 0);
	expect_member(json_array_get(rows_of(document, "calls", 1), 0), "other_legs", "a@x");
}

/* The samples of a metric stand together behind its TYPE, as Prometheus wants them. */
static void expect_metrics(char *text)
{
	char metric[128] = "", *line, *rest = NULL, seen[8192] = " ";

	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char wanted[160];

		if (sscanf(line, "# TYPE %127s", metric) == 1) {
			snprintf(wanted, sizeof(wanted), " %s ", metric);
			cr_expect_null(strstr(seen, wanted), "%s begins once", metric);
			strncat(seen, wanted + 1, sizeof(seen) - strlen(seen) - 1);
			continue;
		}
		if (line[0] == '#')
			continue;
		cr_expect_eq(strncmp(line, metric, strlen(metric)), 0, "behind %s: %s", metric,
			     line);
		cr_expect(strstr(line, "{sipxdp=\"" INSTANCE "\""), "%s", line);
		cr_expect(strstr(line, "\"} "), "%s", line);
	}
}

Test(ctl, status_as_metrics_for_prometheus)
{
	static const char reply[] =
		"{\"ok\":true,\"quality\":[{\"service\":\"proxy\",\"attempts\":200,"
		"\"failed_4xx\":3,\"connecting\":{\"count\":2,\"total_us\":3000001}}]}\n";
	pid_t pid;

	name_service(0, "proxy");
	count(0, 0, CLASS_INVITE, DROP_UNKNOWN_LIMIT, 7);
	count(0, 1, CLASS_OTHER, DROP_SCANNER, 8);
	pid = stand_in(DAEMON_ANSWERS, "{\"command\":\"status\"}\n", reply);
	expect_code(run("status", "--prometheus", NULL), 0);
	expect_asked(pid);
	expect_text(answer.out, "\nsipxdp_daemon_up{sipxdp=\"" INSTANCE "\"} 1\n");
	expect_text(answer.out, "service=\"proxy\",class=\"invite\",verdict=\"drop\",reason="
				"\"unknown-limit\"} 7\n");
	expect_text(answer.out,
		    "class=\"other-method\",verdict=\"would-drop\",reason=\"scanner\"} 8\n");
	expect_text(answer.out, "sipxdp_table_entries{sipxdp=\"" INSTANCE "\",table=\"bans\"} 0\n");
	expect_text(answer.out,
		    "sipxdp_invites_total{sipxdp=\"" INSTANCE "\",service=\"proxy\"} 200\n");
	expect_text(answer.out,
		    "sipxdp_setup_seconds_sum{sipxdp=\"" INSTANCE "\",service=\"proxy\"} 3.000001\n"
		    "sipxdp_setup_seconds_count{sipxdp=\"" INSTANCE "\",service=\"proxy\"} 2\n");
	expect_metrics(answer.out);
	expect_code(run("status", "--prometheus", NULL), 0);
	expect_text(answer.out, "sipxdp_daemon_up{sipxdp=\"" INSTANCE "\"} 0\n");
	cr_assert_null(strstr(answer.out, "sipxdp_invites_total"), "nothing without a daemon");
	expect_code(run("status", "--prometheus", "--json", NULL), 2);
}

Test(ctl, stats_and_status_have_ratios_and_means_of_rfc_6076)
{
	static const char reply[] =
		"{\"ok\":true,\"quality\":[{\"service\":\"proxy\",\"attempts\":200,"
		"\"challenged\":90,\"redirected\":10,\"answered\":60,\"declined\":20,"
		"\"ineffective\":10,\"completed\":4,\"talked_ms\":41000,\"registers\":30,"
		"\"registers_challenged\":10,\"registers_failed\":5,"
		"\"ringing\":{\"count\":2,\"total_us\":300000,\"longest_us\":200000}}]}\n";
	json_t *row;
	pid_t pid;

	for (int i = 0; i < 2; i++) {
		pid = stand_in(DAEMON_ANSWERS, "{\"command\":\"status\"}\n", reply);
		row = json_array_get(
			rows_of(parse(run(i ? "status" : "stats", "--json", NULL)), "quality", 1),
			0);
		expect_asked(pid);
		expect_member(row, "service", "proxy");
		cr_assert_float_eq(json_number_value(json_object_get(row, "ser_percent")), 60, 0.1);
		cr_assert_float_eq(json_number_value(json_object_get(row, "seer_percent")), 80,
				   0.1);
		cr_assert_float_eq(json_number_value(json_object_get(row, "isa_percent")), 5, 0.1);
		cr_assert_float_eq(json_number_value(json_object_get(row, "ira_percent")), 25, 0.1);
		cr_assert_eq(number_in(row, "srd_ms"), 150);
		cr_assert_eq(number_in(row, "srd_longest_ms"), 200);
		cr_assert_eq(number_in(row, "talk_s"), 10);
		cr_assert(json_is_null(json_object_get(row, "rrd_ms")));
	}
	parse(run("stats", "--json", NULL));
	expect_code(run("stats", NULL), 0);
	cr_assert_null(strstr(answer.out, "SEER"), "nothing without a daemon");
}

Test(ctl, calls_are_filtered_by_backend)
{
	const struct dialog_key key = { .call_id_hash = 2 };
	const struct dialog dialog = { .backend = 3 };
	const struct backend backend = { .name = "b3", .state = BACKEND_UP };
	const __u32 place = 3;

	put_three_calls();
	put(MAP_DIALOGS, &key, &dialog);
	put(MAP_BACKENDS, &place, &backend);
	expect_member(json_array_get(rows_of(parse(run("--json", "calls", "--backend", "b3", NULL)),
					     "calls", 1),
				     0),
		      "call_id", "b@x");
	rows_of(parse(run("--json", "calls", "--backend", "x", NULL)), "calls", 0);
}

/* ---- backends ---- */

static const struct {
	struct backend row;
	const char *state;
	const char *by_hand;
} backends[] = {
	{ { .name = "b",
	    .state = BACKEND_UP,
	    .weight = 2,
	    .share = MAGLEV_SLOTS / 2,
	    .calls = 7,
	    .probe_us = 1500,
	    .probe_status = 200 },
	  "up",
	  NULL },
	{ { .name = "a", .state = BACKEND_DRAIN, .order = ORDER_DRAIN }, "drain", "drain" },
	{ { .name = "c", .state = BACKEND_DOWN, .order = ORDER_DOWN }, "down", "down" },
	{ { .name = "d", .state = BACKEND_DOWN, .probe_failures = 4 }, "down", NULL },
	{ { .name = "e", .state = BACKEND_DRAIN, .order = ORDER_LEAVE }, "leaving", NULL },
	{ { .name = "nobody", .state = BACKEND_FREE }, NULL, NULL },
};

Test(ctl, backends_are_listed_by_name_without_the_daemon)
{
	static const size_t order[] = { 1, 0, 2, 3, 4 };
	const json_t *rows;

	for (__u32 i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		const __u32 place = i + 1;

		put(MAP_BACKENDS, &place, &backends[i].row);
	}
	rows = rows_of(parse(run("--json", "backend", "list", NULL)), "backends", 5);
	for (size_t i = 0; i < 5; i++) {
		const json_t *row = json_array_get(rows, i);

		expect_member(row, "name", backends[order[i]].row.name);
		expect_member(row, "state", backends[order[i]].state);
		if (backends[order[i]].by_hand)
			expect_member(row, "by_hand", backends[order[i]].by_hand);
		else
			cr_assert(json_is_null(json_object_get(row, "by_hand")));
		cr_assert_eq(number_in(row, "probe_failures"),
			     backends[order[i]].row.probe_failures);
	}
	rows = json_array_get(rows, 1);
	cr_assert_eq(number_in(rows, "calls"), 7);
	cr_assert_float_eq(json_real_value(json_object_get(rows, "share_percent")), 50, 0.01);
	cr_assert_float_eq(json_real_value(json_object_get(rows, "probe_ms")), 1.5, 0.001);
	expect_code(run("--json", "backend", "list", "--service", "nothing", NULL), 1);
}

Test(ctl, backend_changes_need_the_daemon)
{
	expect_code(run("backend", "drain", "b", NULL), 3);
	expect_code(run("backend", "drain", NULL), 2);
	expect_code(run("backend", "weight", "b", "x", NULL), 2);
	expect_code(run("backend", "weight", "b", NULL), 2);
	expect_code(run("backend", "weight", "b", "1001", NULL), 2);
	expect_code(run("backend", "weight", "b", "1000", NULL), 3);
	expect_code(run("backend", "up", "b", "c", NULL), 2);
	expect_code(run("backend", "frob", "b", NULL), 2);
	expect_code(run("backend", "up", "b", "--weight", "3", NULL), 2);
}

/* ---- replay ---- */

#define SERVER "192.0.2.10"
#define CONFIG "/run/test.yaml"
#define PCAP   "/run/test.pcap"

static FILE *pcap;
static __u64 pcap_ns;

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void pcap_words(const __u32 *words, size_t count)
{
	cr_assert_eq(fwrite(words, sizeof(*words), count, pcap), count);
}

static void pcap_begin(void)
{
	/* nanoseconds, version 2.4, raw IP */
	static const __u32 header[] = { 0xa1b23c4d, 4 << 16 | 2, 0, 0, 262144, 101 };

	pcap = fopen(PCAP, "w");
	pcap_ns = 1700000000 * NS_PER_S;
	pcap_words(header, 6);
}

/* One UDP datagram, a millisecond after the one before. */
static void pcap_add(const char *from, __u16 sport, const char *to, __u16 dport, const char *text)
{
	struct {
		__u8 version, tos;
		__be16 length, id, fragment;
		__u8 ttl, protocol;
		__be16 check;
		__be32 from, to;
		__be16 sport, dport, udp_length, udp_check;
	} ip = { .version = 0x45, .ttl = 64, .protocol = 17 };
	__u32 length = (__u32)(sizeof(ip) + strlen(text));
	__u32 header[] = { (__u32)(pcap_ns / NS_PER_S), (__u32)(pcap_ns % NS_PER_S), length,
			   length };

	pcap_ns += 1000000;
	ip.length = htons((__u16)length);
	ip.udp_length = htons((__u16)(length - 20));
	ip.from = ipv4(from).word[3];
	ip.to = ipv4(to).word[3];
	ip.sport = htons(sport);
	ip.dport = htons(dport);
	pcap_words(header, 4);
	cr_assert_eq(fwrite(&ip, sizeof(ip), 1, pcap), 1);
	cr_assert_eq(fwrite(text, 1, strlen(text), pcap), strlen(text));
}

/* A request, or with a status the response to one. */
static const char *sip(const char *method, int status, const char *source, int number)
{
	static char text[1024];
	char line[64];

	if (status)
		snprintf(line, sizeof(line), "SIP/2.0 %d Whatever", status);
	else
		snprintf(line, sizeof(line), "%s sip:bob@" SERVER " SIP/2.0", method);
	snprintf(text, sizeof(text),
		 "%s\r\nVia: SIP/2.0/UDP %s:5062;branch=z9hG4bK%d\r\nMax-Forwards: 70\r\n"
		 "From: <sip:alice@example.com>;tag=a%d\r\nTo: <sip:bob@example.com>%s\r\n"
		 "Call-ID: %d-%s\r\nCSeq: %d %s\r\nContact: <sip:alice@%s:5062>\r\n"
		 "Content-Length: 0\r\n\r\n",
		 line, source, number, number, status ? ";tag=b" : "", number, source, number,
		 method, source);
	return text;
}

static void write_config(const char *mode)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "interfaces: [lo]\nmode: %s\nservices:\n  - name: proxy\n"
		 "    verify_source: off\n"
		 "    listen: [\"udp:" SERVER ":5060\"]\n"
		 "    limits:\n      per_source: {invite: 5/s}\n",
		 mode);
	write_file(CONFIG, text);
}

/* A phone registers and then calls twenty times; a stranger calls twenty times, then sends to a
 * port that is nobody's. */
static void write_traffic(void)
{
	static const char phone[] = "198.51.100.7", stranger[] = "198.51.100.8";

	pcap_begin();
	pcap_add(phone, 5062, SERVER, 5060, sip("REGISTER", 0, phone, 1));
	pcap_add(SERVER, 5060, phone, 5062, sip("REGISTER", 401, phone, 1));
	pcap_add(phone, 5062, SERVER, 5060, sip("REGISTER", 0, phone, 2));
	pcap_add(SERVER, 5060, phone, 5062, sip("REGISTER", 200, phone, 2));
	for (int i = 0; i < 20; i++)
		pcap_add(phone, 5062, SERVER, 5060, sip("INVITE", 0, phone, 10 + i));
	for (int i = 0; i < 20; i++)
		pcap_add(stranger, 5062, SERVER, 5060, sip("INVITE", 0, stranger, 10 + i));
	pcap_add(stranger, 5062, SERVER, 53, "something else");
	cr_assert_eq(fclose(pcap), 0);
}

static json_int_t frames_of(const char *outcome)
{
	json_t *row;
	size_t index;

	json_array_foreach (json_object_get(document, "frames"), index, row) {
		if (!strcmp(json_string_value(json_object_get(row, "outcome")), outcome))
			return number_in(row, "frames");
	}
	cr_assert_fail("no frames %s in %.2000s", outcome, answer.out);
	return -1;
}

Test(ctl, replay_tells_what_would_pass_and_drop_by_reason)
{
	json_t *cells;

	write_config("enforce");
	write_traffic();
	parse(run("replay", PCAP, "-c", CONFIG, "--json", NULL));
	cells = json_object_get(document, "replay");
	/* the server's replies in the capture have earned the phone its trust */
	cr_assert_eq(number_in(find_cell(cells, "proxy", "invite", "pass", "trusted"), "packets"),
		     20);
	cr_assert_eq(number_in(find_cell(cells, "proxy", "invite", "pass", "unknown"), "packets"),
		     5);
	cr_assert_eq(
		number_in(find_cell(cells, "proxy", "invite", "drop", "source-limit"), "packets"),
		15);
	cr_assert_eq(frames_of("read"), 45);
	cr_assert_eq(frames_of("from-the-host"), 2);
	cr_assert_eq(frames_of("to-a-service"), 42);
	cr_assert_eq(frames_of("not-for-a-service"), 1);
}

Test(ctl, replay_in_monitor_mode_drops_nothing_for_the_same_reasons)
{
	json_t *cells;

	write_config("monitor");
	write_traffic();
	parse(run("replay", "--config", CONFIG, PCAP, "--json", NULL));
	cells = json_object_get(document, "replay");
	cr_assert_eq(number_in(find_cell(cells, "proxy", "invite", "would-drop", "source-limit"),
			       "packets"),
		     15);
}

Test(ctl, replay_says_what_is_wrong_with_its_files)
{
	struct stat file;

	write_config("enforce");
	write_traffic();
	expect_code(run("replay", "/nonexistent", "-c", CONFIG, NULL), 1);
	expect_text(answer.err, "/nonexistent");
	expect_code(run("replay", PCAP, "-c", "/nonexistent", NULL), 1);
	expect_text(answer.err, "/nonexistent");
	write_file(CONFIG, "interfaces: [lo]\nsurprise: 1\n");
	expect_code(run("replay", PCAP, "-c", CONFIG, NULL), 1);
	expect_text(answer.err, CONFIG ":2");

	/* broken off in frame 45: what was read is reported, and where it broke */
	write_config("enforce");
	cr_assert_eq(stat(PCAP, &file), 0);
	cr_assert_eq(truncate(PCAP, file.st_size - 5), 0);
	expect_code(run("replay", PCAP, "-c", CONFIG, NULL), 1);
	expect_text(answer.err, PCAP ": frame 45: ");
	expect_text(answer.out, "source-limit");
}
