// SPDX-License-Identifier: GPL-2.0-only
/* REGISTER, 401, REGISTER, 200. */
#include <inttypes.h>
#include <stdio.h>
#include "registration.h"

#define EXPIRES 600

/* challenge: the 401 to answer, or an empty text. */
static void send_register(struct registration *r, const struct phone *p, const struct site *site,
			  struct text challenge, int64_t now)
{
	struct transaction *t = &r->transaction;
	struct writer w = { .at = t->message, .room = sizeof(t->message) };
	char uri[sizeof("sip:") + 64];

	transaction_new(t, site, t->cseq + 1, false);
	snprintf(uri, sizeof(uri), "sip:%s", site->domain);
	put(&w, "REGISTER %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=%s;rport\r\n", uri, p->peer,
	    t->branch);
	put(&w, "Max-Forwards: 70\r\nFrom: <sip:%s@%s>;tag=r%" PRIx64 "\r\nTo: <sip:%s@%s>\r\n",
	    p->user, site->domain, site->run, p->user, site->domain);
	put(&w, "Call-ID: r-%s-%" PRIx64 "\r\nCSeq: %u REGISTER\r\n", p->user, site->run, t->cseq);
	put(&w, "Contact: <sip:%s@%s>\r\nExpires: %d\r\nUser-Agent: lab phone\r\n", p->user,
	    p->peer, EXPIRES);
	if (challenge.length)
		digest_answer(&w, challenge, &p->credentials, "REGISTER", uri);
	put(&w, "Content-Length: 0\r\n\r\n");
	t->length = w.length;
	transaction_send(t, p, site->give_up, now);
}

void registration_start(struct registration *r, const struct phone *p, const struct site *site,
			struct registration_tally *tally, int64_t now)
{
	r->started = now;
	r->answered = false;
	tally->tried++;
	send_register(r, p, site, (struct text){ NULL, 0 }, now);
}

void registration_tick(struct registration *r, const struct phone *p,
		       struct registration_tally *tally, int64_t now)
{
	switch (transaction_tick(&r->transaction, p, now)) {
	case TRANSACTION_WAITS: break;
	case TRANSACTION_SENT_AGAIN: tally->sent_again++; break;
	case TRANSACTION_TIMED_OUT: failures_add(&tally->failures, CAUSE_TIMEOUT); break;
	}
}

void registration_response(struct registration *r, const struct phone *p, const struct site *site,
			   struct registration_tally *tally, struct text response, int64_t now)
{
	unsigned int status = message_status(response);
	bool was_active = r->transaction.active;

	if (!transaction_takes(&r->transaction, response) || !was_active || status < 200)
		return;
	if (status == 401 && !r->answered) {
		r->answered = true;
		send_register(r, p, site, response, now);
	} else if (status < 300) {
		r->registered = true;
		tally->registered++;
		durations_add(&tally->took, now - r->started);
	} else {
		failures_add(&tally->failures, status);
	}
}
