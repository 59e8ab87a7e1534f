/* SPDX-License-Identifier: GPL-2.0-only */
/* How user/plane holds libbpf's and libxdp's own messages; not for the rest of the program. */
#ifndef SIPXDP_PLANE_LOG_LIBRARY_H
#define SIPXDP_PLANE_LOG_LIBRARY_H

#include <stdbool.h>

/* Takes over the printers of both libraries. */
void log_libraries(void);

/* While quiet, libbpf's warnings are debug messages: for attempts that may well fail. */
void log_library_quiet(bool quiet);

#endif
