/* SPDX-License-Identifier: GPL-2.0-only */
/* The packet path cut off behind each stage, and the scanner behind each of its steps: programs of
 * stages.bpf.c in their order. X(name, what the stage does) */
#ifndef BENCH_STAGES_H
#define BENCH_STAGES_H

#define PATH_STAGES(X)                                                                             \
	X(foreign, "ports looked at: is it ours at all?")                                          \
	X(frame, "what its headers say, written down")                                             \
	X(service, "service found, clock read")                                                    \
	X(classify, "UDP header, class")                                                           \
	X(trust, "trust filter asked")                                                             \
	X(first, "budget of all unknown sources asked")                                            \
	X(source, "row of the source found")                                                       \
	X(early, "limit of the source asked")                                                      \
	X(call, "function called, service looked up again")                                        \
	X(scan, "headers scanned, dialog asked")                                                   \
	X(limit, "limits asked and spent")                                                         \
	X(count, "counted")                                                                        \
	X(note, "row of the source written")

#define SCAN_STAGES(X)                                                                             \
	X(begin, "cleared")                                                                        \
	X(lines, "lines found, names looked up")                                                   \
	X(call_id, "Call-ID")                                                                      \
	X(hash, "its keyed hash")                                                                  \
	X(cseq, "CSeq and its method")                                                             \
	X(agent, "User-Agent")                                                                     \
	X(check, "Content-Length, checks of the whole")                                            \
	X(to_tag, "To and its tag")                                                                \
	X(details, "Via branch, From tag, Max-Forwards: only on demand")

#endif
