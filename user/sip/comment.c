/* SPDX-License-Identifier: GPL-2.0-only */
/* comment = LPAREN *(ctext / quoted-pair / comment) RPAREN; nesting is counted, not recursed into.
 */
#include "sip/comment.h"

#define RFC "RFC 3261 25.1"

bool sip_take_comment(struct sip_cursor *c, struct sip_slice *content)
{
	uint32_t from = c->at, at = from, depth = 0;

	do {
		if (at >= c->end)
			return sip_fail(c, from, RFC, "comment without its closing parenthesis");
		if (c->text[at] == '(')
			depth++;
		else if (c->text[at] == ')')
			depth--;
		else if (c->text[at] == '\\')
			at++;
		if (depth > SIP_COMMENT_DEPTH_MAX)
			return sip_fail(c, at, RFC, "comments nested more than 16 deep");
		at++;
	} while (depth);
	*content = sip_slice_of(from + 1, at - 1);
	c->at = at;
	return true;
}
