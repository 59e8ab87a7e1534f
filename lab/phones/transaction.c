// SPDX-License-Identifier: GPL-2.0-only
/* Client transactions: retransmission and matching. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "transaction.h"

#define T1 (500 * NSEC_PER_MSEC)
#define T2 (4000 * NSEC_PER_MSEC)

void transaction_new(struct transaction *t, const struct site *site, uint32_t cseq, bool invite)
{
	static uint32_t serial;

	snprintf(t->branch, sizeof(t->branch), "z9hG4bK%" PRIx64 ".%x", site->run, ++serial);
	t->cseq = cseq;
	t->invite = invite;
}

void transaction_send(struct transaction *t, const struct phone *p, int64_t give_up, int64_t now)
{
	t->active = true;
	t->provisional = false;
	t->interval = T1;
	t->resend_at = now + T1;
	t->give_up_at = now + give_up;
	phone_send(p, t->message, t->length);
}

enum transaction_event transaction_tick(struct transaction *t, const struct phone *p, int64_t now)
{
	if (!t->active)
		return TRANSACTION_WAITS;
	if (now >= t->give_up_at) {
		t->active = false;
		return TRANSACTION_TIMED_OUT;
	}
	if (now < t->resend_at || (t->invite && t->provisional))
		return TRANSACTION_WAITS;
	t->interval *= 2;
	if (!t->invite && (t->interval > T2 || t->provisional))
		t->interval = T2;
	t->resend_at = now + t->interval;
	phone_send(p, t->message, t->length);
	return TRANSACTION_SENT_AGAIN;
}

bool transaction_takes(struct transaction *t, struct text response)
{
	struct text via, branch, method;
	uint32_t cseq;

	if (!message_header(response, "Via", 0, &via) || !text_parameter(via, "branch", &branch) ||
	    !text_equals(branch, t->branch) || !message_cseq(response, &cseq, &method) ||
	    cseq != t->cseq)
		return false;
	if (message_status(response) < 200)
		t->provisional = true;
	else
		t->active = false;
	return true;
}

void acknowledge_failure(const struct phone *p, struct text response)
{
	struct text via, branch, from, to, uri, call_id, method;
	char message[MESSAGE_MAX];
	struct writer w = { .at = message, .room = sizeof(message) };
	uint32_t cseq;

	if (!message_header(response, "Via", 0, &via) || !text_parameter(via, "branch", &branch) ||
	    !message_header(response, "From", 0, &from) ||
	    !message_header(response, "To", 0, &to) ||
	    !message_header(response, "Call-ID", 0, &call_id) ||
	    !message_cseq(response, &cseq, &method))
		return;
	uri = text_uri(to); /* outside of a dialog a phone's Request-URI and To are the same */
	put(&w, "ACK %.*s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%.*s;rport\r\nMax-Forwards: 70\r\n",
	    (int)uri.length, uri.at, p->peer, (int)branch.length, branch.at);
	put(&w, "From: %.*s\r\nTo: %.*s\r\nCall-ID: %.*s\r\nCSeq: %u ACK\r\n", (int)from.length,
	    from.at, (int)to.length, to.at, (int)call_id.length, call_id.at, cseq);
	put(&w, "Content-Length: 0\r\n\r\n");
	phone_send(p, w.at, w.length);
}
