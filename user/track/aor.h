/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses-of-record and contacts: how they compare, and how a record spells them. */
#ifndef SIPXDP_TRACK_AOR_H
#define SIPXDP_TRACK_AOR_H

#include "sip/address.h"
#include "sip/uri.h"
#include "track/siphash.h"

/* A URI in the canonical form of RFC 3261 section 10.3 step 5: without parameters, escapes
 * resolved, the host without regard to case; sips is sip. */
uint64_t aor_hash(const struct siphash_key *key, const char *text, const struct sip_uri *uri);

/* A contact bound to the AoR of that hash: user, host, port and parameters as they stand. */
uint64_t aor_binding_hash(const struct siphash_key *key, uint64_t aor, const char *text,
			  const struct sip_uri *contact);

/* What a registrar tells bindings of an AoR apart by: the device and its flow where the contact
 * names them (+sip.instance and reg-id, RFC 5626 section 6), else the contact's URI. */
uint64_t aor_flow_hash(const struct siphash_key *key, uint64_t aor, const char *text,
		       const struct sip_address *contact);

/* The part of a URI that names someone, for people to read: no password, parameters or headers.
 * Writes at most size octets with the NUL, and returns what the whole would take without it. */
size_t aor_print(char *out, size_t size, const char *text, const struct sip_uri *uri);

#endif
