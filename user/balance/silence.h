/* SPDX-License-Identifier: GPL-2.0-only */
/* Passive signs: a backend that is sent requests and sends nothing back, or only ICMP errors. */
#ifndef SIPXDP_BALANCE_SILENCE_H
#define SIPXDP_BALANCE_SILENCE_H

#include <stdbool.h>

#include <sipxdp/balance.h>

/* So many requests in an interval without any packet in return are a failure. */
#define SILENCE_REQUESTS 10

/* What had been counted at the last look. */
struct silence {
	__u64 requests;
	__u64 answers;
	__u64 icmp_errors;
	bool audible; /* its packets have come by here */
};

/* Begins with what is there. */
void silence_begin(struct silence *silence, const struct backend_load *load);

/*
 * A look, once an interval. Whether the backend has been silent since the last one. Where its
 * packets do not come by here (dsr, ipip) nothing can be told, and the answer is no.
 */
bool silence_look(struct silence *silence, const struct backend_load *load);

#endif
