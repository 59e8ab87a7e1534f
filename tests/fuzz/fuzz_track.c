/* SPDX-License-Identifier: GPL-2.0-only */
/* Fuzzes the tracker: the input is a play of messages, pauses and restarts. Each step is an octet
 * that says what, and the octets it needs; messages are put together from a few tags, branches and
 * contacts, so that they meet, or taken from the input as they are. Held against all of it: records
 * are whole, as many as the tracker says, and no call outlives its times. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "track/record.h"
#include "track/track.h"

#define RECORDS	  128
#define TABLE	  16 /* small, so that it fills */
#define TEXT	  2048
#define SECOND	  1000000000ull
#define IDLE_NS	  (3600 * SECOND)
#define STEPS_MAX 400

struct store {
	uint64_t key[RECORDS];
	size_t size;
	size_t count;
	char records[RECORDS][sizeof(struct registration_record)];
};
_Static_assert(sizeof(struct registration_record) >= sizeof(struct call_record), "room");

static struct store calls = { .size = sizeof(struct call_record) };
static struct store registrations = { .size = sizeof(struct registration_record) };
static bool map_full, map_was_full;

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

#define REQUIRE(x) require(x, #x)

static size_t find(const struct store *s, uint64_t key)
{
	size_t i = 0;

	while (i < s->count && s->key[i] != key)
		i++;
	return i;
}

static int put(struct store *s, uint64_t key, const void *record)
{
	size_t i = find(s, key);

	if (i == s->count && (map_full || s->count == RECORDS))
		return -E2BIG;
	s->count += i == s->count;
	s->key[i] = key;
	memcpy(s->records[i], record, s->size);
	return 0;
}

static int get(const struct store *s, uint64_t key, void *record)
{
	size_t i = find(s, key);

	if (i == s->count)
		return -ENOENT;
	memcpy(record, s->records[i], s->size);
	return 0;
}

static void delete (struct store *s, uint64_t key)
{
	size_t i = find(s, key);

	if (i == s->count)
		return;
	s->count--;
	s->key[i] = s->key[s->count];
	memmove(s->records[i], s->records[s->count], s->size);
}

#define IS_TEXT(field) (memchr((field), 0, sizeof(field)) != NULL)

static int call_put(void *context, const struct call_key *key, const struct call_record *r)
{
	bool over = r->state == CALL_ENDED || r->state == CALL_FAILED;
	bool up = r->state == CALL_ANSWERED || r->state == CALL_CONFIRMED;

	(void)context;
	REQUIRE(IS_TEXT(r->call_id) && IS_TEXT(r->from) && IS_TEXT(r->to));
	REQUIRE(IS_TEXT(r->source) && IS_TEXT(r->destination));
	REQUIRE(r->call_id[0] && r->from[0] && r->to[0] && r->source[0]);
	REQUIRE(r->state <= CALL_FAILED);
	REQUIRE(over == (r->ended_unix_ns != 0));
	REQUIRE(!up || r->answered_unix_ns);
	REQUIRE(r->state != CALL_FAILED || !r->answered_unix_ns);
	REQUIRE(r->retransmissions < r->messages);
	return put(&calls, key->call_id_hash, r);
}

static int call_get(void *context, const struct call_key *key, struct call_record *r)
{
	(void)context;
	return get(&calls, key->call_id_hash, r);
}

static void call_delete(void *context, const struct call_key *key)
{
	(void)context;
	delete (&calls, key->call_id_hash);
}

static int registration_put(void *context, const struct registration_key *key,
			    const struct registration_record *r)
{
	(void)context;
	REQUIRE(IS_TEXT(r->aor) && IS_TEXT(r->contact) && IS_TEXT(r->source));
	REQUIRE(IS_TEXT(r->user_agent) && IS_TEXT(r->call_id));
	REQUIRE(r->aor[0] && r->contact[0]);
	REQUIRE(r->expires_s != 0);
	return put(&registrations, key->binding_hash, r);
}

static int registration_get(void *context, const struct registration_key *key,
			    struct registration_record *r)
{
	(void)context;
	return get(&registrations, key->binding_hash, r);
}

static void registration_delete(void *context, const struct registration_key *key)
{
	(void)context;
	delete (&registrations, key->binding_hash);
}

/* What the kernel knows changes from call to call, and is not always true. */
static unsigned int dialogs;
static uint64_t dialog_seen_ns;

static enum track_dialog call_dialog(void *context, const struct call_key *key, uint64_t *seen_ns)
{
	(void)context;
	*seen_ns = dialog_seen_ns;
	return (key->call_id_hash >> 7 & 3) == 3 ? (enum track_dialog)(dialogs & 3)
						 : TRACK_DIALOG_UNKNOWN;
}

