// SPDX-License-Identifier: GPL-2.0-only
/* Runs frames and takes apart what came out. */
#include "through.h"

#include <arpa/inet.h>

static void run_raw(enum run_program program, const struct frame *frame, struct through *out)
{
	struct run_result result;
	int err = run_frame(rig_run(), program, frame->octets, frame->length, out->octets,
			    sizeof(out->octets), &result);

	cr_assert_eq(err, 0, "%s", strerror(-err));
	out->action = result.action;
	out->length = result.length;
}

static void run_through(enum run_program program, const struct frame *frame, struct through *out)
{
	run_raw(program, frame, out);
	seen_frame(&out->seen, out->octets, out->length);
}

void through_raw(const struct frame *frame, struct through *out)
{
	run_raw(RUN_INGRESS, frame, out);
}

void through_frame(const struct frame *frame, struct through *out)
{
	run_through(RUN_INGRESS, frame, out);
}

void through(const struct frame_spec *spec, struct through *out)
{
	struct frame frame;

	frame_build(&frame, spec);
	through_frame(&frame, out);
}

void through_egress(const struct frame_spec *spec, struct through *out)
{
	struct frame frame;

	frame_build(&frame, spec);
	run_through(RUN_EGRESS, &frame, out);
}

static struct sipxdp_addr address_of(const char *text)
{
	struct sipxdp_addr addr = { .word = { [2] = htonl(0xffff) } };
	int family = strchr(text, ':') ? AF_INET6 : AF_INET;

	cr_assert_eq(inet_pton(family, text, family == AF_INET6 ? &addr.word[0] : &addr.word[3]), 1,
		     "%s", text);
	return addr;
}

__u32 through_place(const char *address)
{
	struct sipxdp_addr addr = address_of(address);

	for (__u32 i = 1; i < BACKEND_MAX; i++) {
		const struct backend *b = &rig_maps()->backends[i];

		if (b->state != BACKEND_FREE && !memcmp(&b->peer.addr, &addr, sizeof(addr)))
			return i;
	}
	cr_assert_fail("no backend %s", address);
	return 0;
}

struct backend *through_backend(const char *address)
{
	return &rig_maps()->backends[through_place(address)];
}

void through_set_source(const char *address, const char *source)
{
	through_backend(address)->source = address_of(source);
}

void through_expect_dropped(const char *name, const struct frame_spec *spec,
			    enum traffic_class class, enum reason reason)
{
	static struct through out;
	__u64 before = rig_counted(class, reason), all = rig_counted_all();

	through(spec, &out);
	cr_expect_eq(out.action, XDP_DROP, "%s: XDP action %u", name, out.action);
	cr_expect_eq(rig_counted(class, reason), before + 1, "%s: not counted as %s", name,
		     rig_reason_name(reason));
	cr_expect_eq(rig_counted_all(), all + 1, "%s: counted twice", name);
}

void through_expect_sent(const char *name, const struct through *out, __u32 action)
{
	cr_expect_eq(out->action, action, "%s: XDP action %u instead of %u", name, out->action,
		     action);
	cr_expect(out->seen.header_sum_ok, "%s: wrong IPv4 header checksum", name);
	if (!out->seen.more && !out->seen.fragment_offset && out->seen.sum)
		cr_expect(out->seen.sum_ok, "%s: wrong UDP checksum", name);
}
