/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages to the service manager. sd_notify(3) waits for a reader whose queue is full; a guard waits
 * for nobody, so they are sent from here. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/notify.h"
#include "plane/clock.h"

#define TEXT_SIZE 512

/* "/PATH", or "@NAME" of the abstract kind. False: nobody wants to be told, or it cannot be. */
static bool find_listener(struct sockaddr_un *address, socklen_t *size)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t length = name ? strlen(name) : 0;

	if (length < 2 || length >= sizeof(address->sun_path) || (*name != '/' && *name != '@'))
		return false;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, length);
	if (*name == '@')
		address->sun_path[0] = '\0';
	*size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	return true;
}

static void tell(const char *text)
{
	struct sockaddr_un address;
	socklen_t size;
	int fd;

	if (!find_listener(&address, &size))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
			     (const struct sockaddr *)&address, size) < 0)
		log_limited(LOG_WARNING, "the service manager is not told \"%.*s\": %s",
			    (int)strcspn(text, "\n"), text, strerror(errno));
	if (fd >= 0)
		close(fd);
}

void notify_ready(const char *status)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "READY=1\nSTATUS=%s", status);
	tell(text);
}

/* Type=notify-reload pairs the reload with its request by this time (systemd 253 and later). */
void notify_reloading(void)
{
	char text[TEXT_SIZE];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%llu",
		 (unsigned long long)(clock_monotonic_ns() / 1000));
	tell(text);
}

void notify_stopping(void)
{
	tell("STOPPING=1");
}

void notify_alive(void)
{
	tell("WATCHDOG=1");
}
