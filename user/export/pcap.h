/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes SIP messages as a capture file, to be read by wireshark, tshark or tcpdump. What a message
 * travelled in is made up around it: IP and UDP headers, without Ethernet. */
#ifndef SIPXDP_EXPORT_PCAP_H
#define SIPXDP_EXPORT_PCAP_H

#include <stdint.h>
#include <stdio.h>

#include <sipxdp/address.h>

struct pcap_datagram {
	uint64_t time_unix_ns;
	struct sipxdp_peer source, destination; /* of one family */
	uint32_t length;			/* octets of the datagram's payload, below 65536 */
	uint32_t captured;			/* octets of it in data */
	const char *data;
};

/* The file's head (times in nanoseconds, LINKTYPE_RAW), and one datagram. 0; -EINVAL: a datagram
 * that IP cannot carry; -EIO: the file cannot be written. */
int pcap_write_head(FILE *file);
int pcap_write(FILE *file, const struct pcap_datagram *datagram);

#endif
