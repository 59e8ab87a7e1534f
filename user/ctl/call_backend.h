/* SPDX-License-Identifier: GPL-2.0-only */
/* On which backend a call is. */
#ifndef SIPXDP_CTL_CALL_BACKEND_H
#define SIPXDP_CTL_CALL_BACKEND_H

#include <stdbool.h>

#include "plane/maps.h"

#define CALL_BACKEND_SIZE (BACKEND_NAME + 1)

/* Does any service balance? */
bool call_backends_in_use(const struct maps *maps);

/* The backend's name, NUL-terminated. False: the call is on none, as far as the kernel knows. */
bool call_backend(const struct maps *maps, const struct call_key *key, char out[CALL_BACKEND_SIZE]);

#endif
