/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl parse: what a SIP message is made of, or where and why it is none. Reads one message
 * from a file or standard input, or every one that a capture holds. */
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/capture.h"
#include "ctl/ctl.h"
#include "ctl/message_json.h"
#include "ctl/options.h"
#include "ctl/payload.h"
#include "ctl/text.h"
#include "sip/index.h"

#define INPUT_MAX   (256u << 20) /* octets; a message has no more than 65535, captures have */
#define INPUT_FIRST (64u << 10)
#define SIP_PORT    5060

struct input {
	char *data;
	size_t length;
};

/* The magic numbers of pcap (both byte orders, microseconds and nanoseconds) and pcapng. */
static bool is_capture(const struct input *in)
{
	static const uint8_t magic[][4] = {
		{ 0xd4, 0xc3, 0xb2, 0xa1 }, { 0xa1, 0xb2, 0xc3, 0xd4 }, { 0x4d, 0x3c, 0xb2, 0xa1 },
		{ 0xa1, 0xb2, 0x3c, 0x4d }, { 0x0a, 0x0d, 0x0d, 0x0a },
	};

	for (size_t i = 0; in->length >= 4 && i < sizeof(magic) / sizeof(magic[0]); i++) {
		if (memcmp(in->data, magic[i], 4) == 0)
			return true;
	}
	return false;
}

/* Reads all of a stream; of what is no capture, no more than a message can be and an octet. 0 or
 * -errno. */
static int read_all(FILE *f, struct input *in)
{
	size_t room = 0, got;

	do {
		if (in->length == room) {
			size_t wanted = room ? 2 * room : INPUT_FIRST;
			char *larger = room < INPUT_MAX ? realloc(in->data, wanted) : NULL;

			if (!larger)
				return room < INPUT_MAX ? -ENOMEM : -EFBIG;
			in->data = larger;
			room = wanted;
		}
		got = fread(in->data + in->length, 1, room - in->length, f);
		in->length += got;
	} while (got && (in->length <= SIP_MESSAGE_MAX || is_capture(in)));
	return ferror(f) ? -EIO : 0;
}

static int read_input(const char *path, struct input *in)
{
	FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
	int err;

	if (!f)
		return -errno;
	errno = 0;
	err = read_all(f, in);
	if (err == -EIO && errno)
		err = -errno;
	if (f != stdin)
		fclose(f);
	return err;
}

static void print_value(const char *key, const json_t *value, int depth);

static void print_members(const json_t *object, int depth)
{
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)object, key, value)
		print_value(key, value, depth);
}

/* A header as it stood in the message: "Via: ...". */
static void print_header(const json_t *header, int depth)
{
	const char *value = json_string_value(json_object_get(header, "value"));
	size_t length = strlen(value), size = TEXT_ESCAPED_SIZE(length);
	char *escaped = malloc(size);

	if (!escaped)
		return;
	printf("%*s%s: %s\n", 2 * depth, "", json_string_value(json_object_get(header, "name")),
	       text_escape(value, length, escaped, size));
	free(escaped);
}

static void print_list(const char *key, const json_t *list, int depth)
{
	const json_t *value;
	size_t i;

	json_array_foreach (list, i, value) {
		if (strcmp(key, "headers") == 0) {
			if (i == 0)
				printf("%*s%s:\n", 2 * depth, "", key);
			print_header(value, depth + 1);
		} else {
			print_value(key, value, depth);
		}
	}
}

static void print_string(const char *text)
{
	size_t size = TEXT_ESCAPED_SIZE(strlen(text));
	char *escaped = malloc(size);

	if (escaped)
		puts(text_escape(text, strlen(text), escaped, size));
	free(escaped);
}

/* "key: value", indented by depth; what a value is made of stands below it. */
static void print_value(const char *key, const json_t *value, int depth)
{
	if (json_is_array(value)) {
		print_list(key, value, depth);
		return;
	}
	printf("%*s%s: ", 2 * depth, "", key);
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		putchar('\n');
		print_members(value, depth + 1);
		break;
	case JSON_STRING: print_string(json_string_value(value)); break;
	case JSON_INTEGER: printf("%" JSON_INTEGER_FORMAT "\n", json_integer_value(value)); break;
	case JSON_REAL: printf("%g\n", json_real_value(value)); break;
	case JSON_TRUE: puts("yes"); break;
	case JSON_FALSE:
	case JSON_NULL:
	case JSON_ARRAY: puts("no"); break;
	}
}

/* "error: RFC 3261 20.16, offset 174, line 5: what" */
static void print_findings(const char *kind, const json_t *list)
{
	const json_t *finding;
	size_t i;

	json_array_foreach (list, i, finding) {
		const json_t *offset = json_object_get(finding, "offset");

		printf("%s: %s, ", kind, json_string_value(json_object_get(finding, "rfc")));
		if (offset)
			printf("offset %" JSON_INTEGER_FORMAT ", line %" JSON_INTEGER_FORMAT ": ",
			       json_integer_value(offset),
			       json_integer_value(json_object_get(finding, "line")));
		puts(json_string_value(json_object_get(finding, "what")));
	}
}

