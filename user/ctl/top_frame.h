/* SPDX-License-Identifier: GPL-2.0-only */
/* Draws what `top` has seen as lines of printable ASCII, for a terminal or a file of any size. */
#ifndef SIPXDP_CTL_TOP_FRAME_H
#define SIPXDP_CTL_TOP_FRAME_H

#include "ctl/top.h"

#define TOP_LINES_MAX 200
#define TOP_WIDTH_MAX 240
#define TOP_WIDTH_MIN 40

enum top_style {
	TOP_PLAIN,
	TOP_BOLD, /* the first line */
	TOP_HEAD, /* names of columns */
	TOP_WARN, /* something that asks to be looked at */
};

struct top_line {
	enum top_style style;
	char text[TOP_WIDTH_MAX + 1];
};

struct top_frame {
	size_t width, height; /* as wanted, within the limits above */
	size_t count;	      /* lines, at most height */
	struct top_line lines[TOP_LINES_MAX];
};

/* Sources and calls share what height the rest leaves. by_drops: how the sources are ordered. */
void top_draw(const struct top_view *view, bool by_drops, size_t width, size_t height,
	      struct top_frame *frame);

#endif
