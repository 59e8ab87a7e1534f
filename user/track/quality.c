// SPDX-License-Identifier: GPL-2.0-only
/* Counters of RFC 6076. */
#include "track/quality.h"

#include <sipxdp/time.h>

static uint64_t elapsed_ns(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? to_ns - from_ns : 0;
}

void quality_delay_add(struct quality_delay *delay, uint64_t from_ns, uint64_t to_ns)
{
	uint64_t us = elapsed_ns(from_ns, to_ns) / NSEC_PER_USEC;

	delay->count++;
	delay->total_us += us;
	if (us > delay->longest_us)
		delay->longest_us = us;
}

void quality_failure(struct track_quality *quality, uint16_t status, int delta)
{
	uint64_t n = (uint64_t)(int64_t)delta;

	switch (status / 100) {
	case 3: quality->redirected += n; break;
	case 4: quality->failed_4xx += n; break;
	case 5: quality->failed_5xx += n; break;
	default: quality->failed_6xx += n; break;
	}
	switch (status) {
	case 408: /* Request Timeout */
	case 500: /* Server Internal Error */
	case 503: /* Service Unavailable */
	case 504: /* Server Time-out */ quality->ineffective += n; break;
	case 480: /* Temporarily Unavailable */
	case 486: /* Busy Here */
	case 600: /* Busy Everywhere */
	case 603: /* Decline */ quality->declined += n; break;
	case 487: /* Request Terminated */ quality->cancelled += n; break;
	default: break;
	}
}

void quality_completed(struct track_quality *quality, uint64_t answered_ns, uint64_t ended_ns,
		       int delta)
{
	uint64_t talked_ns = elapsed_ns(answered_ns, ended_ns);
	uint64_t n = (uint64_t)(int64_t)delta;

	quality->completed += n;
	quality->talked_ms += n * (talked_ns / NSEC_PER_MSEC);
	if (talked_ns < QUALITY_SHORT_CALL_S * NSEC_PER_SEC)
		quality->short_calls += n;
}
