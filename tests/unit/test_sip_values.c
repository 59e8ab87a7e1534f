/* SPDX-License-Identifier: GPL-2.0-only */
/* Header values, one reader at a time: what each takes apart, and what it refuses. */
#include "test_sip_fixture.h"

#include "sip/call_id.h"
#include "sip/comment.h"
#include "sip/content.h"
#include "sip/date.h"
#include "sip/dialog_id.h"
#include "sip/digest.h"
#include "sip/event.h"
#include "sip/identity.h"
#include "sip/quoted.h"
#include "sip/reason_value.h"
#include "sip/retry_after.h"
#include "sip/session_id.h"
#include "sip/session_timer.h"
#include "sip/warn_value.h"

static struct sip_text text;

/* Runs a reader over each text: it must take all of it, or refuse it. */
#define FOR_ALL(rows, reader, type, valid)                                                         \
	do {                                                                                       \
		for (size_t i_ = 0; i_ < sizeof(rows) / sizeof((rows)[0]); i_++) {                 \
			struct sip_cursor c_ = cursor_over(&text, (rows)[i_]);                     \
			type out_;                                                                 \
			bool taken_ = reader(&c_, &out_) && sip_at_end(&c_);                       \
			cr_assert_eq(taken_, valid, "%s: %s", (rows)[i_],                          \
				     c_.fault.what ? c_.fault.what : "taken, or not all of it");   \
		}                                                                                  \
	} while (0)

#define VALID(reader, type, ...)                                                                   \
	do {                                                                                       \
		static const char *const rows_[] = { __VA_ARGS__ };                                \
		FOR_ALL(rows_, reader, type, true);                                                \
	} while (0)

#define INVALID(reader, type, ...)                                                                 \
	do {                                                                                       \
		static const char *const rows_[] = { __VA_ARGS__ };                                \
		FOR_ALL(rows_, reader, type, false);                                               \
	} while (0)

/* Reads one text, which must be valid, into `out`. */
#define READ(reader, source, out)                                                                  \
	do {                                                                                       \
		struct sip_cursor c_ = cursor_over(&text, source);                                 \
		cr_assert(reader(&c_, out), "%s: %s", source, c_.fault.what);                      \
	} while (0)

Test(sip_values, via)
{
	struct sip_via via;

	READ(sip_take_via,
	     "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKa;rport=7;received=2001:db8::1", &via);
	assert_slice(text.copy, via.transport, "UDP");
	assert_slice(text.copy, via.sent_by.name, "192.0.2.1");
	cr_assert_eq(via.sent_by.port, 5062);
	cr_assert_eq(via.has_cookie, 1);
	cr_assert_eq(via.rport, 7);
	assert_slice(text.copy, via.received, "2001:db8::1");
	READ(sip_take_via,
	     "SIP / 2.0 / TLS-SCTP [::1] : 5061 ; maddr = [ff02::1] ; ttl = 16;rport;x=\"y\"",
	     &via);
	assert_slice(text.copy, via.transport, "TLS-SCTP");
	assert_slice(text.copy, via.sent_by.name, "::1");
	assert_slice(text.copy, via.maddr, "ff02::1");
	cr_assert_eq(via.ttl, 16);
	cr_assert_eq(via.has_rport, 1);
	cr_assert_eq(via.rport, 0);
	VALID(sip_take_via, struct sip_via, "sip/2.0/udp a", "SIP/2.0/UDP a.b.", "SIP/2.0/X a;b",
	      "SIP/2.0/UDP a;received=192.0.2.1", "SIP/2.0/UDP a;received=::1",
	      "SIP/2.0/UDP a;received=::ffff:1.2.3.4", "SIP/2.0/UDP a;received=[::1]",
	      "SIP/3.0/UDP a", "HTTP/1.1/UDP a", "SIP/2.0/UDP a;rport=65535");
	INVALID(sip_take_via, struct sip_via, "", "SIP/2.0/UDP", "SIP/2.0/UDP ", "SIP/2.0 a",
		"SIP/2.0/UDPa", "SIP/2.0/UDP a:", "SIP/2.0/UDP a:65536", "SIP/2.0/UDP a;",
		"SIP/2.0/UDP a;;b", "SIP/2.0/UDP a;branch=", "SIP/2.0/UDP a;branch",
		"SIP/2.0/UDP a;branch=\"x\"", "SIP/2.0/UDP a;branch=a;branch=b",
		"SIP/2.0/UDP a;rport=65536", "SIP/2.0/UDP a;rport=x", "SIP/2.0/UDP a;ttl=256",
		"SIP/2.0/UDP a;ttl", "SIP/2.0/UDP a;received=host", "SIP/2.0/UDP a;received=1.2.3",
		"SIP/2.0/UDP a;received", "SIP/2.0/UDP a;x=::1", "SIP/2.0/UDP 2001:db8::1",
		"SIP/2.0/UDP a b", "SIP/2.0/UDP <a>", "/2.0/UDP a");
}

