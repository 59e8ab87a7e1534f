/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames through the programs that come out changed: what the tests of the balancer share. */
#ifndef TEST_BPF_THROUGH_H
#define TEST_BPF_THROUGH_H

#include "links.h"
#include "rig.h"
#include "seen.h"

/* A service of one family at the addresses of rig.h, and backends of that family. */
#define THROUGH_PROXY(addresses)                                                                   \
	"services:\n"                                                                              \
	"  - name: proxy\n"                                                                        \
	"    listen: [" addresses "]\n"                                                            \
	"    verify_source: off\n"
#define THROUGH_PROXY4 THROUGH_PROXY("\"udp:192.0.2.10:5060\", \"tcp:192.0.2.10:5060\"")
#define THROUGH_PROXY6 THROUGH_PROXY("\"udp:[2001:db8::10]:5060\", \"tcp:[2001:db8::10]:5060\"")
#define THROUGH_BACKENDS4                                                                          \
	"        - {name: a, address: \"10.0.0.11:5060\"}\n"                                       \
	"        - {name: b, address: \"10.0.0.12:5060\"}\n"                                       \
	"        - {name: c, address: \"10.0.0.13:5062\"}\n"
#define THROUGH_BACKENDS6                                                                          \
	"        - {name: a, address: \"[fd00::11]:5060\"}\n"                                      \
	"        - {name: b, address: \"[fd00::12]:5060\"}\n"                                      \
	"        - {name: c, address: \"[fd00::13]:5062\"}\n"

struct through {
	__u32 action; /* XDP_* or TC_ACT_* */
	size_t length;
	unsigned char octets[FRAME_ROOM + 256];
	struct seen seen; /* of what was not dropped */
};

/* In, on no interface in particular, so that whatever leaves is redirected. */
void through(const struct frame_spec *spec, struct through *out);
void through_frame(const struct frame *frame, struct through *out);

/* The same of what may be too short to be taken apart. */
void through_raw(const struct frame *frame, struct through *out);

/* Out, by the egress program. */
void through_egress(const struct frame_spec *spec, struct through *out);

/* The place of the backend with that address ("10.0.0.11"); the test fails if there is none. */
__u32 through_place(const char *address);

/* The backend in memory. */
struct backend *through_backend(const char *address);

/* Our own address towards it, as the daemon finds it out. */
void through_set_source(const char *address, const char *source);

/* As rig_expect_reason() for a packet that is dropped, and may have been changed by then. */
void through_expect_dropped(const char *name, const struct frame_spec *spec,
			    enum traffic_class class, enum reason reason);

/* Fails unless the frame was redirected (or sent back: XDP_TX) with right checksums. */
void through_expect_sent(const char *name, const struct through *out, __u32 action);

#endif