/* The longest that the records say of a peer. */
static uint32_t registered_seconds(const struct sipxdp_peer *peer, uint64_t now_ns)
{
	char source[RECORD_PEER];
	uint64_t until_ns = now_ns;
	struct registration_record r;

	record_peer(source, sizeof(source), peer);
	for (size_t i = 0; i < registrations.count; i++) {
		memcpy(&r, registrations.records[i], sizeof(r));
		if (!strcmp(r.source, source) && r.expires_unix_ns > until_ns)
			until_ns = r.expires_unix_ns;
	}
	return (uint32_t)((until_ns - now_ns + SECOND - 1) / SECOND);
}

static void take_fact(void *context, const struct track_fact *fact)
{
	(void)context;
	REQUIRE(fact->kind <= TRACK_FOUND);
	REQUIRE(fact->status >= 200 && fact->status <= 699);
	if (fact->kind == TRACK_REGISTERED && !fact->untracked && !map_was_full)
		REQUIRE(fact->seconds == registered_seconds(&fact->peer, fact->now_ns));
}

static const struct track_sink sink = {
	.call_put = call_put,
	.call_get = call_get,
	.call_delete = call_delete,
	.call_dialog = call_dialog,
	.registration_put = registration_put,
	.registration_get = registration_get,
	.registration_delete = registration_delete,
	.fact = take_fact,
};

static const struct track_config config = {
	.calls = TABLE,
	.registrations = TABLE,
	.transactions = TABLE,
	.idle_ns = IDLE_NS,
	.seed = { 1, 2 },
};

/* The input, octet by octet; 0 once it is used up. */
struct input {
	const uint8_t *data;
	size_t length;
};

static unsigned int take(struct input *in, unsigned int below)
{
	if (!in->length)
		return 0;
	in->length--;
	return *in->data++ % below;
}

static const char *const methods[] = { "INVITE",    "ACK",     "BYE",	  "CANCEL",
				       "REGISTER",  "UPDATE",  "OPTIONS", "PRACK",
				       "SUBSCRIBE", "STRANGE", "REFER" };
static const char *const tags[] = { "", ";tag=A", ";tag=B", ";tag=B2", ";tag=C", ";tag=A2" };
static const char *const branches[] = { ";branch=z9hG4bKa", ";branch=z9hG4bKb",
					";branch=z9hG4bKc", "",
					";branch=1",	    ";branch=z9hG4bK" };
static const unsigned int statuses[] = { 100, 180, 183, 200, 202, 302, 401, 403,
					 404, 407, 422, 481, 486, 487, 503, 603 };
static const char *const uris[] = {
	"sip:alice@example.com",
	"sip:bob@EXAMPLE.com",
	"sip:%61lice@example.com;transport=tcp",
	"tel:+15551234567",
	"sip:a@[2001:db8::1]:5070;ob",
	"urn:service:sos",
	"sips:user:password@host-with-a-rather-long-name.example.com:65535;lr?Subject=x",
};
static const char *const contacts[] = {
	"",
	"Contact: *\r\nExpires: 0\r\n",
	"Contact: <sip:a@192.0.2.1>;expires=60\r\n",
	"Contact: <sip:a@192.0.2.1>;expires=0\r\n",
	"Contact: <sip:b@192.0.2.2>, <sip:a@192.0.2.1>;q=0.7\r\nExpires: 4294967295\r\n",
	"Contact: <sip:c@192.0.2.3;x=y>\r\nExpires: 1\r\n",
	"Contact: <sip:c@192.0.2.4>;+sip.instance=\"<urn:x>\";reg-id=1;expires=60\r\n"
	"Path: <sip:p@192.0.2.9;lr>\r\n",
};
#define SDP(direction)                                                                             \
	"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"                \
	"m=audio 4000 RTP/AVP 8\r\na=" direction "\r\n"
static const char *const bodies[] = {
	"", "", "", SDP("sendrecv"), SDP("sendonly"), "v=0\r\n", "m=audio 0 RTP/AVP 0\r\n"
};
static const char *const extras[] = {
	"Session-ID: ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000\r\n",
	"", "Authorization: Digest username=\"a\"\r\n", "Session-Expires: 90\r\n",
	"User-Agent: U\r\n"
};

#define PICK(in, list) ((list)[take(in, sizeof(list) / sizeof((list)[0]))])

static int compose(struct input *in, char text[TEXT])
{
	const char *method = PICK(in, methods);
	unsigned int status = take(in, 3) ? 0 : PICK(in, statuses);
	const char *body = PICK(in, bodies);
	char start[256];

	if (status)
		snprintf(start, sizeof(start), "SIP/2.0 %u x", status);
	else
		snprintf(start, sizeof(start), "%s %s SIP/2.0", method, PICK(in, uris));
	return snprintf(text, TEXT,
			"%s\r\nVia: SIP/2.0/UDP 192.0.2.%u%s\r\nMax-Forwards: 9\r\n"
			"From: <%s>%s\r\nTo: <%s>%s\r\nCall-ID: c%u\r\nCSeq: %u %s\r\n%s%s"
			"%sContent-Length: %zu\r\n\r\n%s",
			start, take(in, 3), PICK(in, branches), PICK(in, uris), PICK(in, tags),
			PICK(in, uris), PICK(in, tags), take(in, 4), take(in, 4), method,
			PICK(in, contacts), PICK(in, extras),
			*body ? "Content-Type: application/sdp\r\n" : "", strlen(body), body);
}

