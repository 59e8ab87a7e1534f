/* SPDX-License-Identifier: GPL-2.0-only */
/* The user part of a URI, to balance by: of From, To or the Request-URI (RFC 3261 section 19.1.1).
 * It is what stands between the scheme and '@', without a password; without '@' it is the number of
 * a tel URI (RFC 3966), or the host. It is taken as it is written: in a user part case matters, and
 * an escape is not the octet it stands for. */
#ifndef BPF_USER_KEY_H
#define BPF_USER_KEY_H

#include "scan.h"

#define USER_KEY_OCTETS 192 /* of a header's value that are looked at */

/* An automaton over octets, as the scanner has one for parameters. */
enum user_class {
	UC_OTHER,
	UC_QUOTE,
	UC_ESCAPE,
	UC_LESS,
	UC_COLON,
	UC_AT,
	UC_SEMICOLON,
	UC_END, /* '>', blanks, line ends */
};

static const __u8 user_class[256] = {
	['"'] = UC_QUOTE, ['\\'] = UC_ESCAPE,	['<'] = UC_LESS, [':'] = UC_COLON,
	['@'] = UC_AT,	  [';'] = UC_SEMICOLON, ['>'] = UC_END,	 [' '] = UC_END,
	['\t'] = UC_END,  ['\r'] = UC_END,	['\n'] = UC_END,
};

enum user_state {
	US_NAME,     /* a display name, or a scheme without '<' */
	US_QUOTED,   /* within quotes of a display name */
	US_ESCAPED,  /* behind a backslash there */
	US_SCHEME,   /* behind '<' */
	US_COLON,    /* the scheme's colon */
	US_USER,     /* user, or host if no '@' comes */
	US_PARAMS,   /* behind ';' of either */
	US_PASSWORD, /* behind ':' of either: password, or port */
	US_AT,
	US_OVER, /* it ended without '@' */
	US_COUNT,
};

#define USER_NEXT(s, c)                                                                            \
	((s) == US_NAME			     ? ((c) == UC_QUOTE	  ? US_QUOTED                      \
						: (c) == UC_LESS  ? US_SCHEME                      \
						: (c) == UC_COLON ? US_COLON                       \
								  : US_NAME)                       \
	 : (s) == US_QUOTED		     ? ((c) == UC_QUOTE	   ? US_NAME                       \
						: (c) == UC_ESCAPE ? US_ESCAPED                    \
								   : US_QUOTED)                    \
	 : (s) == US_ESCAPED		     ? US_QUOTED                                           \
	 : (s) == US_SCHEME		     ? ((c) == UC_COLON ? US_COLON : US_SCHEME)            \
	 : (s) == US_COLON || (s) == US_USER ? ((c) == UC_AT	      ? US_AT                      \
						: (c) == UC_COLON     ? US_PASSWORD                \
						: (c) == UC_SEMICOLON ? US_PARAMS                  \
						: (c) == UC_END	      ? US_OVER                    \
								      : US_USER)                         \
	 : (s) == US_PARAMS		     ? ((c) == UC_AT			   ? US_AT         \
						: (c) == UC_COLON		   ? US_PASSWORD   \
						: (c) == UC_END || (c) == UC_QUOTE ? US_OVER       \
										   : US_PARAMS)    \
	 : (s) == US_PASSWORD		     ? ((c) == UC_AT			   ? US_AT         \
						: (c) == UC_END || (c) == UC_QUOTE ? US_OVER       \
										   : US_PASSWORD)  \
					     : (s))

#define USER_ROW(s)                                                                                \
	[s] = { USER_NEXT(s, UC_OTHER),	    USER_NEXT(s, UC_QUOTE), USER_NEXT(s, UC_ESCAPE),       \
		USER_NEXT(s, UC_LESS),	    USER_NEXT(s, UC_COLON), USER_NEXT(s, UC_AT),           \
		USER_NEXT(s, UC_SEMICOLON), USER_NEXT(s, UC_END) }

static const __u8 user_next[16][8] = {
	USER_ROW(US_NAME),  USER_ROW(US_QUOTED), USER_ROW(US_ESCAPED), USER_ROW(US_SCHEME),
	USER_ROW(US_COLON), USER_ROW(US_USER),	 USER_ROW(US_PARAMS),  USER_ROW(US_PASSWORD),
	USER_ROW(US_AT),    USER_ROW(US_OVER),
};

/* The user part in the value `in`, into *user. s->last keeps where each state was last. */
static __always_inline void user_key_find(const struct scan_text *t, struct scan *s,
					  const struct scan_field *in, struct scan_field *user)
{
	__u64 offset = in->offset, to = in->offset + in->length, state = SCAN_ZERO(s), end;
	__u16 *last = s->last;
	const char *p;
	__u32 i;

	for (i = 0; i < 32; i++)
		last[i] = 0;
	for (i = 0; i < USER_KEY_OCTETS; i++) {
		if (offset >= to)
			break;
		SCAN_CLIP(offset);
		p = t->msg + offset;
		if (p + 1 > t->end)
			break;
		state = user_next[state & 15][user_class[(__u8)*p] & 7];
		offset++;
		last[state & 15] = offset;
		if (state == US_AT || state == US_OVER)
			break;
	}
	end = last[US_USER];
	if (last[US_AT] && last[US_PARAMS] > end)
		end = last[US_PARAMS]; /* a user part may have parameters of its own */
	user->offset = last[US_COLON];
	user->length = end > last[US_COLON] ? end - last[US_COLON] : 0;
	SCAN_SETTLE();
}

/* The Request-URI: what is between the method and the version. */
static __always_inline void user_key_request_uri(const struct scan *s, struct scan_field *value)
{
	__u64 from = s->cseq_method.length + 1U, version = sizeof(" SIP/2.0") - 1;

	value->offset = from;
	value->length = s->start_line > from + version ? s->start_line - from - version : 0;
}

/* Hash of the user part that `key` (enum balance_key) names, into work->user_hash; 0: there is none.
 * A global function: seldom called, and with loops. */
__noinline int user_key(struct xdp_md *ctx, __u32 key)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct work *w = work_scratch();
	const struct settings *cfg;
	struct scan_text text;
	struct scan *s;
	__u32 zero = 0;

	cfg = bpf_map_lookup_elem(&settings, &zero);
	if (!w || !cfg)
		return 0;
	s = &w->scan;
	w->user_hash = 0;
	w->user_value = (struct scan_field){ 0 };
	scan_text(&text, data, data_end, w->facts.text_offset);
	if (key == KEY_RURI_USER)
		user_key_request_uri(s, &w->user_value);
	else if (key == KEY_TO_USER)
		scan_value(&text, s, SLOT_TO, &w->user_value);
	else
		scan_value(&text, s, SLOT_FROM, &w->user_value);
	SCAN_SETTLE();
	user_key_find(&text, s, &w->user_value, &w->user_value);
	if (w->user_value.length)
		w->user_hash = scan_hash(&text, s, w->user_value, cfg->hash_key);
	return 0;
}

#endif
