/* SPDX-License-Identifier: GPL-2.0-only */
/* CSeq = 1*DIGIT LWS Method; RAck = response-num LWS CSeq-num LWS Method */
#include "sip/cseq.h"

#include "sip/number.h"

#define RFC_CSEQ  "RFC 3261 20.16"
#define RFC_RANGE "RFC 3261 8.1.1.5"
#define RFC_RACK  "RFC 3262 7.2"

#define CSEQ_MAX 0x7fffffff

bool sip_take_cseq(struct sip_cursor *c, struct sip_cseq *cseq)
{
	uint32_t from = c->at;
	struct sip_number number = sip_take_number(c);

	if (sip_unlikely(!number.digits))
		return sip_fail(c, from, RFC_CSEQ, "CSeq does not start with a number");
	if (sip_unlikely(number.value > CSEQ_MAX))
		return sip_fail(c, from, RFC_RANGE, "CSeq number is not below 2^31");
	if (sip_unlikely(!sip_take_space(c)))
		return sip_fail(c, c->at, RFC_CSEQ, "no white space behind the CSeq number");
	if (sip_unlikely(!sip_take_token(c, &cseq->method_name)))
		return sip_fail(c, c->at, RFC_CSEQ, "CSeq without a method");
	cseq->number = (uint32_t)number.value;
	cseq->method = (uint8_t)sip_method_of((const char *)c->text, cseq->method_name);
	return sip_expect_end(c, RFC_CSEQ, "more than a number and a method in CSeq");
}

bool sip_take_rack(struct sip_cursor *c, struct sip_rack *rack)
{
	uint32_t from = c->at;
	struct sip_number rseq = sip_take_number(c);

	if (!rseq.digits || rseq.value == 0 || rseq.value > UINT32_MAX)
		return sip_fail(c, from, RFC_RACK, "RAck does not start with a number below 2^32");
	if (!sip_take_space(c))
		return sip_fail(c, c->at, RFC_RACK, "no white space behind the response number");
	rack->rseq = (uint32_t)rseq.value;
	return sip_take_cseq(c, &rack->cseq);
}
