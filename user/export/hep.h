/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One SIP message as a packet of HEP3, the Homer Encapsulation Protocol (also called EEP): a list of
 * typed chunks that HOMER, sngrep and kamailio's sipcapture read. The message travelled over UDP.
 */
#ifndef SIPXDP_EXPORT_HEP_H
#define SIPXDP_EXPORT_HEP_H

#include <stddef.h>
#include <stdint.h>

#include <sipxdp/address.h>

#define HEP_PASSWORD_SIZE 64  /* with its NUL */
#define HEP_HEAD_MAX	  192 /* octets that a packet has besides the message */

struct hep_message {
	uint64_t time_unix_ns; /* HEP3 keeps microseconds of it */
	struct sipxdp_peer source, destination;
	uint32_t capture_id;  /* whose packet it is, as the collector knows us */
	const char *password; /* below HEP_PASSWORD_SIZE octets; "": none is sent */
	const char *data;
	uint16_t length; /* octets in data */
};

/* Writes the packet; how long it is, or 0: it does not fit, or source and destination are of different
 * families. */
size_t hep_write(const struct hep_message *message, void *out, size_t room);

#endif
