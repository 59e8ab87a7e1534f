/* SPDX-License-Identifier: GPL-2.0-only */
/* The capabilities that loading and attaching want. */
#ifndef SIPXDP_PLANE_RIGHTS_NEEDED_H
#define SIPXDP_PLANE_RIGHTS_NEEDED_H

/* 0; -EPERM after an error line that names what is missing. */
int rights_needed(void);

#endif
