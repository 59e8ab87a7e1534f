/* SPDX-License-Identifier: GPL-2.0-only */
/* What the server's own messages say of the far side: a challenge makes it provisional, a 2xx to
 * REGISTER or INVITE makes it trusted, an INVITE or an answer to one makes its call known. */
#ifndef BPF_TRUST_H
#define BPF_TRUST_H

#include "backend.h"
#include "classify.h"
#include "dialog.h"
#include "source.h"

/* A table took no row: count it where status looks. */
static __always_inline void trust_count_full(__u32 counter)
{
	__u32 zero = 0;
	struct host_state *host = bpf_map_lookup_elem(&host_state, &zero);

	if (host)
		__sync_fetch_and_add((__u64 *)((char *)host + counter), 1);
}

/* The far side may ask a little more, for a while: it was challenged, or is being asked. */
static __always_inline void trust_provisional(const struct packet *pkt,
					      const struct sipxdp_peer *peer, __u32 proven)
{
	struct provisional *old = bpf_map_lookup_elem(&provisional, peer);
	__u64 until = pkt->f->now + pkt->cfg->provisional_ns;
	struct work *w = work_scratch();

	if (old && old->until_ns > pkt->f->now) {
		old->until_ns = until;
		if (proven)
			old->proven = 1;
	} else if (w) {
		w->row.provisional = (struct provisional){
			.since_ns = pkt->f->now,
			.until_ns = until,
			.proven = proven,
		};
		bpf_map_update_elem(&provisional, peer, &w->row.provisional, BPF_ANY);
	}
	trust_filter_set(pkt->cfg, &peer->addr);
}

/* The server has accepted the far side: at once and here, so that it holds under load and without
 * the daemon. A longer time that the daemon has set stays. What a REGISTER has earned the daemon corrects,
 * also downward, and so is to know what a call has. */
static __always_inline void trust_grant(const struct packet *pkt, const struct sipxdp_peer *peer,
					enum trust_origin origin)
{
	struct trusted *old = bpf_map_lookup_elem(&trusted, peer);
	__u64 until = pkt->f->now + pkt->cfg->trust_ns;
	__u32 called_s = origin == TRUST_REGISTER ? 0 : pkt->f->now / TRUST_CALLED_NS;
	struct work *w = work_scratch();

	if (old) {
		if (old->until_ns && old->until_ns < until)
			old->until_ns = until;
		if (called_s)
			old->called_s = called_s;
		old->vip = pkt->f->vip;
	} else if (w) {
		w->row.trusted = (struct trusted){
			.since_ns = pkt->f->now,
			.until_ns = until,
			.last_seen_ns = pkt->f->now,
			.origin = origin,
			.vip = pkt->f->vip,
			.called_s = called_s,
		};
		if (bpf_map_update_elem(&trusted, peer, &w->row.trusted, BPF_NOEXIST))
			trust_count_full(__builtin_offsetof(struct host_state, trusted_full));
	}
	trust_filter_set(pkt->cfg, &peer->addr);
}

/* A backend's calls are those that are not over. */
static __always_inline void trust_dialog_state(struct dialog *d, enum dialog_state state)
{
	__u32 was;

	if (d->state == state)
		return;
	was = __sync_lock_test_and_set((__u32 *)&d->state, state);
	if (was != DIALOG_TERMINATED && state == DIALOG_TERMINATED)
		backend_add_calls(d->backend, -1);
	else if (was == DIALOG_TERMINATED && state != DIALOG_TERMINATED)
		backend_add_calls(d->backend, 1);
}

/* A call that is over is taken up again by who calls or rings again, as after a challenge. One that had
 * stood is not: what comes then are late copies, of a server that was cut off meanwhile, say. */
static __always_inline bool trust_dialog_may_move(const struct dialog *d, enum dialog_state state)
{
	if (d->state == DIALOG_TERMINATED)
		return !d->acknowledged && !d->hangs_up;
	return state > d->state;
}

/* Has the server asked somebody else for the same call, who may yet take it? */
static __always_inline bool trust_is_fork(const struct dialog *d, const struct sipxdp_peer *peer)
{
	return d->from_server && d->state != DIALOG_TERMINATED &&
	       (d->forked || !peer_is_equal(&d->peer, peer));
}