Test(sip_values, tagged_address)
{
	struct sip_address a;

	READ(sip_take_tagged, "\"A \\\"B\\\" C\" <sip:a@h;p>;x=1;TAG=t;y", &a);
	assert_slice(text.copy, a.display, "A \\\"B\\\" C");
	assert_slice(text.copy, a.uri.params, ";p");
	assert_slice(text.copy, a.tag, "t");
	assert_slice(text.copy, a.params, ";x=1;TAG=t;y");
	READ(sip_take_tagged, "sip:a@h;tag=t", &a);
	assert_slice(text.copy, a.uri.text, "sip:a@h");
	assert_slice(text.copy, a.tag, "t");
	cr_assert_eq(a.angled, 0);
	VALID(sip_take_tagged, struct sip_address, "<sip:h>", "a b c <sip:h>", "a<sip:h>",
	      "\"\"<sip:h>", "\"<>\" <sip:h>", "<tel:+1>", "tel:+1;tag=x", "sip:h ; tag = x",
	      "*!%'`~<sip:h>", "http://x/y", "<sip:a,b;c?d@h>");
	INVALID(sip_take_tagged, struct sip_address, "", "<>", "<sip:h", "sip:h>", "\"a <sip:h>",
		"a, b <sip:h>", "\"a\" sip:h", "a sip:h", "< sip:h>", "<sip:h >", "<sip:h>x",
		"<sip:h>;", "<sip:h>;tag", "<sip:h>;tag=", "<sip:h>;tag=\"x\"",
		"<sip:h>;tag=a;tag=b", "<sip:h>;tag=a b", "<<sip:h>>", "sip:a,b@h", "\"a\\",
		"\"a\\\"", "<sip:h>;x=\"", "a@b");
}

Test(sip_values, contact)
{
	struct sip_address a;

	READ(sip_take_contact,
	     "<sip:a@h>;Q=0.25;Expires=60;reg-id=2;+SIP.instance=\"<urn:x>\";audio", &a);
	cr_assert_eq(a.q, 250);
	cr_assert_eq(a.expires, 60u);
	cr_assert_eq(a.reg_id, 2u);
	assert_slice(text.copy, a.instance, "urn:x");
	READ(sip_take_contact, "<sip:a@h>;expires=4294967296", &a);
	cr_assert_eq(a.expires, (uint32_t)SIP_EXPIRES_DEFAULT);
	READ(sip_take_contact, "<sip:a@h>;expires=\"60\"", &a);
	cr_assert_eq(a.expires, (uint32_t)SIP_EXPIRES_DEFAULT);
	READ(sip_take_contact, "<sip:a@h>", &a);
	cr_assert_eq(a.expires, SIP_EXPIRES_NONE);
	cr_assert_eq(a.q, SIP_Q_NONE);
	VALID(sip_take_contact, struct sip_address, "sip:a@h;q=1", "sip:a@h;q=1.000",
	      "sip:a@h;q=0.", "sip:a@h;q=0", "<sip:a@h?b=c>", "sip:a@h;expires=0");
	INVALID(sip_take_contact, struct sip_address, "sip:a@h;q=1.001", "sip:a@h;q=2",
		"sip:a@h;q=.5", "sip:a@h;q", "sip:a@h;q=0.1234", "sip:a@h;q=0.x", "sip:a@h?b=c",
		"<sip:a@h>;reg-id=0", "<sip:a@h>;reg-id=2147483648", "<sip:a@h>;reg-id",
		"<sip:a@h>;+sip.instance=x", "<sip:a@h>;+sip.instance=\"x\"", "* x");
}

