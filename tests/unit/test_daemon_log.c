/* SPDX-License-Identifier: GPL-2.0-only */
/* Log lines: one an event, harmless, and not more than anyone can read. */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log.c"

#define SECOND NSEC_PER_SEC

Test(log, a_place_writes_five_lines_in_ten_seconds_and_then_says_how_many_it_withheld)
{
	struct log_limit limit = { 0 };
	uint64_t now = 77 * SECOND, withheld = 99;

	for (int i = 0; i < LOG_LIMIT_LINES; i++) {
		cr_expect(log_limit_pass(&limit, now, &withheld), "line %d", i);
		cr_expect_eq(withheld, 0);
	}
	for (int i = 0; i < 1000; i++)
		cr_expect_not(log_limit_pass(&limit, now + 9 * SECOND, &withheld));
	cr_expect(log_limit_pass(&limit, now + LOG_LIMIT_SECONDS * SECOND, &withheld));
	cr_expect_eq(withheld, 1000);
	cr_expect(log_limit_pass(&limit, now + LOG_LIMIT_SECONDS * SECOND, &withheld));
	cr_expect_eq(withheld, 0);
}

/* What log_line() writes to a pipe in stderr's place. */
static size_t captured(char *out, size_t size, int priority, const char *text)
{
	int ends[2], kept = dup(STDERR_FILENO);
	ssize_t n;

	cr_assert_eq(pipe2(ends, O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	log_line(priority, "%s", text);
	dup2(kept, STDERR_FILENO);
	n = read(ends[0], out, size - 1);
	close(ends[0]);
	close(ends[1]);
	close(kept);
	out[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

Test(log, what_came_off_the_wire_cannot_forge_a_line_or_steer_a_terminal)
{
	char line[4096];

	log_open(LOG_INFO);
	captured(line, sizeof(line), LOG_NOTICE, "call \033[2J\r\b\x7f from x");
	cr_expect(strstr(line, "call ?[2J??? from x\n"), "%s", line);
	cr_expect_eq(strchr(line, '\n'), line + strlen(line) - 1);
}

Test(log, several_lines_are_several_events_and_empty_ones_are_none)
{
	char line[4096];

	log_open(LOG_INFO);
	log_state.journal = true;
	captured(line, sizeof(line), LOG_ERR, "one\n\ntwo\n");
	cr_expect_str_eq(line, "<3>one\n<3>two\n");
}

Test(log, lines_below_the_priority_are_left_out_and_long_ones_are_cut)
{
	char line[8192], *text = malloc(6001);

	cr_assert(text);
	memset(text, 'x', 6000);
	text[6000] = '\0';
	log_open(LOG_INFO);
	log_state.journal = true;
	cr_expect_eq(captured(line, sizeof(line), LOG_DEBUG, "no"), 0);
	cr_expect_leq(captured(line, sizeof(line), LOG_INFO, text), LOG_LINE_MAX);
	cr_expect_eq(line[strlen(line) - 1], '\n');
	free(text);
}

Test(log, a_reader_that_does_not_read_costs_lines_and_never_time)
{
	int ends[2], kept = dup(STDERR_FILENO);

	log_open(LOG_INFO);
	cr_assert_eq(pipe(ends), 0); /* blocking, as a service manager's is */
	dup2(ends[1], STDERR_FILENO);
	for (int i = 0; i < 5000; i++)
		log_line(LOG_INFO, "line %d of many that nobody reads, some of which must go", i);
	dup2(kept, STDERR_FILENO);
	cr_expect_gt(log_lost(), 0);
	cr_expect_lt(log_lost(), 5000);
	close(ends[0]);
	close(ends[1]);
	close(kept);
}

Test(log, a_closed_stderr_is_not_given_to_another_file)
{
	int fd, kept = dup(STDERR_FILENO);

	close(STDERR_FILENO);
	log_open(LOG_INFO);
	fd = open("/dev/zero", O_RDONLY);
	dup2(kept, STDERR_FILENO);
	cr_expect_gt(fd, STDERR_FILENO);
	close(fd);
	close(kept);
}