static __always_inline void trust_dialog_again(const struct packet *pkt, struct dialog *old,
					       const struct sipxdp_peer *peer,
					       enum dialog_state state, bool from_server)
{
	if (from_server)
		old->forked = trust_is_fork(old, peer);
	if (trust_dialog_may_move(old, state))
		trust_dialog_state(old, state);
	if (!from_server)
		old->answers = 1;
	if (from_server) {
		old->peer = *peer;
		old->from_server = 1;
		old->vip = pkt->f->vip;
	}
	/* a pin stays: who else answers for a call is late. On a guard's host there is none. */
	if (pkt->f->backend && !backend_holds(backend_at(old->backend), pkt->f->service))
		backend_move_pin(pkt->f, old);
	old->last_seen_ns = pkt->f->now;
}

/* A call the server has a part in. */
static __always_inline void trust_dialog(const struct packet *pkt, __u64 call_id_hash,
					 const struct sipxdp_peer *peer, enum dialog_state state,
					 bool from_server)
{
	struct dialog_key key = dialog_key_of(call_id_hash, service_dialog_side(pkt));
	struct dialog *old = bpf_map_lookup_elem(&dialogs, &key);
	struct work *w = work_scratch();

	if (old)
		return trust_dialog_again(pkt, old, peer, state, from_server);
	if (!w)
		return;
	w->row.dialog = (struct dialog){
		.created_ns = pkt->f->now,
		.last_seen_ns = pkt->f->now,
		.peer = *peer,
		.state = state,
		.service = pkt->f->service,
		.from_server = from_server,
		.answers = !from_server,
		.backend = pkt->f->backend,
		.vip = pkt->f->vip,
	};
	if (bpf_map_update_elem(&dialogs, &key, &w->row.dialog, BPF_NOEXIST))
		trust_count_full(__builtin_offsetof(struct host_state, dialogs_full));
	else if (pkt->f->backend)
		backend_add_calls(pkt->f->backend, 1);
}

/* The server asks something outside of a call, a carrier whether it lives or the registrar it is a
 * client of: the answer is to find its way in when strangers are over their budget. Nobody is
 * trusted for it, and the row is that of a call which is over: it goes soon. It pins nothing by itself, as
 * backends may ask for one another. */
static __always_inline void trust_asked(const struct packet *pkt, const struct sipxdp_peer *peer,
					const struct scan *s)
{
	struct dialog_key key = dialog_key_of(s->call_id_hash, service_dialog_side(pkt));
	const struct trusted *known = bpf_map_lookup_elem(&trusted, peer);
	struct work *w = work_scratch();
	struct dialog *old;

	if (!w || !s->call_id_hash ||
	    (known && (!known->until_ns || known->until_ns > pkt->f->now)))
		return;
	old = bpf_map_lookup_elem(&dialogs, &key);
	if (old) {
		old->last_seen_ns = pkt->f->now;
		return;
	}
	w->row.dialog = (struct dialog){
		.created_ns = pkt->f->now,
		.last_seen_ns = pkt->f->now,
		.peer = *peer,
		.state = DIALOG_TERMINATED,
		.service = pkt->f->service,
		.vip = pkt->f->vip,
	};
	bpf_map_update_elem(&dialogs, &key, &w->row.dialog, BPF_NOEXIST);
}

/* A call has ended or failed: what follows (retransmissions, the last ACK) is known for a while. */
static __always_inline void trust_dialog_end(const struct packet *pkt, struct dialog *d)
{
	trust_dialog_state(d, DIALOG_TERMINATED);
	d->last_seen_ns = pkt->f->now;
}

static __always_inline struct dialog *trust_dialog_of(const struct packet *pkt,
						      const struct scan *s)
{
	struct dialog_key key = dialog_key_of(s->call_id_hash, service_dialog_side(pkt));

	return s->call_id_hash ? bpf_map_lookup_elem(&dialogs, &key) : NULL;
}

static __always_inline enum traffic_class trust_cseq_method(const struct scan *s)
{
	if (s->cseq_word == W6("INVITE") && s->cseq_method.length == 6)
		return CLASS_INVITE;
	if (s->cseq_word == W8("REGISTER") && s->cseq_method.length == 8)
		return CLASS_REGISTER;
	if (s->cseq_word == W3("BYE"))
		return CLASS_BYE;
	return CLASS_OTHER;
}

/* The server refuses an INVITE, or agrees that a call is over. What fails within a call that stands, a
 * re-INVITE say, leaves it as it is. */
static __always_inline void trust_learn_end(const struct packet *pkt, const struct scan *s,
					    enum traffic_class method)
{
	struct dialog *d = trust_dialog_of(pkt, s);

	if (d && (method == CLASS_BYE || d->state == DIALOG_EARLY))
		trust_dialog_end(pkt, d);
}

