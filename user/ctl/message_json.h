/* SPDX-License-Identifier: GPL-2.0-only */
/* A parsed SIP message as a JSON document: what `parse` prints, in one form or the other. */
#ifndef SIPXDP_CTL_MESSAGE_JSON_H
#define SIPXDP_CTL_MESSAGE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Parses one message and tells all of it: "valid", then what it is made of, then "errors" and
 * "warnings". Of a message that cannot be parsed there are only these. *valid is set as the
 * document says. NULL when out of memory.
 */
json_t *message_json(const char *data, size_t length, bool *valid);

#endif
