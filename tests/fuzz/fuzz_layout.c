/* SPDX-License-Identifier: GPL-2.0-only */
/* Any bytes as what user space takes out of maps: a record of the tap, a call or a registration
 * that an earlier daemon left, keys. Whatever they hold (no NUL, numbers out of any range), nothing
 * is read beyond them and what is printed of them is plain text. The first octet says which. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/text.c"
#include "export/samples.h"
#include "plane/key.h"
#include "plane/tap.c"
#include "sip/message.h"
#include "track/track.h"

#define NOW_NS	  UINT64_C(1800000000000000000)
#define SECOND_NS UINT64_C(1000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void check_text(const char *text, size_t size)
{
	size_t length = strnlen(text, size);

	require(length < size);
	for (size_t i = 0; i < length; i++)
		require(isprint((unsigned char)text[i]));
}

/* ---- the tap ---- */

static void take_sample(const struct tap_record *record, void *ctx)
{
	struct samples *samples = ctx;
	char line[SAMPLE_LINE_SIZE];
	const struct sample *sample;

	samples_add(samples, record, 0);
	sample = samples_at(samples, 0);
	require(sample && sample->line_octets <= SAMPLE_LINE_OCTETS &&
		sample->line_octets <= record->captured);
	check_text(sample_line_print(sample, line), sizeof(line));
}

static void check_tap(const uint8_t *data, size_t size)
{
	struct tap tap = { .fn = take_sample, .left = 1 };
	struct samples *samples;
	uint64_t *copy = malloc(size ? size : 1);

	require(copy && samples_open(1, &samples) == 0);
	memcpy(copy, data, size);
	tap.ctx = samples;
	require(take_record(&tap, copy, size) == -ECANCELED);
	require(tap.damaged + samples_seen(samples) == 1);
	samples_close(samples);
	free(copy);
}

/* ---- what the daemon before has left ---- */

static union {
	struct call_record call;
	struct registration_record registration;
	uint8_t octets[sizeof(struct registration_record)];
} kept;
static bool is_kept;

static int put_call(void *context, const struct call_key *key, const struct call_record *record)
{
	(void)context;
	(void)key;
	kept.call = *record;
	return 0;
}

static int get_call(void *context, const struct call_key *key, struct call_record *record)
{
	(void)context;
	(void)key;
	*record = kept.call;
	return is_kept ? 0 : -ENOENT;
}

static void delete_call(void *context, const struct call_key *key)
{
	(void)context;
	(void)key;
	is_kept = false;
}

static int put_registration(void *context, const struct registration_key *key,
			    const struct registration_record *record)
{
	(void)context;
	(void)key;
	kept.registration = *record;
	return 0;
}

static int get_registration(void *context, const struct registration_key *key,
			    struct registration_record *record)
{
	(void)context;
	(void)key;
	*record = kept.registration;
	return is_kept ? 0 : -ENOENT;
}

static void delete_registration(void *context, const struct registration_key *key)
{
	(void)context;
	(void)key;
	is_kept = false;
}

static struct track *tracker(void)
{
	const struct track_config config = { .calls = 8, .registrations = 8, .transactions = 8 };
	const struct track_sink sink = {
		.call_put = put_call,
		.call_get = get_call,
		.call_delete = delete_call,
		.registration_put = put_registration,
		.registration_get = get_registration,
		.registration_delete = delete_registration,
	};
	struct track *track;

	require(track_new(&config, &sink, NOW_NS, &track) == 0);
	return track;
}

/* The call goes on, and then its time is over. */
static void go_on(struct track *track)
{
	static const char bye[] = "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"
				  "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\n"
				  "CSeq: 2 BYE\r\nMax-Forwards: 70\r\n\r\n";
	static struct sip_message message;
	const struct track_arrival arrival = { .now_ns = NOW_NS + 1000, .call_id_hash = 1 };

	require(sip_message_parse(bye, sizeof(bye) - 1, &message, NULL) == 0);
	track_message(track, &arrival, &message);
	track_flush(track);
	track_advance(track, NOW_NS + 60 * SECOND_NS);
	track_flush(track);
	track_advance(track, NOW_NS + TRACK_IDLE_DEFAULT_NS + 3600 * SECOND_NS);
	track_flush(track);
}

static void check_adoption(const uint8_t *data, size_t size, bool call)
{
	struct track *track = tracker();
	int err;

	memset(&kept, 0, sizeof(kept));
	memcpy(&kept, data, size < sizeof(kept) ? size : sizeof(kept));
	is_kept = true;
	if (call) {
		const struct call_key key = { .call_id_hash = 1 };
		const struct call_record record = kept.call;

		err = track_adopt_call(track, &key, &record);
		require(!err || err == -ESTALE || err == -ENOSPC);
		if (!err)
			require(track_adopt_call(track, &key, &record) == -EEXIST);
	} else {
		const struct registration_key key = { .binding_hash = 1 };
		const struct registration_record record = kept.registration;

		err = track_adopt_registration(track, &key, &record);
		require(!err || err == -ESTALE || err == -ENOSPC);
	}
	go_on(track);
	track_free(track);
}

/* ---- keys and texts ---- */

static void check_keys(const uint8_t *data, size_t size)
{
	char text[128], escaped[TEXT_ESCAPED_SIZE(512)];
	char *copy = malloc(size ? size : 1);
	struct sipxdp_prefix prefix = { 0 };
	struct sipxdp_peer peer = { 0 };
	struct endpoint endpoint;
	struct prefix shown;

	memcpy(&prefix, data, size < sizeof(prefix) ? size : sizeof(prefix));
	memcpy(&peer, data, size < sizeof(peer) ? size : sizeof(peer));
	endpoint = key_to_endpoint(&peer);
	shown = key_to_prefix(&prefix);
	check_text(endpoint_print(&endpoint, text), ENDPOINT_TEXT_SIZE);
	check_text(prefix_print(&shown, text), PREFIX_TEXT_SIZE);
	require(copy);
	memcpy(copy, data, size);
	check_text(text_escape(copy, size < 512 ? size : 512, escaped, sizeof(escaped)),
		   sizeof(escaped));
	text_utf8(copy, size < 512 ? size : 512, escaped, sizeof(escaped));
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	switch (data[0] % 4) {
	case 0: check_tap(data + 1, size - 1); break;
	case 1: check_adoption(data + 1, size - 1, true); break;
	case 2: check_adoption(data + 1, size - 1, false); break;
	default: check_keys(data + 1, size - 1); break;
	}
	return 0;
}
