// SPDX-License-Identifier: GPL-2.0-only
/* The header scanner on any octets: no read outside of them, every field within them, the same
 * answer as the full parser, and the same from the part of a message that a frame holds. */
#include "mutate_sip.h"
#include "scan_oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	__builtin_trap();
}

static void within(struct scan_field field, size_t size)
{
	require((size_t)field.offset + field.length <= size, "a field lies outside of the message");
}

static void check_fields(const struct scan *s, size_t size)
{
	const struct scan_field fields[] = {
		s->call_id, s->branch,	   s->cseq_method,  s->from_tag,
		s->to_tag,  s->user_agent, s->max_forwards, s->content_length,
		s->via,	    s->from,	   s->to,	    s->cseq,
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		within(fields[i], size);
	require(!(s->flags & SCAN_COMPLETE) || s->body <= size, "the body lies outside");
	require(s->flags & (SCAN_COMPLETE | SCAN_BEYOND | SCAN_BROKEN), "no answer at all");
	require((s->call_id.length != 0) == (s->call_id_hash != 0), "hash without a Call-ID");
}

/* A frame that holds the message's headers, but not its whole body, says the same of them. */
static void check_cut(const char *text, const struct scan *whole, size_t size, uint8_t pick)
{
	size_t kept = whole->flags & SCAN_COMPLETE ? whole->body + pick % (size - whole->body + 1)
						   : pick * (size / 256);
	char *cut;
	struct scan s;

	if (!kept)
		return;
	cut = malloc(kept);
	memcpy(cut, text, kept);
	scan_oracle_run(cut, kept, size, &s);
	check_fields(&s, kept);
	/* below SCAN_MIN octets nothing is looked at, near SCAN_REACH the end may be out of reach
	 */
	if (kept >= SCAN_MIN && whole->flags & SCAN_COMPLETE && !(whole->flags & SCAN_BEYOND) &&
	    !(s.flags & SCAN_BEYOND)) {
		require(!memcmp(&s.call_id, &whole->call_id,
				offsetof(struct scan, call_id_hash) -
					offsetof(struct scan, call_id)),
			"a cut body changes what the headers say");
		require(s.call_id_hash == whole->call_id_hash, "a cut body changes the hash");
		require((s.flags | SCAN_CUT) == (whole->flags | SCAN_CUT),
			"a cut body changes the flags");
	}
	free(cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scan_complaint complaint;
	struct scan s;
	char *text;

	/* The last octet picks where to cut; leading CRLFs are taken off by who calls the scanner.
	 */
	while (size > 2 && data[0] == '\r' && data[1] == '\n') {
		data += 2;
		size -= 2;
	}
	if (size < 2 || size > SIP_MESSAGE_MAX)
		return 0;
	text = malloc(size); /* of the exact size, for the sanitizer to see a read behind it */
	memcpy(text, data, size);
	complaint = scan_oracle(text, size, &s);
	if (complaint.what) {
		scan_complaint_print(&complaint, stderr);
		__builtin_trap();
	}
	check_fields(&s, size);
	check_cut(text, &s, size, data[size - 1]);
	free(text);
	return 0;
}
