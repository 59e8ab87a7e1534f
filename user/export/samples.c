/* SPDX-License-Identifier: GPL-2.0-only */
/* A ring of recent drop samples: see samples.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "export/samples.h"

struct samples {
	struct sample *ring;
	size_t capacity;
	size_t count;
	size_t next; /* where the next one goes */
	uint64_t seen;
};

_Static_assert(SAMPLE_LINE_OCTETS <= UINT8_MAX, "line_octets holds the length of a line");

int samples_open(size_t capacity, struct samples **out)
{
	struct samples *samples;
	int err;

	samples = calloc(1, sizeof(*samples));
	if (!samples)
		return -ENOMEM;
	err = samples_resize(samples, capacity);
	if (err) {
		free(samples);
		return err;
	}
	*out = samples;
	return 0;
}

void samples_close(struct samples *samples)
{
	if (!samples)
		return;
	free(samples->ring);
	free(samples);
}

int samples_resize(struct samples *samples, size_t capacity)
{
	size_t kept = samples->count < capacity ? samples->count : capacity;
	size_t skipped = samples->count - kept;
	struct sample *ring = NULL;

	if (capacity > SAMPLES_MAX)
		return -EINVAL;
	if (capacity) {
		ring = calloc(capacity, sizeof(*ring));
		if (!ring)
			return -ENOMEM;
	}
	for (size_t i = 0; i < kept; i++)
		ring[i] = *samples_at(samples, skipped + i);
	free(samples->ring);
	samples->ring = ring;
	samples->capacity = capacity;
	samples->count = kept;
	samples->next = capacity ? kept % capacity : 0;
	return 0;
}

static uint8_t first_line_length(const char *data, size_t captured)
{
	size_t length = 0;

	while (length < captured && length < SAMPLE_LINE_OCTETS && data[length] != '\r' &&
	       data[length] != '\n')
		length++;
	return (uint8_t)length;
}

void samples_add(struct samples *samples, const struct tap_record *record, int64_t unix_offset_ns)
{
	struct sample *sample;

	samples->seen++;
	if (!samples->capacity)
		return;
	sample = &samples->ring[samples->next];
	*sample = (struct sample){
		.time_unix_ns = record->time_ns + (uint64_t)unix_offset_ns,
		.source = { .addr = record->saddr, .port = record->sport },
		.destination = { .addr = record->daddr, .port = record->dport },
		.length = record->length,
		.service = record->service,
		.traffic_class = record->traffic_class,
		.verdict = record->verdict,
		.reason = record->reason,
		.line_octets = first_line_length(record->data, record->captured),
	};
	memcpy(sample->line, record->data, sample->line_octets);
	samples->next = (samples->next + 1) % samples->capacity;
	if (samples->count < samples->capacity)
		samples->count++;
}

size_t samples_count(const struct samples *samples)
{
	return samples->count;
}

uint64_t samples_seen(const struct samples *samples)
{
	return samples->seen;
}

const struct sample *samples_at(const struct samples *samples, size_t index)
{
	size_t oldest;

	if (index >= samples->count)
		return NULL;
	oldest = samples->next + samples->capacity - samples->count;
	return &samples->ring[(oldest + index) % samples->capacity];
}

const char *sample_line_print(const struct sample *sample, char out[SAMPLE_LINE_SIZE])
{
	char *to = out;

	for (size_t i = 0; i < sample->line_octets; i++) {
		unsigned char c = (unsigned char)sample->line[i];

		if (c == '\\')
			to += sprintf(to, "\\\\");
		else if (c < 0x20 || c > 0x7e)
			to += sprintf(to, "\\x%02x", c);
		else
			*to++ = (char)c;
	}
	*to = '\0';
	return out;
}
