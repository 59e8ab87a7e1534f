/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands of the built sipxdpctl that read files and need neither rights nor maps: check,
 * parse and version. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pcap/pcap.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define GOOD_CONFIG                                                                                \
	"interfaces: [lo]\nservices:\n  - {name: proxy, listen: [\"udp:192.0.2.10:5060\"]}\n"

#define MESSAGE                                                                                    \
	"OPTIONS sip:bob@example.com SIP/2.0\r\n"                                                  \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"                                           \
	"Max-Forwards: 70\r\n"                                                                     \
	"From: \"Al\" <sip:alice@example.com>;tag=1\r\n"                                           \
	"To: <sip:bob@example.com>\r\n"                                                            \
	"Call-ID: a@b\r\n"                                                                         \
	"CSeq: 1 OPTIONS\r\n"                                                                      \
	"Content-Length: 0\r\n\r\n"

static char directory[] = "/tmp/sipxdp-files-XXXXXX";
static char program[512], out[1 << 20], err[65536];

static void set_up(void)
{
	ssize_t len = readlink("/proc/self/exe", program, sizeof(program) - 32);

	cr_assert_gt(len, 0);
	program[len] = '\0';
	for (int up = 0; up < 3; up++) /* build/tests/unit/test_ctl_files */
		*strrchr(program, '/') = '\0';
	strcat(program, "/sipxdpctl");
	if (access(program, X_OK))
		cr_skip_test("sipxdpctl is not built");
	cr_assert(mkdtemp(directory) && chdir(directory) == 0);
}

