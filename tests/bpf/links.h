/* SPDX-License-Identifier: GPL-2.0-only */
/* A network for tests of what is sent on: interfaces with routes and neighbours in a namespace of
 * the test's own (Criterion forks for each), so that route look-ups have an answer.
 *
 *	clients, by a gateway                                backends, on the link
 *	198.51.100.0/24 ── 192.0.2.1 ── [client] host [server] ── 10.0.0.11 … 10.0.0.14
 *	2001:db8:1::/48 ── 2001:db8::1 ─┘  192.0.2.10         └── fd00::11 … fd00::14
 *	                                   2001:db8::10
 */
#ifndef TEST_BPF_LINKS_H
#define TEST_BPF_LINKS_H

#include <linux/types.h>

/* Skips the test where it cannot be made. */
void links_open(void);

/* "02:00:00:00:00:c0" of the interfaces and neighbours of this list, as six octets. */
enum links_mac {
	MAC_CLIENT,  /* our own, towards the clients */
	MAC_SERVER,  /* our own, towards the backends */
	MAC_GATEWAY, /* the clients' gateway */
	MAC_BACKEND, /* of 10.0.0.11 and fd00::11; the others follow */
};
void links_mac(enum links_mac which, unsigned int add, __u8 out[6]);

/* Runs an ip(8) command there: "neigh del …". The test fails if that does. */
void links_ip(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