/* The next octets of the input themselves. */
static int quote(struct input *in, char text[TEXT])
{
	size_t length = 8u * take(in, 256);

	if (length > in->length)
		length = in->length;
	memcpy(text, in->data, length);
	in->data += length;
	in->length -= length;
	return (int)length;
}

static uint64_t call_id_hash(const struct sip_message *m)
{
	uint64_t h = 14695981039346656037u;

	for (unsigned int i = 0; i < m->call_id.length; i++)
		h = (h ^ (uint8_t)sip_message_text(m, m->call_id)[i]) * 1099511628211u;
	return h;
}

static void message(struct track *t, struct input *in, const char *text, int length,
		    uint64_t now_ns)
{
	static struct sip_message m;
	struct track_arrival arrival = {
		.now_ns = now_ns,
		.peer = { .addr = { { 0, 0, htonl(0xffff), htonl(0xc0000200 + take(in, 3)) } },
			  .port = htons(5060) },
		.server = { .addr = { { htonl(0x20010db8), 0, 0, 1 } }, .port = htons(5060) },
		.service = take(in, 2),
		.direction = take(in, 2) ? TRACK_TO_SERVER : TRACK_FROM_SERVER,
	};
	char *copy = malloc((size_t)length + 1); /* so that reading beyond it is noticed */

	memcpy(copy, text, (size_t)length);
	if (!sip_message_read(copy, (size_t)length, &m, NULL)) {
		arrival.call_id_hash = call_id_hash(&m);
		track_prefetch(t, arrival.call_id_hash);
		track_message(t, &arrival, &m);
	}
	free(copy);
}

static struct track *new_tracker(uint64_t now_ns)
{
	struct track *t;

	REQUIRE(!track_new(&config, &sink, now_ns, &t));
	return t;
}

static struct track *restart(struct track *t, uint64_t now_ns)
{
	struct call_record c;
	struct registration_record r;

	track_free(t);
	t = new_tracker(now_ns);
	for (size_t i = calls.count; i-- > 0;) {
		struct call_key key = { calls.key[i] };

		REQUIRE(!get(&calls, key.call_id_hash, &c));
		track_adopt_call(t, &key, &c);
	}
	for (size_t i = registrations.count; i-- > 0;) {
		struct registration_key key = { registrations.key[i] };

		REQUIRE(!get(&registrations, key.binding_hash, &r));
		track_adopt_registration(t, &key, &r);
	}
	return t;
}

static void check_counts(const struct track *t)
{
	struct track_stats stats;

	track_stats(t, &stats);
	REQUIRE(calls.count <= stats.calls && stats.calls <= TABLE);
	REQUIRE(registrations.count <= stats.registrations && stats.registrations <= TABLE);
	REQUIRE(stats.transactions <= TABLE);
	/* Only what a map refused is missing in it. */
	REQUIRE(stats.put_failed || calls.count == stats.calls);
	REQUIRE(stats.put_failed || registrations.count == stats.registrations);
}

/* Session timers of this input are 90 s, and idle_ns is the longest time there is. */
static void check_end(struct track *t, uint64_t now_ns)
{
	struct track_stats stats;

	track_advance(t, now_ns + IDLE_NS + 60 * SECOND);
	track_advance(t, now_ns + IDLE_NS + 120 * SECOND);
	track_flush(t);
	track_stats(t, &stats);
	REQUIRE(stats.calls == 0 && calls.count == 0);
	REQUIRE(stats.transactions == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	uint64_t now_ns = 1700000000 * SECOND;
	struct track *t = new_tracker(now_ns);
	char text[TEXT];
	bool quoted = false;

	calls.count = registrations.count = 0;
	map_full = map_was_full = false;
	dialogs = TRACK_DIALOG_UNKNOWN;
	for (int i = 0; in.length && i < STEPS_MAX; i++) {
		unsigned int step = take(&in, 16);

		switch (step) {
		case 0: now_ns += take(&in, 256) * SECOND; break;
		case 1: now_ns -= take(&in, 4) * SECOND; break; /* the clock is set back */
		case 2: now_ns += take(&in, 256) * 64 * SECOND; break;
		case 3: t = restart(t, now_ns); break;
		case 4:
			map_full = !map_full;
			map_was_full = true;
			break;
		case 6:
			dialogs = take(&in, 256);
			track_messages_lost(t);
			dialog_seen_ns = now_ns - take(&in, 4) * 30 * SECOND;
			break;
		case 5:
			quoted = true;
			message(t, &in, text, quote(&in, text), now_ns);
			break;
		default: message(t, &in, text, compose(&in, text), now_ns);
		}
		if (step & 1)
			track_advance(t, now_ns);
		track_flush(t);
		check_counts(t);
	}
	dialogs = TRACK_DIALOG_UNKNOWN;
	if (!quoted) /* which may bring longer session timers */
		check_end(t, now_ns);
	track_free(t);
	return 0;
}
