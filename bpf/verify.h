/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BPF_VERIFY_H
#define BPF_VERIFY_H
#include "packet.h"
#endif
