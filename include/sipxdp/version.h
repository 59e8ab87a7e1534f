/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIPXDP_VERSION_H
#define SIPXDP_VERSION_H

#define SIPXDP_VERSION "0.1.0"

#endif
