/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The single values of a configuration: rates, durations, percent, listen addresses and so on.
 * All parsers read exactly len bytes, write *out on success only, and return 0, or -EINVAL: not
 * of that shape; or -ERANGE: of that shape, but too small or too large.
 */
#ifndef SIPXDP_POLICY_CONFIG_SCALAR_H
#define SIPXDP_POLICY_CONFIG_SCALAR_H

#include "policy/config.h"

/* N/s, N/m or N/h; off or unlimited. burst becomes 0: the default is worked out later. */
int config_rate_parse(const char *text, size_t len, struct config_rate *out);

/* N and a unit: ms, s, m, h or d. */
int config_duration_parse(const char *text, size_t len, uint64_t *ns);

/* 0% to 100%, whole. */
int config_percent_parse(const char *text, size_t len, uint32_t *percent);

/* udp|tcp|tls:ADDRESS:PORT; `*` as the address gives two listens, else one. Places are zero. */
int config_listen_parse(const char *text, size_t len, struct config_listen out[2], size_t *count);

/* 2xx, 200 or 200-204, from 100 to 699. */
int config_status_parse(const char *text, size_t len, struct config_status_range *out);

/* 32 hexadecimal digits. */
int config_seed_parse(const char *text, size_t len, uint8_t out[16]);

/* Letters, digits, - _ and . but no dot in front. */
int config_name_parse(const char *text, size_t len, char out[CONFIG_NAME_SIZE]);

/* The same without dots: it names a directory in the BPF file system, which takes none. */
int config_instance_parse(const char *text, size_t len, char out[CONFIG_NAME_SIZE]);

/* What Linux takes as a network interface's name. */
int config_interface_parse(const char *text, size_t len, char out[IFNAMSIZ]);

/* The beginning of a User-Agent value; in lower case, as it is compared. */
int config_user_agent_parse(const char *text, size_t len, char out[CONFIG_USER_AGENT_SIZE]);

/* The user part of a URI ("112") or a URN ("urn:service:sos"); in lower case. */
int config_emergency_parse(const char *text, size_t len, char out[CONFIG_EMERGENCY_SIZE]);

/* What is sent as it stands here: printable ASCII. */
int config_password_parse(const char *text, size_t len, char out[CONFIG_PASSWORD_SIZE]);

/* The text of a duration, as short as it can be said exactly. Returns out. */
#define CONFIG_DURATION_TEXT_SIZE 24
const char *config_duration_print(uint64_t ns, char out[CONFIG_DURATION_TEXT_SIZE]);

#endif
