/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as what a probe gets back: a datagram, and a stream. Only what has the probe's own
 * Call-ID and branch is an answer; a stream's messages lie within what has come. */
#include <stdlib.h>
#include <string.h>

#include "balance/options_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_answer(const struct options_message *message, const char *data, size_t size)
{
	static struct sip_message msg;
	uint16_t status = 0;
	enum options_answer answer = options_read(message, data, size, &msg, &status);

	if (answer == OPTIONS_NONE)
		return;
	require(memmem(data, size, "probe-0000000000000007@sipxdp", 29));
	require(answer == OPTIONS_PROVISIONAL ? status >= 100 && status < 200
					      : status >= 200 && status < 700);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct options_message message = { .id = 7 };
	const char *at = (const char *)data;
	size_t length;

	check_answer(&message, at, size);
	while (!options_stream_message(at, size, &length)) {
		require(length && length <= size);
		check_answer(&message, at, length);
		at += length;
		size -= length;
	}
	return 0;
}