static void print_text(json_t *message)
{
	json_t *errors = json_incref(json_object_get(message, "errors"));
	json_t *warnings = json_incref(json_object_get(message, "warnings"));

	json_object_del(message, "errors");
	json_object_del(message, "warnings");
	json_object_del(message, "valid");
	print_members(message, 0);
	print_findings("warning", warnings);
	print_findings("error", errors);
	json_decref(errors);
	json_decref(warnings);
}

static int finish_output(bool written, bool valid)
{
	if (!written || fflush(stdout) || ferror(stdout))
		return ctl_fail(CTL_NO, "cannot write the answer");
	return valid ? CTL_DONE : CTL_NO;
}

static bool write_json(const json_t *json)
{
	return json_dumpf(json, stdout, JSON_COMPACT | JSON_REAL_PRECISION(4)) == 0 &&
	       putchar('\n') != EOF;
}

static int parse_message(const struct input *in)
{
	bool valid, written = true;
	json_t *message = message_json(in->data, in->length, &valid);

	if (!message)
		return ctl_fail(CTL_NO, "out of memory");
	if (ctl_global.json)
		written = write_json(message);
	else
		print_text(message);
	json_decref(message);
	return finish_output(written, valid);
}

/* Is it a SIP message that somebody sent, or tried to? By port, or by the version in its first
 * line; a keepalive is none. */
static bool looks_like_sip(const struct payload *p)
{
	static const char version[] = "SIP/2.0";
	const char *line_end = memchr(p->data, '\n', p->length);
	size_t first_line = line_end ? (size_t)(line_end - p->data) : p->length;

	if (memmem(p->data, first_line, version, sizeof(version) - 1))
		return true;
	return (p->source_port == SIP_PORT || p->destination_port == SIP_PORT) && p->length > 4 &&
	       isalpha((unsigned char)p->data[0]);
}

struct tally {
	json_t *messages; /* NULL: text, printed as it comes */
	uint64_t valid, invalid;
	uint64_t skipped; /* frames that the capture does not hold whole */
};

static void parse_frame(struct tally *tally, const struct capture_frame *frame)
{
	struct payload payload;
	json_t *message;
	bool valid;

	if (frame->skip != CAPTURE_WHOLE) {
		tally->skipped++;
		return;
	}
	if (!payload_find(frame->data, frame->length, &payload) || !looks_like_sip(&payload))
		return;
	message = message_json(payload.data, payload.length, &valid);
	if (valid)
		tally->valid++;
	else
		tally->invalid++;
	if (tally->messages) {
		json_object_set_new(message, "frame", json_integer((json_int_t)frame->number));
		json_array_append_new(tally->messages, message);
		return;
	}
	printf("frame: %llu\n", (unsigned long long)frame->number);
	print_text(message);
	putchar('\n');
	json_decref(message);
}

static bool write_tally(struct tally *tally)
{
	json_t *document;
	bool written;

	if (!tally->messages) {
		printf("%llu valid, %llu invalid", (unsigned long long)tally->valid,
		       (unsigned long long)tally->invalid);
		if (tally->skipped)
			printf(", %llu frames not read: cut, or of no known kind",
			       (unsigned long long)tally->skipped);
		putchar('\n');
		return true;
	}
	document = json_pack("{s:o,s:I,s:I,s:I}", "messages", tally->messages, "valid",
			     (json_int_t)tally->valid, "invalid", (json_int_t)tally->invalid,
			     "skipped", (json_int_t)tally->skipped);
	written = document && write_json(document);
	json_decref(document);
	return written;
}

static int parse_capture(const char *path)
{
	char message[CAPTURE_MESSAGE_SIZE];
	struct tally tally = { .messages = ctl_global.json ? json_array() : NULL };
	struct capture_frame frame;
	struct capture *capture;
	int more;

	if (capture_open(path, &capture, message))
		return ctl_fail(CTL_NO, "%s: %s", path, message);
	while ((more = capture_next(capture, &frame, message)) > 0)
		parse_frame(&tally, &frame);
	capture_close(capture);
	if (more < 0)
		ctl_fail(CTL_NO, "%s: %s", path, message);
	return finish_output(write_tally(&tally), more == 0 && !tally.invalid);
}

/* A capture that came from standard input has to be opened by name. */
static int parse_piped_capture(const struct input *in)
{
	char path[64];
	int fd = memfd_create("capture", MFD_CLOEXEC), code;

	if (fd < 0)
		return ctl_fail(CTL_NO, "standard input: %s", strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (write(fd, in->data, in->length) != (ssize_t)in->length)
		code = ctl_fail(CTL_NO, "standard input: %s", strerror(errno));
	else
		code = parse_capture(path);
	close(fd);
	return code;
}

static int parse_input(const char *path, const struct input *in)
{
	if (!is_capture(in))
		return parse_message(in);
	return strcmp(path, "-") == 0 ? parse_piped_capture(in) : parse_capture(path);
}

int cmd_parse(int argc, char **argv)
{
	const char *path = "-";
	struct input in = { 0 };
	int code, err;

	if (!options_parse(&argc, argv, NULL, 1, &code))
		return code;
	if (argc > 1)
		path = argv[1];
	err = read_input(path, &in);
	if (err)
		code = ctl_fail(err == -EACCES ? CTL_NOT_PERMITTED : CTL_NO, "%s: %s",
				strcmp(path, "-") == 0 ? "standard input" : path, strerror(-err));
	else
		code = parse_input(path, &in);
	free(in.data);
	return code;
}