Test(sip_values, route)
{
	VALID(sip_take_route, struct sip_address, "<sip:h;lr>", "\"x\" <sip:h>;a=b", "<sips:h:1>");
	INVALID(sip_take_route, struct sip_address, "sip:h;lr", "", "<sip:h", "x");
}

Test(sip_values, call_id)
{
	VALID(sip_take_call_id, struct sip_slice, "a", "a@b",
	      "word%ZK-!.*_+'@word`~)(><:\\/\"][?}{", "..@..");
	INVALID(sip_take_call_id, struct sip_slice, "", "@", "a@", "@b", "a@b@c", "a b", "a,b",
		"a;b", "a=b", "\xc3\xa4");
}

Test(sip_values, cseq_and_rack)
{
	struct sip_rack rack;
	struct sip_cseq cseq;

	READ(sip_take_cseq, "0000000000000002147483647   BYE", &cseq);
	cr_assert_eq(cseq.number, 0x7fffffffu);
	cr_assert_eq(cseq.method, SIP_BYE);
	READ(sip_take_rack, "4294967295 1 INVITE", &rack);
	cr_assert_eq(rack.rseq, UINT32_MAX);
	cr_assert_eq(rack.cseq.method, SIP_INVITE);
	INVALID(sip_take_cseq, struct sip_cseq, "", "1", "1 ", "BYE", "1BYE", "1 BYE x", "1, BYE",
		"-1 BYE", "2147483648 BYE", "99999999999999999999 BYE", "0x1 BYE");
	INVALID(sip_take_rack, struct sip_rack, "", "1", "1 1", "0 1 INVITE", "4294967296 1 INVITE",
		"1 1INVITE");
}

Test(sip_values, date)
{
	struct sip_date date;

	READ(sip_take_date, "Sat, 13 Nov 2010 23:29:07 GMT", &date);
	cr_assert_eq(date.year, 2010);
	cr_assert_eq(date.month, 11);
	cr_assert_eq(date.day, 13);
	cr_assert_eq(date.weekday, 5);
	cr_assert_eq(date.hour, 23);
	cr_assert_eq(date.minute, 29);
	cr_assert_eq(date.second, 7);
	INVALID(sip_take_date, struct sip_date, "", "Sat, 13 Nov 2010 23:29:00 UTC",
		"sat, 13 Nov 2010 23:29:00 GMT", "Sat, 3 Nov 2010 23:29:00 GMT",
		"Sat, 13 Nix 2010 23:29:00 GMT", "Sat, 13 Nov 2010 24:29:00 GMT",
		"Sat, 13 Nov 2010 23:60:00 GMT", "Sat, 32 Nov 2010 23:29:00 GMT",
		"Sat, 00 Nov 2010 23:29:00 GMT", "Sat,  13 Nov 2010 23:29:0 GMT",
		"Sat, 13 Nov 2010 23:29:00 GMT ", "Fry, 13 Nov 2010 23:29:00 GMT");
}

Test(sip_values, challenge)
{
	struct sip_challenge ch;

	READ(sip_take_challenge,
	     "Digest realm=\"a, b\", nonce=\"n\" , opaque=\"\",qop=\"auth-int , "
	     "auth\",stale=TRUE,algorithm=SHA-256",
	     &ch);
	cr_assert(ch.is_digest && ch.stale && ch.qop_auth && ch.qop_auth_int);
	cr_assert_eq(ch.algorithm, SIP_DIGEST_SHA256);
	assert_slice(text.copy, ch.realm, "a, b");
	assert_slice(text.copy, ch.nonce, "n");
	READ(sip_take_challenge, "digest nonce=\"n\",qop=\"auth-int\"", &ch);
	cr_assert(!ch.qop_auth && ch.qop_auth_int && !ch.stale);
	cr_assert_eq(ch.algorithm, SIP_DIGEST_MD5);
	READ(sip_take_challenge, "NewScheme a=b", &ch);
	cr_assert(!ch.is_digest);
	INVALID(sip_take_challenge, struct sip_challenge, "", "Digest", "Digest ",
		"Digest realm=\"a\"", "Digest realm", "Digest nonce=\"n\",",
		"Digest nonce=\"n\" realm=\"r\"", "Digest nonce=\"n\";realm=\"r\"",
		"Digest nonce=\"n\",nonce=\"m\"", "Digest nonce=\"n");
}

