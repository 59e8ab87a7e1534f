// SPDX-License-Identifier: GPL-2.0-only
/* Passes everything: a veth takes frames that its peer sends by XDP_TX only where it has an XDP
 * program itself. The lab puts this one on the router's end of the server's link. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int wire(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
