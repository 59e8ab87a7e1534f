/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as a capture file, and each of its frames through all that looks into frames: which
 * way it went, and what UDP payload it carries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctl/capture.c"
#include "ctl/direction.c"
#include "ctl/payload.c"

#define FRAMES_MAX 4096 /* of one input: empty records make many of a few octets */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "interfaces: [lo]\n"
			   "services:\n"
			   "  - name: a\n"
			   "    listen: [\"udp:192.0.2.10:5060\", \"udp:[2001:db8::10]:5060\",\n"
			   "             \"udp:*:5070\"]\n";

static void require(bool holds)
{
	if (!holds)
		abort();
}

static struct config *configuration(void)
{
	struct config_errors *errors = malloc(sizeof(*errors));
	struct config *config;

	require(errors && !config_parse(text, sizeof(text) - 1, "a.yaml", &config, errors));
	free(errors);
	return config;
}

/* A copy of its own size, so that one octet too far is seen. */
static void look_into(const struct config *config, const struct capture_frame *frame)
{
	uint8_t *copy = malloc(frame->length ? frame->length : 1);
	struct payload payload;

	require(copy);
	memcpy(copy, frame->data, frame->length);
	direction_is_from_service(config, NULL, copy, frame->length);
	if (payload_find(copy, frame->length, &payload))
		require(payload.data >= (const char *)copy &&
			payload.length <= frame->length - (size_t)(payload.data - (char *)copy));
	free(copy);
}

static void read_all(const struct config *config, struct capture *capture)
{
	char message[CAPTURE_MESSAGE_SIZE] = "";
	struct capture_frame frame;
	uint64_t last = 0;
	int more = 1;

	while (last < FRAMES_MAX && (more = capture_next(capture, &frame, message)) > 0) {
		require(frame.number == ++last);
		require(frame.length <= CAPTURE_FRAME_MAX && frame.skip < CAPTURE_SKIP_COUNT);
		require(frame.skip == CAPTURE_WHOLE || frame.length == 0);
		require(capture_skip_name(frame.skip) != NULL);
		if (frame.skip == CAPTURE_WHOLE)
			look_into(config, &frame);
	}
	require(more >= 0 || message[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config *config;
	char path[64], message[CAPTURE_MESSAGE_SIZE] = "";
	struct capture *capture;
	int fd;

	if (!config)
		config = configuration();
	fd = memfd_create("capture", MFD_CLOEXEC);
	require(fd >= 0 && write(fd, data, size) == (ssize_t)size && !lseek(fd, 0, SEEK_SET));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (capture_open(path, &capture, message)) {
		require(message[0]);
	} else {
		read_all(config, capture);
		capture_close(capture);
	}
	close(fd);
	return 0;
}
