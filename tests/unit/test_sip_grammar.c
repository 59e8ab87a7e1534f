/* SPDX-License-Identifier: GPL-2.0-only */
/* Every header that the parser knows by name, in the forms that its RFC's grammar allows, and in
 * forms that come near it and are none: those are refused with the RFC, at the octet where it
 * begins to be wrong. */
#include <errno.h>

#include "test_sip_fixture.h"

static struct sip_message msg;
static char message[4096];

#define HEAD                                                                                       \
	"OPTIONS sip:b@example.com SIP/2.0\r\n"                                                    \
	"Via: SIP/2.0/UDP a.example.com;branch=z9hG4bKx\r\n"                                       \
	"From: <sip:a@example.com>;tag=1\r\n"                                                      \
	"To: <sip:b@example.com>\r\n"                                                              \
	"Call-ID: c@example.com\r\n"                                                               \
	"CSeq: 1 OPTIONS\r\n"

/* `message` with one header more, parsed and held against every grammar. */
static int judge(const char *name, const char *value, struct sip_error *err)
{
	int length = snprintf(message, sizeof(message), HEAD "%s: %s\r\n\r\n", name, value);
	int result;
	char *copy;

	cr_assert(length > 0 && (size_t)length < sizeof(message));
	copy = guarded(message, (size_t)length);
	*err = (struct sip_error){ .rfc = "", .what = "" };
	result = sip_message_parse(copy, (size_t)length, &msg, err);
	if (!result)
		result = sip_message_check(&msg, err);
	unguard(copy, (size_t)length);
	return result;
}

struct header_value {
	const char *name, *value;
};

