// SPDX-License-Identifier: GPL-2.0-only
/* Drops everything: the least that a drop in XDP can cost on an interface. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int drop(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}
