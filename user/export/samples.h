/* SPDX-License-Identifier: GPL-2.0-only */
/* The most recent dropped packets, of those that the kernel sampled: a ring in memory. */
#ifndef SIPXDP_EXPORT_SAMPLES_H
#define SIPXDP_EXPORT_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include <sipxdp/address.h>
#include <sipxdp/tap.h>

#define SAMPLES_MAX	   65536 /* of one ring */
#define SAMPLE_LINE_OCTETS 160	 /* of a packet's first line; the rest is cut */
#define SAMPLE_LINE_SIZE   (4 * SAMPLE_LINE_OCTETS + 1)

struct sample {
	uint64_t time_unix_ns;
	struct sipxdp_peer source;
	struct sipxdp_peer destination;
	uint16_t length;	       /* octets of the UDP payload */
	uint8_t service;	       /* SERVICE_HOST: of no service */
	uint8_t traffic_class;	       /* enum traffic_class */
	uint8_t verdict;	       /* enum verdict */
	uint8_t reason;		       /* enum reason */
	uint8_t line_octets;	       /* of line */
	char line[SAMPLE_LINE_OCTETS]; /* as it came: any octet but CR and LF */
};

struct samples;

/* A ring of so many samples, 0..SAMPLES_MAX; with 0 all are only counted. 0, -EINVAL, -ENOMEM. */
int samples_open(size_t capacity, struct samples **out);

/* samples may be NULL. */
void samples_close(struct samples *samples);

/* Another size: the newest that fit are kept. 0; or -EINVAL, -ENOMEM, and nothing has changed. */
int samples_resize(struct samples *samples, size_t capacity);

/* Takes in a record of kind TAP_SAMPLE, the oldest sample making room. unix_offset_ns is what
 * CLOCK_REALTIME is ahead of CLOCK_MONOTONIC. */
void samples_add(struct samples *samples, const struct tap_record *record, int64_t unix_offset_ns);

/* How many are in the ring, and how many were ever added. */
size_t samples_count(const struct samples *samples);
uint64_t samples_seen(const struct samples *samples);

/* The index-th, 0 being the oldest; NULL beyond the last. Valid until the next change. */
const struct sample *samples_at(const struct samples *samples, size_t index);

/* The sample's line in printable ASCII, other octets as \xNN, a backslash as two. Returns out. */
const char *sample_line_print(const struct sample *sample, char out[SAMPLE_LINE_SIZE]);

#endif
