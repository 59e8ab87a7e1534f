/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures: pcap and pcapng files, read frame by frame, every frame given as Ethernet. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <pcap/pcap.h>
#include <pcap/sll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sipxdp/time.h>

#include "ctl/capture.h"

/* BSD loopback: an address family of four octets, in the byte order of whoever captured. */
#define NULL_HEADER 4

struct capture {
	pcap_t *pcap;
	int link_type;
	uint64_t number;
	/* A frame whose link-layer header was exchanged; an Ethernet header is the shortest. */
	uint8_t rebuilt[ETH_HLEN + CAPTURE_FRAME_MAX];
};

static bool link_type_is_known(int link_type)
{
	switch (link_type) {
	case DLT_EN10MB:
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2:
	case DLT_RAW:
	case DLT_IPV4:
	case DLT_IPV6:
	case DLT_NULL:
	case DLT_LOOP: return true;
	}
	return false;
}

/* libpcap begins some of its errors with the file's name, and the caller does with all. */
static const char *without_path(const char *error, const char *path)
{
	size_t length = strlen(path);

	return !strncmp(error, path, length) && !strncmp(error + length, ": ", 2)
		       ? error + length + 2
		       : error;
}

int capture_open(const char *path, struct capture **out, char message[CAPTURE_MESSAGE_SIZE])
{
	char error[PCAP_ERRBUF_SIZE] = "";
	struct capture *capture = malloc(sizeof(*capture));
	const char *name;

	if (!capture) {
		snprintf(message, CAPTURE_MESSAGE_SIZE, "out of memory");
		return -ENOMEM;
	}
	capture->number = 0;
	capture->pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO,
								error);
	if (!capture->pcap) {
		snprintf(message, CAPTURE_MESSAGE_SIZE, "%s", without_path(error, path));
		free(capture);
		return -EINVAL;
	}
	capture->link_type = pcap_datalink(capture->pcap);
	if (!link_type_is_known(capture->link_type)) {
		name = pcap_datalink_val_to_description_or_dlt(capture->link_type);
		snprintf(message, CAPTURE_MESSAGE_SIZE,
			 "link type %s is not supported; Ethernet, Linux cooked (v1, v2), raw IP "
			 "and BSD loopback are",
			 name);
		capture_close(capture);
		return -EINVAL;
	}
	*out = capture;
	return 0;
}

void capture_close(struct capture *capture)
{
	if (!capture)
		return;
	pcap_close(capture->pcap);
	free(capture);
}

/* Puts an Ethernet header in front of what follows the first `header` octets. */
static void rebuild(struct capture *capture, struct capture_frame *frame, const uint8_t *data,
		    size_t length, size_t header, uint16_t ethertype)
{
	struct ethhdr ethernet = { .h_proto = htons(ethertype) };

	memcpy(capture->rebuilt, &ethernet, sizeof(ethernet));
	memcpy(capture->rebuilt + sizeof(ethernet), data + header, length - header);
	frame->data = capture->rebuilt;
	frame->length = sizeof(ethernet) + length - header;
}

static enum capture_direction sll_direction(uint16_t packet_type)
{
	switch (packet_type) {
	case LINUX_SLL_HOST:
	case LINUX_SLL_BROADCAST:
	case LINUX_SLL_MULTICAST: return CAPTURE_TO_HOST;
	case LINUX_SLL_OUTGOING: return CAPTURE_FROM_HOST;
	}
	return CAPTURE_OTHER;
}

/* Protocol numbers below 1536 are lengths or Linux's own: no packet that we know follows. */
static enum capture_skip convert_cooked(struct capture *capture, struct capture_frame *frame,
					const uint8_t *data, size_t length)
{
	uint16_t protocol, packet_type;
	size_t header;

	if (capture->link_type == DLT_LINUX_SLL2) {
		struct sll2_header sll2;

		header = sizeof(sll2);
		if (length < header)
			return CAPTURE_SHORT;
		memcpy(&sll2, data, sizeof(sll2));
		protocol = ntohs(sll2.sll2_protocol);
		packet_type = sll2.sll2_pkttype;
	} else {
		struct sll_header sll;

		header = sizeof(sll);
		if (length < header)
			return CAPTURE_SHORT;
		memcpy(&sll, data, sizeof(sll));
		protocol = ntohs(sll.sll_protocol);
		packet_type = ntohs(sll.sll_pkttype);
	}
	if (protocol < ETH_P_802_3_MIN)
		return CAPTURE_NO_PACKET;
	frame->direction = sll_direction(packet_type);
	rebuild(capture, frame, data, length, header, protocol);
	return CAPTURE_WHOLE;
}

static enum capture_skip convert_ip(struct capture *capture, struct capture_frame *frame,
				    const uint8_t *data, size_t length, size_t header)
{
	if (length <= header)
		return CAPTURE_SHORT;
	switch (data[header] >> 4) {
	case 4: rebuild(capture, frame, data, length, header, ETH_P_IP); return CAPTURE_WHOLE;
	case 6: rebuild(capture, frame, data, length, header, ETH_P_IPV6); return CAPTURE_WHOLE;
	}
	return CAPTURE_NO_PACKET;
}

static enum capture_skip convert(struct capture *capture, struct capture_frame *frame,
				 const struct pcap_pkthdr *header, const uint8_t *data)
{
	if (header->caplen < header->len)
		return CAPTURE_CUT;
	if (header->caplen > CAPTURE_FRAME_MAX)
		return CAPTURE_TOO_LONG;
	switch (capture->link_type) {
	case DLT_EN10MB:
		if (header->caplen < ETH_HLEN)
			return CAPTURE_SHORT;
		frame->data = data;
		frame->length = header->caplen;
		return CAPTURE_WHOLE;
	case DLT_LINUX_SLL:
	case DLT_LINUX_SLL2: return convert_cooked(capture, frame, data, header->caplen);
	case DLT_NULL:
	case DLT_LOOP: return convert_ip(capture, frame, data, header->caplen, NULL_HEADER);
	}
	return convert_ip(capture, frame, data, header->caplen, 0);
}

int capture_next(struct capture *capture, struct capture_frame *frame,
		 char message[CAPTURE_MESSAGE_SIZE])
{
	struct pcap_pkthdr *header;
	const u_char *data;
	int got = pcap_next_ex(capture->pcap, &header, &data);

	if (got == PCAP_ERROR_BREAK)
		return 0;
	if (got != 1) {
		snprintf(message, CAPTURE_MESSAGE_SIZE, "%s", pcap_geterr(capture->pcap));
		return -EINVAL;
	}
	*frame = (struct capture_frame){
		.number = ++capture->number,
		/* tv_usec holds nanoseconds, as asked for */
		.unix_ns = (uint64_t)header->ts.tv_sec * NSEC_PER_SEC +
			   (uint64_t)header->ts.tv_usec,
	};
	frame->skip = convert(capture, frame, header, data);
	return 1;
}

const char *capture_skip_name(enum capture_skip skip)
{
	static const char *const names[CAPTURE_SKIP_COUNT] = {
		[CAPTURE_WHOLE] = "whole",	   [CAPTURE_CUT] = "cut-by-snap-length",
		[CAPTURE_SHORT] = "too-short",	   [CAPTURE_TOO_LONG] = "too-long",
		[CAPTURE_NO_PACKET] = "no-packet",
	};

	return names[skip];
}
