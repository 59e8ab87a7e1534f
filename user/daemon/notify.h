/* SPDX-License-Identifier: GPL-2.0-only */
/* What the service manager is told (sd_notify(3)); without one, nothing happens. Whoever does not read
 * it is not waited for: the word is lost, and the log says so. */
#ifndef SIPXDP_DAEMON_NOTIFY_H
#define SIPXDP_DAEMON_NOTIFY_H

/* Running, with one line of text for `systemctl status`; also ends a reload. */
void notify_ready(const char *status);

void notify_reloading(void);
void notify_stopping(void);

/* For its watchdog. */
void notify_alive(void);

#endif
