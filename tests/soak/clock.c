/* SPDX-License-Identifier: GPL-2.0-only */
/* Preloaded into the daemon by the soak test: its wall clock is ahead of the machine's by the
 * seconds that the file $SOAK_CLOCK holds at that moment, as after a step of NTP. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t id, struct timespec *out);

static const volatile int64_t *ahead_s; /* shared with whoever writes the file */

static __attribute__((constructor)) void open_clock(void)
{
	const char *path = getenv("SOAK_CLOCK");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *page = fd < 0 ? MAP_FAILED
			    : mmap(NULL, sizeof(*ahead_s), PROT_READ, MAP_SHARED, fd, 0);

	if (page != MAP_FAILED)
		ahead_s = page;
	if (fd >= 0)
		close(fd);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	int err = (int)syscall(SYS_clock_gettime, id, out);

	if (!err && id == CLOCK_REALTIME && ahead_s)
		out->tv_sec += *ahead_s;
	return err;
}