static void tear_down(void)
{
	static const char *const names[] = { "in", "out", "err", "config.yaml", "capture.pcap" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unlink(names[i]);
	if (chdir("/") == 0)
		rmdir(directory);
}

TestSuite(ctl_files, .init = set_up, .fini = tear_down, .timeout = 60);

static void write_file(const char *name, const void *data, size_t length)
{
	FILE *file = fopen(name, "w");

	cr_assert(file && fwrite(data, 1, length, file) == length && fclose(file) == 0);
}

static void read_file(const char *name, char *text, size_t size)
{
	FILE *file = fopen(name, "r");

	cr_assert(file);
	text[fread(text, 1, size - 1, file)] = '\0';
	fclose(file);
}

static const char *before = ""; /* what runs sipxdpctl, if not the shell itself */

/* Exit status of sipxdpctl with these words of a shell line. */
static int ctl(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int ctl(const char *format, ...)
{
	char line[2048];
	int length = snprintf(line, sizeof(line), "%s %s ", before, program), status;
	va_list args;

	va_start(args, format);
	length += vsnprintf(line + length, sizeof(line) - (size_t)length, format, args);
	va_end(args);
	snprintf(line + length, sizeof(line) - (size_t)length, " >out 2>err");
	status = system(line);
	read_file("out", out, sizeof(out));
	read_file("err", err, sizeof(err));
	cr_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void expect_code(int code, int wanted)
{
	cr_assert_eq(code, wanted, "exit %d instead of %d:\n%.2000s%.2000s", code, wanted, out,
		     err);
}

static void expect_text(const char *text, const char *wanted)
{
	cr_assert(strstr(text, wanted), "\"%s\" is not in:\n%.2000s", wanted, text);
}

static json_t *answer(void)
{
	json_error_t error;
	json_t *json = json_loads(out, JSON_REJECT_DUPLICATES, &error);

	cr_assert(json, "not one JSON document: %s\n%.2000s", error.text, out);
	return json;
}

/* ---- check ---- */

Test(ctl_files, check_sums_up_a_good_file)
{
	json_t *json;

	write_file("config.yaml", GOOD_CONFIG, strlen(GOOD_CONFIG));
	expect_code(ctl("check config.yaml"), 0);
	expect_text(out, "config.yaml: ok");
	expect_text(out, "service proxy: guard, enforce, 1 listen\n");
	expect_code(ctl("--json check config.yaml"), 0);
	json = answer();
	cr_assert(json_is_true(json_object_get(json, "valid")));
	cr_assert_eq(json_array_size(json_object_get(json, "errors")), 0);
	json_decref(json);
}

Test(ctl_files, check_says_where_the_mistake_is_and_what_was_expected)
{
	static const char config[] = GOOD_CONFIG "mode: sometimes\n";
	const json_t *error;
	json_t *json;

	write_file("config.yaml", config, strlen(config));
	expect_code(ctl("check config.yaml"), 1);
	expect_text(err, "config.yaml:4:7");
	expect_text(err, "enforce");
	expect_code(ctl("--json check config.yaml"), 1);
	json = answer();
	cr_assert(json_is_false(json_object_get(json, "valid")));
	error = json_array_get(json_object_get(json, "errors"), 0);
	cr_assert_eq(json_integer_value(json_object_get(error, "line")), 4);
	cr_assert_str_eq(json_string_value(json_object_get(error, "key")), "mode");
	json_decref(json);
}

Test(ctl_files, check_names_a_family_that_is_listened_on_and_has_no_backend)
{
	static const char config[] =
		"interfaces: [lo]\nservices:\n"
		"  - name: a\n"
		"    listen: [\"udp:192.0.2.10:5060\", \"udp:[2001:db8::10]:5060\"]\n"
		"    balance: {backends: [{name: a, address: \"10.0.0.1:5060\"}]}\n"
		"  - name: both\n"
		"    listen: [\"udp:192.0.2.11:5060\", \"udp:[2001:db8::11]:5060\"]\n"
		"    balance: {forward: ipip, backends: [{name: a, address: \"10.0.0.1:5060\"}]}\n";
	const json_t *warnings;
	json_t *json;

	write_file("config.yaml", config, strlen(config));
	expect_code(ctl("check config.yaml"), 0);
	expect_text(out, "warning: service a listens on IPv6, but has no IPv6 backend: what comes "
			 "there is dropped");
	expect_code(ctl("--json check config.yaml"), 0);
	json = answer();
	cr_assert(json_is_true(json_object_get(json, "valid")));
	warnings = json_object_get(json, "warnings");
	cr_assert_eq(json_array_size(warnings), 1, "%s", out);
	expect_text(json_string_value(json_array_get(warnings, 0)), "no IPv6 backend");
	json_decref(json);
}

Test(ctl_files, check_of_a_file_that_this_user_may_not_read_is_4)
{
	write_file("config.yaml", GOOD_CONFIG, strlen(GOOD_CONFIG));
	cr_assert_eq(chmod("config.yaml", 0), 0);
	/* As root, whom no mode keeps out, without the capabilities that make it so. */
	if (geteuid() == 0)
		before = "setpriv --bounding-set=-all";
	expect_code(ctl("check config.yaml"), 4);
	expect_text(err, "config.yaml: cannot be read: Permission denied");
}

Test(ctl_files, check_asks_this_host_for_its_interfaces_unless_told_not_to)
{
	static const char config[] = "interfaces: [nowhere0]\nservices:\n"
				     "  - {name: a, listen: [\"udp:192.0.2.10:5060\"]}\n";

	write_file("config.yaml", config, strlen(config));
	expect_code(ctl("check config.yaml"), 1);
	expect_text(err, "nowhere0");
	expect_code(ctl("check --no-host config.yaml"), 0);
	expect_text(out, "interfaces nowhere0");
}

Test(ctl_files, check_answers_in_JSON_for_a_name_that_is_no_UTF_8)
{
	json_t *json;

	expect_code(ctl("--json check \"$(printf 'x\\377y')\""), 1);
	json = answer();
	cr_assert_str_eq(json_string_value(json_object_get(json, "file")), "x?y");
	json_decref(json);
}

Test(ctl_files, check_wants_one_file_or_none_for_the_reference)
{
	expect_code(ctl("check"), 2);
	expect_code(ctl("check a b"), 2);
	expect_code(ctl("check --reference a"), 2);
	expect_code(ctl("check --reference"), 0);
	expect_text(out, "verify_source");
	expect_code(ctl("check config.yaml"), 1);
	expect_text(err, "config.yaml");
}

/* ---- parse ---- */

Test(ctl_files, parse_shows_a_message_and_says_what_is_wrong_with_another)
{
	static const char bad[] = "OPTIONS sip:bob@example.com SIP/2.0\r\nCSeq: x OPTIONS\r\n\r\n";
	json_t *json;

	write_file("in", MESSAGE, strlen(MESSAGE));
	expect_code(ctl("parse in"), 0);
	expect_text(out, "OPTIONS");
	expect_text(out, "alice");
	expect_code(ctl("parse - <in"), 0);
	expect_code(ctl("parse <in"), 0);
	expect_code(ctl("--json parse in"), 0);
	json = answer();
	cr_assert(json_is_true(json_object_get(json, "valid")), "%.2000s", out);
	json_decref(json);

	write_file("in", bad, strlen(bad));
	expect_code(ctl("parse in"), 1);
	expect_text(out, "error:");
	expect_text(out, "RFC 3261");
	expect_code(ctl("--json parse in"), 1);
	json = answer();
	cr_assert(json_is_false(json_object_get(json, "valid")));
	json_decref(json);
}

Test(ctl_files, parse_of_what_cannot_be_read_says_why)
{
	expect_code(ctl("parse nowhere"), 1);
	expect_text(err, "nowhere");
	expect_code(ctl("parse ."), 1);
	expect_code(ctl("parse a b"), 2);
	write_file("in", "", 0);
	expect_code(ctl("parse in"), 1);
	/* More than a datagram can hold is no message; it may be a capture only. */
	expect_code(ctl("parse /dev/zero"), 1);
}

static void write_capture(void)
{
	static const char *const payloads[] = { MESSAGE, "\r\n\r\n", "NONSENSE\r\n\r\n", MESSAGE };
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 65535);
	pcap_dumper_t *dumper = pcap_dump_open(pcap, "capture.pcap");

	cr_assert(dumper);
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++) {
		size_t length = strlen(payloads[i]);
		unsigned char frame[2048] = { 2,    0,	  0,	0,   0, 1, 2,	0, 0,  0,
					      0,    2,	  8,	0, /* */
					      0x45, 0,	  0,	0,   0, 0, 0,	0, 64, 17,
					      0,    0,	  192,	0,   2, 1, 192, 0, 2,  2, /* */
					      0x13, 0xc4, 0x13, 0xc4 };
		struct pcap_pkthdr header = { .caplen = (bpf_u_int32)(42 + length),
					      .len = (bpf_u_int32)(42 + length) };

		frame[16] = (unsigned char)((28 + length) >> 8);
		frame[17] = (unsigned char)(28 + length);
		frame[38] = (unsigned char)((8 + length) >> 8);
		frame[39] = (unsigned char)(8 + length);
		memcpy(frame + 42, payloads[i], length);
		pcap_dump((unsigned char *)dumper, &header, frame);
	}
	pcap_dump_close(dumper);
	pcap_close(pcap);
}

Test(ctl_files, parse_takes_the_messages_out_of_a_capture_also_from_a_pipe)
{
	json_t *json;

	write_capture();
	expect_code(ctl("parse capture.pcap"), 1);
	expect_text(out, "2 valid, 1 invalid");
	expect_text(out, "frame: 4");
	expect_code(ctl("--json parse - <capture.pcap"), 1);
	json = answer();
	cr_assert_eq(json_array_size(json_object_get(json, "messages")), 3);
	cr_assert_eq(json_integer_value(json_object_get(json, "valid")), 2);
	json_decref(json);
	expect_code(ctl("parse capture.pcap >/dev/full"), 1);
}

Test(ctl_files, a_capture_that_is_cut_is_an_error)
{
	write_capture();
	cr_assert_eq(truncate("capture.pcap", 100), 0);
	expect_code(ctl("parse capture.pcap"), 1);
	expect_text(err, "capture.pcap");
}

/* ---- version ---- */

Test(ctl_files, version_names_the_layout_of_the_maps)
{
	json_t *json;

	expect_code(ctl("version"), 0);
	expect_text(out, "map layout");
	expect_code(ctl("--json version"), 0);
	json = answer();
	cr_assert(json_is_integer(json_object_get(json, "layout")), "%s", out);
	json_decref(json);
}
