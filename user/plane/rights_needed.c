// SPDX-License-Identifier: GPL-2.0-only
/* A plain word on missing rights, before a system call fails with less to say. */
#include "plane/rights_needed.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plane/log.h"

static const struct {
	unsigned int number;
	const char *name;
} needed[] = {
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_NET_ADMIN, "CAP_NET_ADMIN" },
	{ CAP_PERFMON, "CAP_PERFMON" }, /* the verifier's leave to reckon with packet pointers */
};

static bool effective(const struct __user_cap_data_struct *data, unsigned int number)
{
	return data[number / 32].effective & 1U << number % 32;
}

int rights_needed(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	char missing[64] = "";

	if (syscall(SYS_capget, &header, data))
		return -errno;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		size_t used = strlen(missing);

		/* CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON, which were split off from it.
		 */
		if (effective(data, needed[i].number) ||
		    (needed[i].number != CAP_NET_ADMIN && effective(data, CAP_SYS_ADMIN)))
			continue;
		snprintf(missing + used, sizeof(missing) - used, "%s%s", used ? ", " : "",
			 needed[i].name);
	}
	if (!missing[0])
		return 0;
	plane_log(PLANE_LOG_ERROR, "not permitted: %s missing; run as root", missing);
	return -EPERM;
}
