/* SPDX-License-Identifier: GPL-2.0-only */
/* Tap records of whole calls: see track_feed.h. */
#include "track_feed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RECORD_ROOM 2048
#define SERVER	    0xc0000263u /* 192.0.2.99 */

static const struct step {
	int status; /* 0: a request */
	const char *method;
	int cseq;
	const char *branch; /* what of the call's branches */
	const char *sdp;    /* media formats */
	enum tap_direction direction;
} steps[FEED_CALL_MESSAGES] = {
	{ 0, "INVITE", 1, "i", "8 0 9 18 101", TAP_INGRESS },
	{ 100, "INVITE", 1, "i", NULL, TAP_EGRESS },
	{ 180, "INVITE", 1, "i", NULL, TAP_EGRESS },
	{ 200, "INVITE", 1, "i", "8 101", TAP_EGRESS },
	{ 0, "ACK", 1, "a", NULL, TAP_INGRESS },
	{ 0, "BYE", 2, "b", NULL, TAP_INGRESS },
	{ 200, "BYE", 2, "b", NULL, TAP_EGRESS },
};

static int build_sdp(char *out, size_t size, const char *formats, unsigned int call)
{
	if (!formats)
		return 0;
	return snprintf(out, size,
			"v=0\r\no=alice %u %u IN IP4 10.20.30.40\r\ns=Session\r\n"
			"c=IN IP4 10.20.30.40\r\nt=0 0\r\nm=audio %u RTP/AVP %s\r\n"
			"a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:9 G722/8000\r\n"
			"a=rtpmap:18 G729/8000\r\na=fmtp:18 annexb=no\r\n"
			"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\n"
			"a=sendrecv\r\n",
			1700000000 + call, 1700000000 + call, 16384 + call % 16384, formats);
}

static int build_start(char *out, size_t size, const struct step *step, unsigned int call)
{
	if (step->status)
		return snprintf(out, size, "SIP/2.0 %d %s", step->status,
				step->status == 200 ? "OK" : "Whatever it is");
	return snprintf(out, size, "%s sip:bob%u@192.0.2.99:5060;transport=udp;ob SIP/2.0",
			step->method, call % 977);
}

static int build(char *out, size_t size, const struct step *step, unsigned int call)
{
	char sdp[768] = "", start[128], to_tag[32] = "";
	int sdp_length = build_sdp(sdp, sizeof(sdp), step->sdp, call);

	build_start(start, sizeof(start), step, call);
	if (step->status > 100 || step->cseq > 1 || step->method[0] == 'A')
		snprintf(to_tag, sizeof(to_tag), ";tag=callee%u", call);
	return snprintf(
		out, size,
		"%s\r\nVia: SIP/2.0/UDP 192.0.2.61:5060;branch=z9hG4bK21cf.%08x.0b4d39d5f%s\r\n"
		"Via: SIP/2.0/UDP 10.20.30.40:5060;received=198.51.100.21;rport=40022;"
		"branch=z9hG4bKnashds8%08x%s\r\n"
		"Record-Route: <sip:192.0.2.61;lr;ftag=a73kszlfl;did=5a4.c0e1;nat=yes>\r\n"
		"Max-Forwards: 69\r\nFrom: \"Alice Liddell\" "
		"<sip:alice%u@example.com>;tag=caller%u\r\n"
		"To: \"Bob\" <sip:bob%u@example.com>%s\r\nCall-ID: "
		"%08x-1j9FpLxk3uxtm8tn@10.20.30.40\r\n"
		"CSeq: %d %s\r\nContact: "
		"<sip:alice@198.51.100.21:40022;alias=198.51.100.21~40022~1>\r\n"
		"Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, UPDATE, REFER, NOTIFY, INFO\r\n"
		"Supported: replaces, timer, 100rel, outbound\r\n"
		"User-Agent: baresip v1.0.0 (x86_64/linux)\r\n%sContent-Length: %d\r\n\r\n%s",
		start, call, step->branch, call, step->branch, call % 991, call, call % 977, to_tag,
		call, step->cseq, step->method, *sdp ? "Content-Type: application/sdp\r\n" : "",
		sdp_length, sdp);
}

static struct sipxdp_addr ipv4(uint32_t address)
{
	return (struct sipxdp_addr){ { 0, 0, htonl(0xffff), htonl(address) } };
}

/* As the kernel's hash would be: well mixed. */
static uint64_t call_id_hash(unsigned int call)
{
	uint64_t x = (call + 1) * 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 32) * 0xd6e8feb86659fd93ull;
	return x ^ x >> 29;
}

static void fill_record(struct tap_record *record, const struct step *step, unsigned int call)
{
	struct sipxdp_addr phone = ipv4(0xc6336400u + call % 251), server = ipv4(SERVER);
	bool ingress = step->direction == TAP_INGRESS;
	int length = build(record->data, RECORD_ROOM - sizeof(*record), step, call);

	record->call_id_hash = call_id_hash(call);
	record->saddr = ingress ? phone : server;
	record->daddr = ingress ? server : phone;
	record->sport = record->dport = htons(5060);
	record->length = record->captured = (uint16_t)length;
	record->direction = (uint8_t)step->direction;
}

void track_feed_free(struct track_feed *feed)
{
	free(feed->octets);
	free(feed->records);
}

int track_feed_make(size_t calls, size_t at_a_time, struct track_feed *out)
{
	size_t count = calls * FEED_CALL_MESSAGES, n = 0;
	struct track_feed feed = {
		.octets = calloc(count, RECORD_ROOM),
		.records = calloc(count, sizeof(*feed.records)),
		.count = count,
	};

	if (!feed.octets || !feed.records) {
		track_feed_free(&feed);
		return -ENOMEM;
	}
	for (size_t group = 0; group < calls; group += at_a_time) {
		for (int step = 0; step < FEED_CALL_MESSAGES; step++) {
			for (size_t i = group; i < calls && i < group + at_a_time; i++) {
				struct tap_record *record = (void *)(feed.octets + n * RECORD_ROOM);

				fill_record(record, &steps[step], (unsigned int)i);
				feed.records[n++] = record;
			}
		}
	}
	*out = feed;
	return 0;
}