Test(sip_grammar, accepts)
{
	static const struct header_value rows[] = {
		/* RFC 3261 section 20 and 25.1 */
		{ "Accept", "" },
		{ "Accept", "*/*" },
		{ "Accept", "application/sdp;level=1, application/x-private, text/html;q=0.5" },
		{ "Accept", "text/* ; charset=\"a,b\" ,\r\n application/pidf+xml" },
		{ "Accept-Encoding", "" },
		{ "Accept-Encoding", "gzip;q=1.0, *;q=0" },
		{ "Accept-Language", "da, en-gb;q=0.8, en;q=0.7, *" },
		{ "Accept-Language", "" },
		{ "Alert-Info", "<http://www.example.com/sounds/moo.wav>" },
		{ "Alert-Info", "<urn:alert:service:call-waiting>;x=y , <http://a>" },
		{ "Allow", "INVITE, ACK, OPTIONS, CANCEL, BYE,PRACK , x-y" },
		{ "Allow", "" },
		{ "Authentication-Info",
		  "nextnonce=\"47364c23432d2e131a5fb210812c\", qop=auth, rspauth=\"ab\", "
		  "cnonce=\"x\", nc=00000001" },
		{ "Authorization",
		  "Digest username=\"bob\", realm=\"biloxi.com\", "
		  "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", uri=\"sip:bob@biloxi.com\", "
		  "qop=auth, nc=00000001, cnonce=\"0a4f113b\", "
		  "response=\"6629fae49393a05397450978507c4ef1\", "
		  "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"" },
		{ "Authorization", "NoOneKnowsThisScheme opaque-data=here" },
		{ "Call-Info", "<http://wwww.example.com/alice/photo.jpg> ;purpose=icon, "
			       "<http://www.example.com/alice/> ;purpose=info" },
		{ "Contact", "*" },
		{ "Contact",
		  "\"Mr. Watson\" <sip:watson@worcester.bell-telephone.com> ;q=0.7; expires=3600, "
		  "\"Mr. Watson\" <mailto:watson@bell-telephone.com> ;q=0.1" },
		{ "m", "<sips:bob@192.0.2.4>;expires=60" },
		{ "Contact", "<sip:a@b>;reg-id=1;+sip.instance=\"<urn:uuid:0C67446E>\";ob" },
		{ "Content-Disposition", "session" },
		{ "Content-Disposition", "icon;handling=required;x=\"y\"" },
		{ "Content-Encoding", "gzip" },
		{ "e", "tar , gzip" },
		{ "Content-Language", "fr, en-US" },
		{ "Content-Length", "00" },
		{ "Content-Type", "text/html; charset=ISO-8859-4" },
		{ "c", "application/sdp" },
		{ "Content-Type", "message/sipfrag;version=2.0" },
		{ "Date", "Sat, 13 Nov 2010 23:29:00 GMT" },
		{ "Error-Info", "<sip:not-in-service-recording@atlanta.com>" },
		{ "Expires", "5" },
		{ "Expires", "4294967295" },
		{ "In-Reply-To", "70710@saturn.bell-tel.com, 17320@saturn.bell-tel.com" },
		{ "Max-Forwards", "0" },
		{ "Max-Forwards", "255" },
		{ "Min-Expires", "60" },
		{ "MIME-Version", "1.0" },
		{ "Organization", "Boxes by Bob" },
		{ "Organization", "" },
		{ "Priority", "emergency" },
		{ "Priority", "non-urgent" },
		{ "Proxy-Authenticate",
		  "Digest realm=\"atlanta.com\", domain=\"sip:ss1.carrier.com\", qop=\"auth\", "
		  "nonce=\"f84f1cec41e6cbe5aea9c8e88d359\", opaque=\"\", stale=FALSE, "
		  "algorithm=MD5" },
		{ "Proxy-Authorization", "Digest username=\"Alice\", realm=\"atlanta.com\", "
					 "nonce=\"c60f3082ee1212b402a21831ae\", "
					 "response=\"245f23415f11432b3434341c022\"" },
		{ "Proxy-Require", "foo, bar" },
		{ "Record-Route",
		  "<sip:server10.biloxi.com;lr>, <sip:bigbox3.site3.atlanta.com;lr>" },
		{ "Reply-To", "Bob <sip:bob@biloxi.com>" },
		{ "Reply-To", "sip:bob@biloxi.com;x=y" },
		{ "Require", "100rel, precondition" },
		{ "Retry-After", "18000;duration=3600" },
		{ "Retry-After", "120 (I'm in a meeting)" },
		{ "Route",
		  "<sip:bigbox3.site3.atlanta.com;lr>,\"x\" <sip:server10.biloxi.com;lr>;a=b" },
		{ "Server", "HomeServer v2" },
		{ "Subject", "Need more boxes \xe2\x98\x83" },
		{ "s", "" },
		{ "Supported", "" },
		{ "k", "100rel,timer, replaces ,outbound" },
		{ "Timestamp", "54" },
		{ "Timestamp", "54.21 0.5" },
		{ "Timestamp", "54." },
		{ "Unsupported", "foo" },
		{ "User-Agent", "Softphone Beta1.5 (\"unclosed" },
		{ "Warning", "307 isi.edu \"Session parameter 'foo' not understood\"" },
		{ "Warning", "301 [2001:db8::1]:5060 \"a\", 399 192.0.2.1:5060 \"b, \\\"c\\\"\"" },
		{ "WWW-Authenticate", "Digest realm=\"atlanta.com\",domain=\"sip:boxesbybob.com\", "
				      "qop=\"auth,auth-int\","
				      " nonce=\"f84f1cec41e6cbe5aea9c8e88d359\",opaque=\"\", "
				      "stale=TRUE, algorithm=MD5" },
		/* RFC 3262 */
		{ "RAck", "776656 1 INVITE" },
		{ "RAck", "1 2147483647 \r\n INVITE" },
		{ "RSeq", "988789" },
		{ "RSeq", "4294967295" },
		/* RFC 3265 and 6665 */
		{ "Event", "presence" },
		{ "o", "dialog;id=7;sla" },
		{ "Event", "presence.winfo ; id=\"x\"" },
		{ "Allow-Events", "presence, presence.winfo,conference" },
		{ "u", "dialog" },
		{ "Subscription-State", "active;expires=3600" },
		{ "Subscription-State", "terminated;reason=noresource" },
		{ "Subscription-State", "pending" },
		{ "Subscription-State", "x-new;retry-after=0;foo=\"bar\"" },
		/* RFC 3323, 3325 */
		{ "Privacy", "none" },
		{ "Privacy", "id" },
		{ "Privacy", "header;session; user;critical" },
		{ "P-Asserted-Identity", "\"Cullen Jennings\" <sip:fluffy@cisco.com>" },
		{ "P-Asserted-Identity", "tel:+14085264000" },
		{ "P-Asserted-Identity", "<sip:a@b>, <tel:+1>" },
		{ "P-Preferred-Identity", "sip:fluffy@cisco.com" },
		/* RFC 3326 */
		{ "Reason", "SIP ;cause=200 ;text=\"Call completed elsewhere\"" },
		{ "Reason", "Q.850;cause=16;text=\"Terminated\", SIP;cause=600" },
		{ "Reason", "Preemption;x" },
		/* RFC 3327, 3608 */
		{ "Path", "<sip:P3.EXAMPLEHOME.COM;lr>,<sip:P1.EXAMPLEVISITED.COM;lr>;x=y" },
		{ "Service-Route", "<sip:P2.HOME.EXAMPLE.COM;lr>, <sip:HSP.HOME.EXAMPLE.COM;lr>" },
		/* RFC 3515, 3892, 4488 */
		{ "Refer-To", "sip:alice@atlanta.example.com" },
		{ "r", "<sip:bob@biloxi.example.net?Replaces=12345%40192.168.118.3%3B"
		       "to-tag%3D12345%3Bfrom-tag%3D5FFE-3994>;x=y" },
		{ "Referred-By",
		  "<sip:referror@example.com>;cid=\"2UWQFN309shb3@referror.example\"" },
		{ "b", "sip:r@ref.example" },
		{ "Refer-Sub", "false" },
		{ "Refer-Sub", "true;x=y" },
		/* RFC 3841 */
		{ "Accept-Contact", "*;audio;video=\"TRUE\";explicit , *;require" },
		{ "a", "*;+sip.instance=\"<urn:uuid:1>\"" },
		{ "j", "*;actor=\"msg-taker\";video" },
		{ "Request-Disposition", "proxy, recurse, parallel" },
		{ "d", "no-fork" },
		/* RFC 3891, 3911, 4538 */
		{ "Replaces", "98732@sip.example.com;from-tag=r33th4x0r;to-tag=ff87ff" },
		{ "Replaces", "a@b ; to-tag=1;from-tag=0;early-only;x=\"y\"" },
		{ "Join", "12adf2f34456gs5;to-tag=12345;from-tag=54321" },
		{ "Target-Dialog",
		  "fa77as7dad8-sd98ajzz@host.example.com;local-tag=kkaz-;remote-tag=6544" },
		/* RFC 3903 */
		{ "SIP-ETag", "dx200xyz" },
		{ "SIP-If-Match", "kwj449x" },
		/* RFC 4028 */
		{ "Session-Expires", "4000;refresher=uac" },
		{ "x", "1800 ; Refresher = UAS;y" },
		{ "Min-SE", "3600;lr" },
		/* RFC 5393, 5626 */
		{ "Max-Breadth", "69" },
		{ "Flow-Timer", "126" },
		/* RFC 6086 */
		{ "Recv-Info", "" },
		{ "Recv-Info", "foo, bar;x=y" },
		{ "Info-Package", "foo" },
		{ "Info-Package", "conf-ctrl;x=\"y,z\"" },
		/* RFC 7044, 5806 */
		{ "History-Info",
		  "<sip:bob@example.com>;index=1,<sip:bob@192.0.2.4?Reason=SIP%3Bcause%3D302>;"
		  "index=1.1;rc=1" },
		{ "Diversion", "<sip:+1@gw.example>;reason=unconditional;counter=1;privacy=off" },
		/* RFC 7989 */
		{ "Session-ID", "ab30317f1a784dc48ff824d0d3715d86" },
		{ "Session-ID",
		  "ab30317f1a784dc48ff824d0d3715d86;remote=47755a9de7794ba387653f2099600ef2;x=y" },
		/* RFC 8224 */
		{ "Identity",
		  "eyJhbGciOiJFUzI1NiJ9.e30.c2ln;info=<https://cert.example.org/passport.cer>" },
		{ "y",
		  "..c2lnbmF0dXJl;info=<https://biloxi.example.org/b.cert>;alg=ES256;ppt=shaken" },
		/* RFC 8760: digests other than MD5 */
		{ "WWW-Authenticate", "Digest realm=\"a\", nonce=\"n\", algorithm=SHA-512-256, "
				      "qop=\"auth\", userhash=true" },
		{ "Proxy-Authenticate",
		  "Digest realm=\"a\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"" },
		/* RFC 3310: AKA */
		{ "WWW-Authenticate", "Digest realm=\"ims\", nonce=\"bm9uY2U=\", "
				      "algorithm=AKAv1-MD5, ck=\"00\", ik=\"11\"" },
		/* RFC 3329 */
		{ "Security-Client", "ipsec-3gpp; alg=hmac-sha-1-96; spi-c=23456789; port-c=2468" },
		{ "Security-Server", "tls;q=0.2, digest;d-alg=MD5" },
		/* RFC 4412, 6442, 7433 */
		{ "Resource-Priority", "dsn.flash, wps.3" },
		{ "Resource-Priority", "esnet.1" },
		{ "Accept-Resource-Priority", "dsn.flash-override" },
		{ "Geolocation", "<cid:target123@atlanta.example.com>" },
		{ "Geolocation", "<sips:3sdefrhy2jj7@lis.atlanta.example.com>;x=y, <https://a>" },
		{ "Geolocation-Routing", "yes" },
		{ "Geolocation-Error", "100 ;code=\"Cannot Process Location\"" },
		{ "User-to-User", "56a390f3d2b7310023a;encoding=hex;purpose=isdn-uui" },
		{ "User-to-User", "\"a b\";content=x, 00" },
		/* RFC 5373, 5009, 6809 */
		{ "Answer-Mode", "Auto;require" },
		{ "P-Early-Media", "sendrecv, gated" },
		{ "P-Early-Media", "" },
		{ "Feature-Caps", "*;+g.3gpp.srvcc-alerting;+sip.x=\"<y>\", *;+z" },
		/* RFC 7315 */
		{ "P-Access-Network-Info",
		  "3GPP-E-UTRAN-FDD; utran-cell-id-3gpp=310410560B0B1234567; network-provided" },
		{ "P-Access-Network-Info", "IEEE-802.11;i-wlan-node-id=00aa11bb22cc" },
		{ "P-Charging-Vector",
		  "icid-value=\"AyretyU0dm+6O2IrT5tAFrbHLso=\";orig-ioi=home1.net;"
		  "icid-generated-at=192.0.6.8" },
		{ "P-Visited-Network-ID", "other.net, \"Visited network number 1\";x" },
		{ "P-Associated-URI", "<sip:+1@ims.example>, <tel:+1>;x" },
		{ "P-Associated-URI", "" },
		{ "P-Called-Party-ID", "<sip:user1-business@example.com>" },
		{ "P-Served-User", "<sip:user@example.com>; sescase=orig; regstate=unreg" },
		/* what nobody knows is kept */
		{ "X-Unknown", ";;,,;;,;\"" },
		{ "X-Empty", "" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sip_error err;
		int result = judge(rows[i].name, rows[i].value, &err);

		cr_expect_eq(result, 0, "%s: %s: %s, %s, at \"%s\"", rows[i].name, rows[i].value,
			     err.rfc, err.what, message + err.offset);
	}
}

struct refused_value {
	const char *name, *value, *rfc, *at;
};

Test(sip_grammar, refuses)
{
	static const struct refused_value rows[] = {
		{ "Accept", "text", "RFC 3261 20.1", "\r\n" },
		{ "Accept", "text/", "RFC 3261 25.1", "\r\n" },
		{ "Accept", "text/html,", "RFC 3261 25.1", "\r\n" },
		{ "Accept", "text/html text/plain", "RFC 3261 25.1", " text/plain" },
		{ "Accept-Encoding", ";q=1", "RFC 3261 25.1", ";q" },
		{ "Accept-Language", "en;;q=1", "RFC 3261 25.1", ";q" },
		{ "Alert-Info", "http://a", "RFC 3261 25.1", "http" },
		{ "Alert-Info", "<>", "RFC 3261 25.1", ">" },
		{ "Allow", "INVITE ACK", "RFC 3261 25.1", " ACK" },
		{ "Allow", "INVITE,,ACK", "RFC 3261 25.1", ",ACK" },
		{ "Authentication-Info", "nextnonce", "RFC 3261 20.6", "\r\n" },
		{ "Authentication-Info", "nextnonce=", "RFC 3261 25.1", "\r\n" },
		{ "Authorization", "Digest", "RFC 3261 25.1", "\r\n" },
		{ "Authorization", "Digest username=\"a", "RFC 3261 25.1", "\"a" },
		{ "Authorization", "Digest username=\"a\" realm=\"b\"", "RFC 3261 25.1", " realm" },
		{ "Call-Info", "http://a;purpose=icon", "RFC 3261 25.1", "http" },
		{ "Contact", "*, <sip:a@b>", "RFC 3261 25.1", ", <" },
		{ "Contact", "<sip:a@b", "RFC 3261 25.1", "\r\n" },
		{ "Contact", "<sip:a@b>;q=1.1", "RFC 3261 25.1", "1.1" },
		{ "Contact", "<sip:a@b>;reg-id=0", "RFC 5626 11", "reg-id" },
		{ "Contact", "", "RFC 3261 25.1", "\r\n" },
		{ "Content-Disposition", "", "RFC 3261 20.11", "\r\n" },
		{ "Content-Encoding", "", "RFC 3261 25.1", "\r\n" },
		{ "Content-Language", "en;q=1", "RFC 3261 25.1", ";q" },
		{ "Content-Length", "-1", "RFC 3261 20.14", "-1" },
		{ "Content-Length", "1 2", "RFC 3261 20.14", "1 2" },
		{ "Content-Type", "text", "RFC 3261 20.15", "\r\n" },
		{ "Content-Type", "", "RFC 3261 20.15", "\r\n" },
		{ "Date", "Sat, 13 Nov 2010 23:29:00 PST", "RFC 3261 20.17", "Sat" },
		{ "Date", "13 Nov 2010", "RFC 3261 20.17", "13" },
		{ "Expires", "-1", "RFC 3261 20.19", "-1" },
		{ "In-Reply-To", "a b", "RFC 3261 25.1", " b" },
		{ "In-Reply-To", "", "RFC 3261 20.8", "\r\n" },
		{ "Max-Forwards", "-1", "RFC 3261 20.22", "-1" },
		{ "Max-Forwards", "256", "RFC 3261 20.22", "256" },
		{ "Min-Expires", "x", "RFC 3261 20.23", "x" },
		{ "MIME-Version", "1", "RFC 3261 20.24", "1" },
		{ "MIME-Version", "1.x", "RFC 3261 20.24", "1.x" },
		{ "Priority", "", "RFC 3261 25.1", "\r\n" },
		{ "Priority", "very urgent", "RFC 3261 25.1", " urgent" },
		{ "Proxy-Authenticate", "Digest", "RFC 3261 25.1", "\r\n" },
		{ "Proxy-Require", "", "RFC 3261 25.1", "\r\n" },
		{ "Record-Route", "sip:a;lr", "RFC 3261 20.34", "sip:a" },
		{ "Reply-To", "<sip:a>, <sip:b>", "RFC 3261 25.1", ", <" },
		{ "Require", "a;b", "RFC 3261 25.1", ";b" },
		{ "Retry-After", "soon", "RFC 3261 20.33", "soon" },
		{ "Retry-After", "5 (", "RFC 3261 25.1", "(" },
		{ "Route", "<sip:a;lr> <sip:b;lr>", "RFC 3261 7.3.1", " <sip:b" },
		{ "Supported", "a,", "RFC 3261 25.1", "\r\n" },
		{ "Timestamp", ".5", "RFC 3261 20.38", ".5" },
		{ "Timestamp", "5 x", "RFC 3261 25.1", "x" },
		{ "Unsupported", "", "RFC 3261 25.1", "\r\n" },
		{ "Warning", "37 a \"b\"", "RFC 3261 20.43", "37" },
		{ "Warning", "370 a b", "RFC 3261 20.43", "b" },
		{ "WWW-Authenticate", "Digest realm=\"a\", realm=\"b\", nonce=\"c\"",
		  "RFC 3261 22.4", "realm=\"b" },
		{ "RAck", "1 INVITE", "RFC 3261 20.16", "INVITE" },
		{ "RAck", "0 1 INVITE", "RFC 3262 7.2", "0 1" },
		{ "RAck", "4294967296 1 INVITE", "RFC 3262 7.2", "4294" },
		{ "RAck", "1 2147483648 INVITE", "RFC 3261 8.1.1.5", "2147" },
		{ "RSeq", "0", "RFC 3262 7.1", "0" },
		{ "RSeq", "4294967296", "RFC 3262 7.1", "4294" },
		{ "Event", "", "RFC 6665 8.2.1", "\r\n" },
		{ "Event", "presence..winfo", "RFC 6665 8.2.1", "presence" },
		{ "Allow-Events", "", "RFC 3261 25.1", "\r\n" },
		{ "Subscription-State", "active;expires=-1", "RFC 6665 8.2.3", "expires" },
		{ "Subscription-State", ";expires=1", "RFC 6665 8.2.3", ";" },
		{ "Privacy", "", "RFC 3261 25.1", "\r\n" },
		{ "Privacy", "id;", "RFC 3261 25.1", "\r\n" },
		{ "P-Asserted-Identity", "Alice", "RFC 3261 25.1", "\r\n" },
		{ "P-Asserted-Identity", "", "RFC 3261 25.1", "\r\n" },
		{ "P-Preferred-Identity", "sip:", "RFC 3261 25.1", "\r\n" },
		{ "Reason", "SIP;cause=many", "RFC 3326 2", "cause" },
		{ "Reason", "", "RFC 3326 2", "\r\n" },
		{ "Reason", "SIP;text=\"open", "RFC 3261 25.1", "\"open" },
		{ "Path", "sip:p1;lr", "RFC 3261 20.34", "sip" },
		{ "Service-Route", "<sip:a;lr>;", "RFC 3261 25.1", "\r\n" },
		{ "Refer-To", "", "RFC 3261 25.1", "\r\n" },
		{ "Refer-To", "<sip:a>, <sip:b>", "RFC 3261 25.1", ", <" },
		{ "Refer-To", "sip:a?Replaces=1", "RFC 3261 20.10", "?Rep" },
		{ "Referred-By", "<sip:a", "RFC 3261 25.1", "\r\n" },
		{ "Refer-Sub", "maybe", "RFC 4488 4", "maybe" },
		{ "Refer-Sub", "", "RFC 4488 4", "\r\n" },
		{ "Accept-Contact", "<sip:a>", "RFC 3261 25.1", "<" },
		{ "Request-Disposition", "", "RFC 3261 25.1", "\r\n" },
		{ "Replaces", "a@b;to-tag=1", "RFC 3891 6.1", "\r\n" },
		{ "Replaces", "a@b;to-tag=1;from-tag=2;from-tag=3", "RFC 3891 6.1", "from-tag=3" },
		{ "Replaces", "a b;to-tag=1;from-tag=2", "RFC 3891 6.1", " b;" },
		{ "Join", "a", "RFC 3891 6.1", "\r\n" },
		{ "SIP-ETag", "", "RFC 3261 25.1", "\r\n" },
		{ "SIP-If-Match", "a, b", "RFC 3261 25.1", ", b" },
		{ "Session-Expires", "x", "RFC 4028 4", "x" },
		{ "Session-Expires", "1800;refresher=proxy", "RFC 4028 4", "refresher" },
		{ "Min-SE", "-90", "RFC 4028 4", "-90" },
		{ "Max-Breadth", "x", "RFC 3261 25.1", "x" },
		{ "Flow-Timer", "4294967296", "RFC 3261 25.1", "4294" },
		{ "Info-Package", "", "RFC 3261 25.1", "\r\n" },
		{ "Info-Package", "foo, bar", "RFC 3261 25.1", ", bar" },
		{ "Recv-Info", "foo,", "RFC 3261 25.1", "\r\n" },
		{ "History-Info", "<sip:a>;index=", "RFC 3261 25.1", "\r\n" },
		{ "Session-ID", "0", "RFC 7989 5", "0" },
		{ "Session-ID", "AB30317F1A784DC48FF824D0D3715D86", "RFC 7989 5", "AB" },
		{ "Session-ID", "ab30317f1a784dc48ff824d0d3715d86;remote=\"x\"", "RFC 7989 5",
		  "x\"" },
		{ "Identity", "", "RFC 8224 4.1", "\r\n" },
		{ "Identity", "a;info=<b", "RFC 8224 4.1", "<b" },
		{ "Identity", "a;info=b c", "RFC 3261 25.1", " c" },
		{ "Security-Client", ";alg=x", "RFC 3261 25.1", ";alg" },
		{ "Resource-Priority", "flash", "RFC 4412 3.1", "flash" },
		{ "Resource-Priority", "dsn.flash.x", "RFC 4412 3.1", "dsn" },
		{ "Geolocation", "cid:x", "RFC 3261 25.1", "cid" },
		{ "Geolocation-Routing", "", "RFC 3261 25.1", "\r\n" },
		{ "User-to-User", "", "RFC 3261 25.1", "\r\n" },
		{ "User-to-User", "a b", "RFC 3261 25.1", " b" },
		{ "Answer-Mode", "", "RFC 3261 25.1", "\r\n" },
		{ "P-Early-Media", "sendrecv;x", "RFC 3261 25.1", ";x" },
		{ "Feature-Caps", "", "RFC 3261 25.1", "\r\n" },
		{ "Accept-Resource-Priority", "dsn.", "RFC 4412 3.1", "dsn" },
		{ "P-Access-Network-Info", "a b", "RFC 3261 25.1", " b" },
		{ "P-Charging-Vector", "icid-value", "RFC 7315 5.6", "\r\n" },
		{ "P-Charging-Vector", "icid-value=1;orig-ioi=", "RFC 3261 25.1", "\r\n" },
		{ "P-Visited-Network-ID", "\"a", "RFC 3261 25.1", "\"a" },
		{ "P-Called-Party-ID", "<sip:a>, <sip:b>", "RFC 3261 25.1", ", <" },
		{ "X A", "b", "RFC 3261 7.3.1", "A:" },
		{ "", "b", "RFC 3261 7.3.1", ": b" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = rows[i].at;
		struct sip_error err;
		int result = judge(rows[i].name, rows[i].value, &err);

		cr_expect_eq(result, -EINVAL, "%s: %s is accepted", rows[i].name, rows[i].value);
		if (!result)
			continue;
		cr_expect_str_eq(err.rfc, rows[i].rfc, "%s: %s: %s, %s", rows[i].name,
				 rows[i].value, err.rfc, err.what);
		cr_expect(!strncmp(message + err.offset, at, strlen(at)), "%s: %s: %s, at \"%s\"",
			  rows[i].name, rows[i].value, err.what, message + err.offset);
		cr_expect_eq(err.line, 7u, "%s: %s: line %u", rows[i].name, rows[i].value,
			     err.line);
	}
}
