// SPDX-License-Identifier: GPL-2.0-only
/* The packet generator's kernel half: run by BPF_PROG_RUN with live frames, it turns each blank
 * page into the next packet of the flood and sends it out of an interface. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "flood.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flood_settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FLOOD_KINDS);
	__type(key, __u32);
	__type(value, struct flood_template);
} templates SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flood_count);
} count SEC(".maps");

/* SplitMix64's finalizer (Steele, Lea, Flood 2014): one to one, every bit depends on every bit. */
static __always_inline __u64 mix(__u64 x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/* The eight hexadecimal digits of x, one octet each. */
static __always_inline __u64 hex_digits(__u32 x)
{
	__u64 v = x, above_nine;

	v = (v | v << 16) & 0x0000ffff0000ffffULL;
	v = (v | v << 8) & 0x00ff00ff00ff00ffULL;
	v = (v | v << 4) & 0x0f0f0f0f0f0f0f0fULL;
	above_nine = ((v + 0x0606060606060606ULL) >> 4) & 0x0101010101010101ULL;
	return v + 0x3030303030303030ULL + above_nine * ('a' - '0' - 10);
}

static __always_inline __u32 add64(__u32 sum, __u64 v)
{
	v = (v & 0xffffffff) + (v >> 32);
	v = (v & 0xffff) + (v >> 16 & 0xffff) + (v >> 32);
	return sum + (__u32)v;
}

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

static __always_inline int address_v4(void *data, void *data_end, const struct flood_settings *s,
				      const struct flood_template *t, __u64 random, __u16 port)
{
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct udphdr *udp = (void *)(ip + 1);

	if ((void *)(udp + 1) > data_end)
		return -1;
	ip->saddr = (__u32)s->source[0] | ((__u32)random & (__u32)s->source_vary[0]);
	ip->check = fold(add64(t->sum, ip->saddr));
	udp->source = bpf_htons(port);
	return 0; /* a UDP checksum of zero is "none" in IPv4 (RFC 768) */
}

static __always_inline int address_v6(void *data, void *data_end, const struct flood_settings *s,
				      const struct flood_template *t, __u64 random, __u16 port,
				      __u32 sum)
{
	struct ipv6hdr *ip = data + sizeof(struct ethhdr);
	struct udphdr *udp = (void *)(ip + 1);
	__u64 *source = (__u64 *)&ip->saddr;
	__u64 high, low;

	if ((void *)(udp + 1) > data_end)
		return -1;
	high = s->source[0] | (random & s->source_vary[0]);
	low = s->source[1] | (mix(random) & s->source_vary[1]);
	source[0] = high;
	source[1] = low;
	udp->source = bpf_htons(port);
	sum = add64(add64(sum + t->sum, high), low) + udp->source;
	udp->check = fold(sum);
	if (!udp->check)
		udp->check = 0xffff; /* RFC 8200 section 8.1 */
	return 0;
}

/* Writes the packet's own digits over every mark; *sum grows by what they add to a checksum. */
static __always_inline int write_marks(void *data, void *data_end, const struct flood_template *t,
				       __u64 digits, __u32 *sum)
{
	__u16 plain = (__u16)~fold(add64(0, digits));
	__u16 swapped = __builtin_bswap16(plain);
	__u64 *at, offset;

#pragma unroll
	for (int i = 0; i < FLOOD_MARKS; i++) {
		offset = t->mark[i];
		if (!offset)
			break;
		if (offset > FLOOD_FRAME_MAX - FLOOD_MARK_SIZE)
			return -1;
		at = data + offset; /* at any alignment: x86-64 and arm64 do not mind */
		if ((void *)(at + 1) > data_end)
			return -1;
		*at = digits;
		*sum += offset & 1 ? swapped : plain;
	}
	return 0;
}

static __always_inline int make_packet(struct xdp_md *ctx, const struct flood_settings *s,
				       struct flood_template *t, __u64 sequence)
{
	__u64 random = mix(s->seed + sequence * 0x9e3779b97f4a7c15ULL);
	__u16 port = s->port ^ ((__u16)(random >> 40) & s->port_vary);
	__u32 length = t->length, sum = 0;
	void *data, *data_end;

	if (length < FLOOD_FRAME_MIN || length > FLOOD_FRAME_MAX)
		return -1;
	if (bpf_xdp_adjust_tail(ctx, (int)length - (int)bpf_xdp_get_buff_len(ctx)))
		return -1;
	if (bpf_xdp_store_bytes(ctx, 0, t->frame, length))
		return -1;
	data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	/* An odd factor is one to one modulo 2^32: no digits twice in four billion packets. */
	if (write_marks(data, data_end, t, hex_digits((__u32)(s->seed + sequence) * 0x9e3779b1U),
			&sum))
		return -1;
	if (s->ipv6)
		return address_v6(data, data_end, s, t, random, port, sum);
	return address_v4(data, data_end, s, t, random, port);
}

SEC("xdp")
int flood(struct xdp_md *ctx)
{
	struct flood_settings *s;
	struct flood_template *t;
	struct flood_count *c;
	__u32 zero = 0, kind;

	s = bpf_map_lookup_elem(&settings, &zero);
	c = bpf_map_lookup_elem(&count, &zero);
	if (!s || !c)
		return XDP_ABORTED;
	kind = s->order[c->sequence % FLOOD_ORDER];
	t = bpf_map_lookup_elem(&templates, &kind);
	if (!t || kind >= FLOOD_KINDS || make_packet(ctx, s, t, c->sequence++)) {
		c->failed++;
		return XDP_DROP;
	}
	/* Its value comes back from the stack, where 6.1's verifier has not kept its bounds. */
	asm volatile("" : "+r"(kind));
	if (kind < FLOOD_KINDS)
		c->packets[kind]++;
	c->bytes += t->length;
	return bpf_redirect(s->ifindex, 0);
}
