/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to the service manager. */
#include <systemd/sd-daemon.h>

#include "daemon/notify.h"
#include "plane/clock.h"

void notify_ready(const char *status)
{
	sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

/* Type=notify-reload pairs the reload with its request by this time (systemd 253 and later). */
void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)(clock_monotonic_ns() / 1000));
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}
