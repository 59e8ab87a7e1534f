// SPDX-License-Identifier: GPL-2.0-only
/* Requests without answers: see silence.h. */
#include "balance/silence.h"

void silence_begin(struct silence *silence, const struct backend_load *load)
{
	*silence = (struct silence){ .requests = load->requests,
				     .answers = load->answers,
				     .icmp_errors = load->icmp_errors,
				     .audible = load->answers > 0 };
}

bool silence_look(struct silence *silence, const struct backend_load *load)
{
	__u64 requests = load->requests - silence->requests;
	bool answered = load->answers != silence->answers;
	bool errors = load->icmp_errors != silence->icmp_errors;
	bool audible = silence->audible || answered;

	/* A few requests are waited with: their answers may be under way. */
	if (!answered && !errors && requests < SILENCE_REQUESTS)
		return false;
	*silence = (struct silence){ load->requests, load->answers, load->icmp_errors, audible };
	return !answered && (errors || audible);
}