/* The server ends a call; it is over when the far side says so, or nothing more is heard of it (RFC 3261
 * section 15.1.1), which expiry sees to. */
static __always_inline void trust_learn_bye(const struct packet *pkt, const struct scan *s)
{
	struct dialog *d = trust_dialog_of(pkt, s);

	if (d) {
		d->hangs_up = 1;
		d->last_seen_ns = pkt->f->now;
	}
}

/* Learn from a message that the server sends. */
static __always_inline void trust_learn(struct packet *pkt, const struct scan *s)
{
	struct sipxdp_peer peer = { .port = pkt->f->dport };
	enum traffic_class method;

	peer.addr = pkt->f->daddr;
	if (pkt->f->class == CLASS_INVITE) {
		if (s->call_id_hash)
			trust_dialog(pkt, s->call_id_hash, &peer, DIALOG_EARLY, true);
		trust_provisional(pkt, &peer, 0);
		return;
	}
	if (pkt->f->class == CLASS_BYE)
		return trust_learn_bye(pkt, s);
	if (!class_is_response(pkt->f->class)) {
		if (class_is_request(pkt->f->class) && !dialog_always_has(pkt->f->class))
			trust_asked(pkt, &peer, s);
		return;
	}
	method = trust_cseq_method(s);
	if (method == CLASS_INVITE && pkt->f->class > CLASS_2XX)
		trust_learn_end(pkt, s, method);
	if (pkt->f->status == 401 || pkt->f->status == 407) {
		trust_provisional(pkt, &peer, 0);
		return;
	}
	if (method == CLASS_INVITE) {
		if (pkt->f->class == CLASS_2XX)
			trust_grant(pkt, &peer, TRUST_INVITE);
		if (!s->call_id_hash || pkt->f->status == 100)
			return;
		if (pkt->f->class <= CLASS_2XX)
			trust_dialog(pkt, s->call_id_hash, &peer,
				     pkt->f->class == CLASS_2XX ? DIALOG_CONFIRMED : DIALOG_EARLY,
				     false);
	} else if (method == CLASS_REGISTER && pkt->f->class == CLASS_2XX) {
		trust_grant(pkt, &peer, TRUST_REGISTER);
	} else if (method == CLASS_BYE && pkt->f->class == CLASS_2XX) {
		trust_learn_end(pkt, s, method);
	}
}

static __always_inline bool trust_is_from(const struct packet *pkt, const struct sipxdp_peer *peer)
{
	const struct sipxdp_addr *from = &pkt->f->saddr;

	return pkt->f->sport == peer->port && from->word[3] == peer->addr.word[3] &&
	       from->word[2] == peer->addr.word[2] && from->word[1] == peer->addr.word[1] &&
	       from->word[0] == peer->addr.word[0];
}

/* The far side answers an INVITE of the server: the call stands, or it is over if it was the server's
 * own and nobody else was asked, as a proxy may have done. */
static __always_inline void trust_learn_outcome(const struct packet *pkt, struct dialog *d)
{
	if (d->state != DIALOG_EARLY)
		return;
	if (pkt->f->class == CLASS_2XX)
		trust_dialog_state(d, DIALOG_CONFIRMED);
	else if (pkt->f->class > CLASS_2XX && !d->answers && !d->forked)
		trust_dialog_end(pkt, d);
}

/* Learn from a response that comes in: who answers an INVITE that the server sent, from where it
 * was sent to and with its Call-ID, is real. */
static __always_inline void trust_learn_answer(struct packet *pkt, const struct scan *s,
					       struct dialog *d)
{
	enum traffic_class method = trust_cseq_method(s);
	struct sipxdp_peer peer;
	bool asked;

	if (d->hangs_up && method == CLASS_BYE && pkt->f->class == CLASS_2XX)
		trust_dialog_end(pkt, d);
	if (!d->from_server || pkt->f->status == 100)
		return;
	asked = trust_is_from(pkt, &d->peer);
	if (method == CLASS_INVITE && (asked || d->forked))
		trust_learn_outcome(pkt, d);
	if (!asked || pkt->f->class > CLASS_2XX)
		return;
	source_peer(pkt, &peer);
	pkt->f->vip.addr = pkt->f->daddr; /* whom it answers */
	pkt->f->vip.port = pkt->f->dport;
	if (pkt->f->class == CLASS_2XX)
		trust_grant(pkt, &peer, TRUST_ANSWER);
	else
		trust_provisional(pkt, &peer, 1);
}

#endif