Test(sip_values, credentials)
{
	struct sip_credentials cr;

	READ(sip_take_credentials,
	     "Digest "
	     "username=\"u\\\"x\",realm=\"r\",nonce=\"n\",uri=\"sip:h\",response=\"ab\",nc="
	     "0000001F,cnonce=\"c\",qop=auth,algorithm=SHA-512-256-sess",
	     &cr);
	assert_slice(text.copy, cr.username, "u\\\"x");
	assert_slice(text.copy, cr.uri, "sip:h");
	assert_slice(text.copy, cr.response, "ab");
	assert_slice(text.copy, cr.qop, "auth");
	cr_assert(cr.has_nc);
	cr_assert_eq(cr.nc, 0x1fu);
	cr_assert_eq(cr.algorithm, SIP_DIGEST_SHA512_256_SESS);
	READ(sip_take_credentials, "Digest username=\"u\",algorithm=AKAv1-MD5", &cr);
	cr_assert_eq(cr.algorithm, SIP_DIGEST_AKA);
	INVALID(sip_take_credentials, struct sip_credentials, "Digest nc=1", "Digest nc=0000000g",
		"Digest username=\"a\",username=\"b\"", "Digest =a", "Digest a=");
}

Test(sip_values, content)
{
	struct sip_content_disposition d;
	struct sip_content_type type;

	READ(sip_take_content_type, "multipart / Mixed ; boundary = \"a b\" ;x=y", &type);
	assert_slice(text.copy, type.type, "multipart");
	assert_slice(text.copy, type.subtype, "Mixed");
	assert_slice(text.copy, type.boundary, "a b");
	READ(sip_take_content_disposition, "session;handling=Optional", &d);
	assert_slice(text.copy, d.type, "session");
	cr_assert(d.optional);
	INVALID(sip_take_content_type, struct sip_content_type, "", "a", "a/", "/b", "a/b;",
		"a/b;c", "a/b;c=", "a/b/c", "a/b, c/d");
	INVALID(sip_take_content_disposition, struct sip_content_disposition, "", ";a", "a;",
		"a b");
}

Test(sip_values, events)
{
	struct sip_subscription_state state;
	struct sip_event event;

	READ(sip_take_event, "presence.winfo;id=7;x", &event);
	assert_slice(text.copy, event.type, "presence.winfo");
	assert_slice(text.copy, event.id, "7");
	READ(sip_take_subscription_state, "terminated;reason=timeout;retry-after=30;expires=0",
	     &state);
	assert_slice(text.copy, state.state, "terminated");
	assert_slice(text.copy, state.reason, "timeout");
	cr_assert_eq(state.retry_after, 30u);
	INVALID(sip_take_event, struct sip_event, "", ".a", "a.", "a..b", "a,b", ";id=1");
	INVALID(sip_take_subscription_state, struct sip_subscription_state, "", "active;expires=x",
		"active;expires=4294967296", "active;expires");
}

Test(sip_values, timers)
{
	struct sip_session_timer timer;
	struct sip_retry_after retry;

	READ(sip_take_session_timer, "1800 ; refresher = UAS", &timer);
	cr_assert_eq(timer.seconds, 1800u);
	cr_assert_eq(timer.refresher, SIP_REFRESHER_UAS);
	READ(sip_take_retry_after, "18000 (a (nested \\) one));duration=3600", &retry);
	cr_assert_eq(retry.seconds, 18000u);
	cr_assert_eq(retry.duration, 3600u);
	assert_slice(text.copy, retry.comment, "a (nested \\) one)");
	INVALID(sip_take_session_timer, struct sip_session_timer, "", "x", "90;refresher=me",
		"90;refresher", "4294967296", "90 x");
	INVALID(sip_take_retry_after, struct sip_retry_after, "", "soon", "1 (", "1 (a", "1 (a))",
		"1 ;duration=x", "949302838503028349304023988");
}

/* Comments nest, up to a limit and without recursion. */
Test(sip_values, comment)
{
	char deep[2 * SIP_COMMENT_DEPTH_MAX + 3];
	struct sip_slice content;

	for (uint32_t depth = SIP_COMMENT_DEPTH_MAX; depth <= SIP_COMMENT_DEPTH_MAX + 1; depth++) {
		struct sip_cursor c;

		memset(deep, 0, sizeof(deep));
		memset(deep, '(', depth);
		memset(deep + depth, ')', depth);
		c = cursor_over(&text, deep);
		cr_assert_eq(sip_take_comment(&c, &content), depth <= SIP_COMMENT_DEPTH_MAX);
	}
	INVALID(sip_take_comment, struct sip_slice, "(", "(\\)", "(()", "(a\\");
}

