/* SPDX-License-Identifier: GPL-2.0-only */
/* Why a packet was let through or dropped: the columns of `counters`. Append-only: a retired
 * reason keeps its number. */
#ifndef SIPXDP_REASON_H
#define SIPXDP_REASON_H

/* X(id, name, help) */
#define PASS_REASONS(X)                                                                            \
	X(UNKNOWN, unknown, "unknown source, within its limits")                                   \
	X(EXEMPT, exempt, "source in an exempt network, within its own budget")                    \
	X(PROVISIONAL, provisional, "source that was challenged or answered us, small budget")     \
	X(TRUSTED, trusted, "source that has registered or set up a call, within its budget")      \
	X(DIALOG, dialog, "belongs to a known dialog, within the dialog's budget")                 \
	X(KEEPALIVE, keepalive, "keepalive within its limits")                                     \
	X(FRAGMENT, fragment, "later fragment of a packet that was let through")                   \
	X(UNORDERED, unordered, "fragment that came before its first one, within the budget")      \
	X(UNDECIDED, undecided, "header beyond the kernel's reach, within the budget of that way") \
	X(STREAM, stream, "TCP or TLS, source not banned or denied")                               \
	X(EMERGENCY, emergency, "emergency call within the emergency budget")                      \
	X(MALFORMED, malformed, "malformed, within the malformed budget")

#define DROP_REASONS(X)                                                                            \
	X(DAMAGED, damaged, "IP or UDP header contradicts itself or the frame")                    \
	X(DENIED, denied, "source in a deny network")                                              \
	X(FEED, feed, "source in a feed network")                                                  \
	X(BANNED, banned, "source is banned")                                                      \
	X(SCANNER, scanner, "User-Agent of a scanner")                                             \
	X(GARBAGE_LIMIT, garbage_limit, "garbage or malformed, source over its malformed limit")   \
	X(SOURCE_LIMIT, source_limit, "unknown source over its own limit")                         \
	X(PREFIX_LIMIT, prefix_limit, "network (/24, /48) over its limit")                         \
	X(UNKNOWN_LIMIT, unknown_limit, "all unknown sources together over their budget")          \
	X(TRUSTED_LIMIT, trusted_limit, "trusted or exempt source over its larger limit")          \
	X(PROVISIONAL_LIMIT, provisional_limit, "provisional source over its small limit")         \
	X(TOTAL_LIMIT, total_limit, "service over its ceiling for this class")                     \
	X(SHED, shed, "service near its overall ceiling, less urgent message shed")                \
	X(FRAGMENT, fragment_dropped, "later fragment of a packet that was dropped")               \
	X(UNORDERED_LIMIT, unordered_limit, "fragment before its first one, over the budget")      \
	X(UNDECIDED_LIMIT, undecided_limit, "header beyond the kernel's reach, over the budget")   \
	X(SYN_LIMIT, syn_limit, "source opens connections over its limit")                         \
	X(UNPROVEN, unproven, "source not proven under attack, asked to prove itself")             \
	X(UNPROVEN_LIMIT, unproven_limit, "source not proven under attack, question not sent")     \
	X(PROOF, proof, "answer to a proof of source, taken out of the stream")                    \
	X(INTERNAL, internal, "a map that must be there was not")                                  \
	X(NO_BACKEND, no_backend, "balanced service, and no backend is up")                        \
	X(UNREACHABLE, unreachable, "no way to the backend that was chosen")                       \
	X(HOP_LIMIT, hop_limit, "balanced packet with no hop left")                                \
	X(TOO_BIG, too_big, "too big for the tunnel to the backend, sender told so")               \
	X(FRAGMENT_LIMIT, fragment_limit, "message in fragments, unknown sources over their share")

/* Pass reasons are 0..31, drop reasons 32..63: one number, one array. */
#define REASON_DROP_BASE 32
#define REASON_SLOTS	 64

enum reason {
#define X(id, name, help) PASS_##id,
	PASS_REASONS(X)
#undef X
		PASS_REASON_COUNT,
	REASON_BEFORE_DROPS = REASON_DROP_BASE - 1,
#define X(id, name, help) DROP_##id,
	DROP_REASONS(X)
#undef X
		REASON_END,
};

_Static_assert((int)PASS_REASON_COUNT <= REASON_DROP_BASE, "pass reasons outgrew their slots");
_Static_assert((int)REASON_END <= REASON_SLOTS, "drop reasons outgrew their slots");

/* Reasons whose drops are withheld (monitor mode): a bit for each drop reason. */
#define MONITOR_BIT(reason) (1U << ((reason)-REASON_DROP_BASE))
#define MONITOR_ALL	    0xffffffffU

/* What was done: the last word on a packet, in `counters` and in tap records. */
#define VERDICTS(X)                                                                                \
	X(PASS, "pass", "let through")                                                             \
	X(DROP, "drop", "dropped")                                                                 \
	X(TX, "tx", "sent back or on by XDP")                                                      \
	X(WOULD_DROP, "would-drop", "let through in monitor mode, would have been dropped")

enum verdict {
#define X(id, name, help) VERDICT_##id,
	VERDICTS(X)
#undef X
		VERDICT_COUNT,
};

#endif
