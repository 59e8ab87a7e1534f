/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading whole files of bounded size. */
#include "policy/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES 65536

/* Whether it ends is seen by reading: a size from fstat() may be old, or 0 for /proc. */
static int read_all(int fd, size_t max, char **out, size_t *len)
{
	char *bytes = NULL;
	size_t used = 0;
	ssize_t got;

	do {
		char *more = realloc(bytes, used + CHUNK_BYTES);

		if (!more) {
			free(bytes);
			return -ENOMEM;
		}
		bytes = more;
		got = TEMP_FAILURE_RETRY(read(fd, bytes + used, CHUNK_BYTES));
		if (got > 0)
			used += (size_t)got;
	} while (got > 0 && used <= max);

	if (got < 0 || used > max) {
		int err = got < 0 ? -errno : -EFBIG;

		free(bytes);
		return err;
	}
	*out = bytes;
	*len = used;
	return 0;
}

int config_file_read(const char *path, size_t max, bool regular_only, char **out, size_t *len)
{
	struct stat status;
	int err, fd;

	/* O_NONBLOCK lets the open of a FIFO come back, so that it can be refused. */
	fd = open(path, O_RDONLY | O_CLOEXEC | (regular_only ? O_NONBLOCK : 0));
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		err = -errno;
	else if (S_ISDIR(status.st_mode))
		err = -EISDIR;
	else if (regular_only && !S_ISREG(status.st_mode))
		err = -EINVAL;
	else
		err = read_all(fd, max, out, len);
	close(fd);
	return err;
}
