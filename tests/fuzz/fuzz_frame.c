// SPDX-License-Identifier: GPL-2.0-only
/* Frames of any octets, as the programs take them apart: nothing is read outside of the frame, what is
 * found lies within it unless it is called damaged, and a plain packet is found to be the same in
 * both ways that there are. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/* The one map that parsing asks for. */
static void *fuzz_lookup(const void *map);
#define bpf_map_lookup_elem(map, key) ((void)(key), fuzz_lookup(map))
/* Frames lie as they come; loads that are not aligned are cheap where XDP is. */
#pragma clang attribute push(__attribute__((no_sanitize("alignment"))), apply_to = function)
#include "../../bpf/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FRAME_MAX 4096 /* a page, behind which nothing can be read */

static struct work scratch;

static void *fuzz_lookup(const void *map)
{
	return map == (const void *)&work ? &scratch : NULL;
}

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	__builtin_trap();
}

/* A page that a context's 32-bit addresses can name, and one behind it that nobody may read. */
static uint8_t *page(void)
{
	static uint8_t *at;

	if (at)
		return at;
	at = mmap(NULL, 2 * FRAME_MAX, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (at == MAP_FAILED || mprotect(at + FRAME_MAX, FRAME_MAX, PROT_NONE)) {
		perror("mmap");
		abort();
	}
	return at;
}

/* A frame at the end of the page, and what the hook says of it. */
static struct packet packet_of(struct xdp_md *ctx, const uint8_t *data, size_t size)
{
	uint8_t *frame = page() + FRAME_MAX - size;

	memcpy(frame, data, size);
	*ctx = (struct xdp_md){
		.data = (__u32)(uintptr_t)frame,
		.data_end = (__u32)(uintptr_t)(frame + size),
	};
	memset(&scratch, 0xa5, sizeof(scratch));
	return (struct packet){
		.xdp = ctx,
		.data = frame,
		.data_end = frame + size,
		.f = &scratch.facts,
	};
}

static void check_parsed(const struct packet *pkt, size_t size)
{
	const struct facts *f = pkt->f;

	require(f->family == 4 || f->family == 6, "parsed, and of no family");
	require(f->protocol == IPPROTO_UDP || f->protocol == IPPROTO_TCP, "parsed, not UDP or TCP");
	require(f->network_offset >= sizeof(struct ethhdr) && f->network_offset < size,
		"the IP header lies outside");
	require(f->payload_offset > f->network_offset && f->payload_offset <= size,
		"what follows the IP header lies outside");
	require(f->damaged || f->payload_offset + f->payload_length <= size,
		"not damaged, and longer than the frame");
	require(pkt->addresses && (const uint8_t *)pkt->addresses >= (const uint8_t *)pkt->data &&
			(const uint8_t *)pkt->addresses + (f->family == 4 ? 8 : 32) <=
				(const uint8_t *)pkt->data_end,
		"the addresses lie outside");
}

static void check_datagram(struct packet *pkt, size_t size)
{
	struct facts *f = pkt->f;

	if (f->fragment == FRAGMENT_LATER)
		return;
	if (f->protocol == IPPROTO_TCP) {
		frame_tcp(pkt);
		return;
	}
	frame_udp(pkt);
	if (f->damaged)
		return;
	require(f->payload_offset + f->payload_length <= size, "the payload lies outside");
	require(f->fragment ? f->datagram_length >= f->payload_length
			    : f->datagram_length == f->payload_length,
		"the lengths of IP and UDP disagree");
}

/* Found by frame_plain: frame_parse finds the same. */
static void check_plain(const struct packet *parsed, bool is_parsed, const uint8_t *data,
			size_t size)
{
	struct facts facts = *parsed->f;
	const struct ports *ports;
	struct packet pkt;
	struct xdp_md ctx;
	__u8 protocol;

	pkt = packet_of(&ctx, data, size);
	ports = frame_plain(&pkt, &protocol);
	if (!ports)
		return;
	require(is_parsed, "plain, and yet it cannot be parsed");
	frame_note_plain(&pkt, ports, protocol, size);
	require(pkt.addresses == parsed->addresses, "other addresses");
	require(!memcmp(&facts, pkt.f, offsetof(struct facts, saddr)), "other facts");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct packet pkt;
	struct xdp_md ctx;
	bool parsed;

	if (size > FRAME_MAX)
		return 0;
	pkt = packet_of(&ctx, data, size);
	parsed = frame_parse(&pkt, size);
	if (parsed)
		check_parsed(&pkt, size);
	check_plain(&pkt, parsed, data, size);
	if (!parsed)
		return 0;
	pkt = packet_of(&ctx, data, size);
	frame_parse(&pkt, size);
	check_datagram(&pkt, size);
	return 0;
}

#pragma clang attribute pop
