/* SPDX-License-Identifier: GPL-2.0-only */
/* sipxdpctl ladder: the messages of one call, drawn or as a capture file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <sipxdp/record.h>

#include "ctl/ctl.h"
#include "ctl/flow.h"
#include "ctl/ladder.h"
#include "ctl/options.h"
#include "ctl/report.h"
#include "ctl/uri.h"
#include "export/pcap.h"
#include "plane/key.h"

static int write_messages(FILE *file, const struct flow *flow)
{
	int err = pcap_write_head(file);

	for (size_t i = 0; !err && i < flow->count; i++) {
		const struct flow_message *m = &flow->messages[i];
		const struct pcap_datagram datagram = {
			.time_unix_ns = m->time_unix_ns,
			.source = key_from_endpoint(&m->source),
			.destination = key_from_endpoint(&m->destination),
			.length = m->length,
			.captured = m->captured,
			.data = m->data,
		};

		err = pcap_write(file, &datagram);
	}
	return err;
}

/* "-" is standard output. */
static int write_capture(const char *path, const struct flow *flow)
{
	bool to_stdout = strcmp(path, "-") == 0;
	FILE *file = to_stdout ? stdout : fopen(path, "wbe");
	int err;

	if (!file)
		return ctl_fail(errno == EACCES ? CTL_NOT_PERMITTED : CTL_NO, "%s: %s", path,
				strerror(errno));
	err = write_messages(file, flow);
	if (to_stdout ? fflush(file) : fclose(file))
		err = -EIO;
	if (err)
		return ctl_fail(CTL_NO, "%s: %s", path, strerror(-err));
	return CTL_DONE;
}

static const struct report_column columns[] = {
	{ .title = "CALL-ID", .key = "call_id" },
	{ .title = "OMITTED", .key = "omitted" },
};

static int report_flow(const char *call_id, const struct flow *flow)
{
	struct report *report = report_open(FORM_TABLE, "call", columns, 2);

	if (!report)
		return CTL_NO;
	report_string(report, call_id);
	report_number(report, flow->omitted);
	flow_report(report, flow);
	return report_close(report);
}

/* Records have as much of a long Call-ID as they hold; messages are found by all of it. */
static void note_cut(const char *call_id)
{
	size_t length = strlen(call_id);

	if (length < RECORD_CALL_ID && length + RECORD_CUT_MAX >= RECORD_CALL_ID)
		ctl_fail(CTL_NO,
			 "note: 'calls' shows %d octets of a Call-ID at most; to find its messages "
			 "takes all of it",
			 RECORD_CALL_ID - 1);
}

int cmd_ladder(int argc, char **argv)
{
	const char *capture = NULL;
	const struct ctl_option options[] = {
		{ .name = "pcap",
		  .kind = OPTION_TEXT,
		  .placeholder = "FILE",
		  .help = "write the messages to a capture file, - for standard output",
		  .to.text = &capture },
		{ .kind = OPTION_END },
	};
	struct flow flow;
	int code;

	if (!options_parse(&argc, argv, options, 1, &code))
		return code;
	if (!argv[1])
		return ctl_fail_usage("ladder", "which Call-ID?");
	code = flow_ask(argv[1], false, &flow);
	if (code == CTL_NO)
		note_cut(argv[1]);
	if (code)
		return code;
	if (capture)
		code = write_capture(capture, &flow);
	else if (ctl_global.json)
		code = report_flow(argv[1], &flow);
	else
		ladder_print(stdout, &flow);
	flow_free(&flow);
	return code;
}