Test(sip_values, dialogs_and_sessions)
{
	struct sip_session_id session;
	struct sip_dialog_id id;

	READ(sip_take_dialog_id, "a@b;from-tag=f;early-only;to-tag=t", &id);
	assert_slice(text.copy, id.call_id, "a@b");
	assert_slice(text.copy, id.to_tag, "t");
	assert_slice(text.copy, id.from_tag, "f");
	cr_assert(id.early_only);
	INVALID(sip_take_dialog_id, struct sip_dialog_id, "", "a", "a;to-tag=t",
		"a;to-tag=t;from-tag=f;to-tag=u", "a;to-tag=\"t\";from-tag=f");
	READ(sip_take_session_id,
	     "ab30317f1a784dc48ff824d0d3715d86;remote=00000000000000000000000000000000", &session);
	assert_slice(text.copy, session.remote, "00000000000000000000000000000000");
	INVALID(sip_take_session_id, struct sip_session_id, "", "ab30317f1a784dc48ff824d0d3715d8",
		"AB30317f1a784dc48ff824d0d3715d86", "ab30317f1a784dc48ff824d0d3715d86;remote=1",
		"ab30317f1a784dc48ff824d0d3715d860");
}

Test(sip_values, reasons_and_warnings)
{
	struct sip_reason_value reason;
	struct sip_identity identity;
	struct sip_warn_value warn;

	READ(sip_take_reason, "Q.850;cause=16;text=\"Normal Clearing\"", &reason);
	assert_slice(text.copy, reason.protocol, "Q.850");
	cr_assert_eq(reason.cause, 16u);
	assert_slice(text.copy, reason.text, "Normal Clearing");
	INVALID(sip_take_reason, struct sip_reason_value, "", ";cause=1", "SIP;cause=x",
		"SIP;cause");
	READ(sip_take_warn_value, "307 isi.edu:5060 \"Session parameter 'foo' not understood\"",
	     &warn);
	cr_assert_eq(warn.code, 307);
	assert_slice(text.copy, warn.agent, "isi.edu:5060");
	INVALID(sip_take_warn_value, struct sip_warn_value, "", "1812 x \"y\"", "30 x \"y\"",
		"301 x", "301 \"y\"", "301 x y");
	READ(sip_take_identity,
	     "aGk.eyJ9.c2ln-_;info=<https://cert.example.org/p.pem>;alg=ES256;ppt=\"shaken\"",
	     &identity);
	assert_slice(text.copy, identity.digest, "aGk.eyJ9.c2ln-_");
	assert_slice(text.copy, identity.info, "https://cert.example.org/p.pem");
	assert_slice(text.copy, identity.alg, "ES256");
	assert_slice(text.copy, identity.ppt, "shaken");
	INVALID(sip_take_identity, struct sip_identity, "", ";info=<a>", "a;info=<b", "a;info=");
}

/* Escapes are resolved, the result is cut to what there is room for and always ended. */
Test(sip_values, unquote)
{
	static const char quoted[] = "a\\\"b\\\\c";
	struct sip_slice all = sip_slice_of(0, sizeof(quoted) - 1);
	char out[8], small[3];

	cr_assert_eq(sip_unquote(quoted, all, out, sizeof(out)), 5u);
	cr_assert_str_eq(out, "a\"b\\c");
	cr_assert_eq(sip_unquote(quoted, all, small, sizeof(small)), 5u);
	cr_assert_str_eq(small, "a\"");
}

/* Parameters are found by name where quotes, spaces and semicolons stand in their way. */
Test(sip_values, find_param)
{
	static const char list[] = ";a=\"x;b=\\\"1\" ; B = 2;c;d=";
	struct sip_slice all = sip_slice_of(0, sizeof(list) - 1), value;

	cr_assert(sip_find_param(list, all, "a", &value));
	assert_slice(list, value, "x;b=\\\"1");
	cr_assert(sip_find_param(list, all, "b", &value));
	assert_slice(list, value, "2");
	cr_assert(sip_find_param(list, all, "c", &value));
	cr_assert_eq(value.length, 0);
	cr_assert(!sip_find_param(list, all, "x", &value));
}
