// SPDX-License-Identifier: GPL-2.0-only
/* Carries everything to the device whose number differs in the lowest bit: a wire between two
 * links, and the least that forwarding in XDP can cost on an interface. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int wire(struct xdp_md *ctx)
{
	return (int)bpf_redirect(ctx->ingress_ifindex ^ 1, 0);
}
