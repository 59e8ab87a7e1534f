/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading whole files of bounded size. */
#ifndef SIPXDP_POLICY_CONFIG_FILE_H
#define SIPXDP_POLICY_CONFIG_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads the file into new memory (*out, to be freed; not NUL-terminated). With regular_only, what
 * could block or never end (a FIFO, a device) is refused with -EINVAL. 0 or -errno; -EFBIG: it is
 * larger than max bytes.
 */
int config_file_read(const char *path, size_t max, bool regular_only, char **out, size_t *len);

#endif
