/* SPDX-License-Identifier: GPL-2.0-only */
/* Capabilities of the daemon: see rights.h. */
#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "daemon/rights.h"

/* BPF objects (BPF), attaching to interfaces (NET_ADMIN), and programs that compare packet
 * pointers and are spared the verifier's mitigations (PERFMON). A reload may attach to another
 * interface, so running needs what starting needs. */
static const unsigned int needed[] = { CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON };

#define NEEDED_COUNT (sizeof(needed) / sizeof(needed[0]))

int rights_check(char missing[RIGHTS_TEXT_SIZE])
{
	size_t length = 0;
	int err = 0;

	if (capng_get_caps_process())
		return -errno;
	for (size_t i = 0; i < NEEDED_COUNT; i++) {
		if (capng_have_capability(CAPNG_EFFECTIVE, needed[i]))
			continue;
		length += (size_t)snprintf(missing + length, RIGHTS_TEXT_SIZE - length, "%scap_%s",
					   length ? ", " : "", capng_capability_to_name(needed[i]));
		err = -EPERM;
	}
	return err;
}

/* Lowering the bounding set takes a capability of its own, which a service manager that has done
 * so already does not leave us. */
static int drop_bounding_set(void)
{
	if (!capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
		return 0;
	capng_clear(CAPNG_SELECT_BOUNDS);
	return capng_apply(CAPNG_SELECT_BOUNDS) ? -EPERM : 0;
}

int rights_drop(bool keep_sys_admin)
{
	const capng_type_t sets = CAPNG_EFFECTIVE | CAPNG_PERMITTED;
	int err;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (capng_get_caps_process())
		return -EINVAL;
	keep_sys_admin = keep_sys_admin && capng_have_capability(CAPNG_PERMITTED, CAP_SYS_ADMIN);
	err = drop_bounding_set();
	if (err)
		return err;

	capng_clear(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT);
	for (size_t i = 0; i < NEEDED_COUNT; i++) {
		if (capng_update(CAPNG_ADD, sets, needed[i]))
			return -EINVAL;
	}
	if (keep_sys_admin && capng_update(CAPNG_ADD, sets, CAP_SYS_ADMIN))
		return -EINVAL;
	if (capng_apply(CAPNG_SELECT_CAPS | CAPNG_SELECT_AMBIENT))
		return -EPERM;
	return 0;
}
