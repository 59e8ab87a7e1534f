/* SPDX-License-Identifier: GPL-2.0-only */
/* Log lines to stderr, for the journal or for a person: see log.h. */
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "daemon/log.h"
#include "plane/clock.h"

static struct {
	int max_priority;
	bool journal;
	uint64_t lost;
} log_state = { .max_priority = LOG_INFO };

/* JOURNAL_STREAM holds "device:inode" of the journal's stream (systemd.exec(5)). */
static bool stderr_is_journal(void)
{
	const char *text = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	if (!text || sscanf(text, "%llu:%llu", &device, &inode) != 2 || fstat(STDERR_FILENO, &st))
		return false;
	return st.st_dev == device && st.st_ino == inode;
}

/* Where a standard stream is closed, the next file that is opened would get its number, and what is
 * logged would go into a lock, a socket or a map. */
static void fill_standard_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void log_open(int max_priority)
{
	fill_standard_streams();
	log_state.max_priority = max_priority;
	log_state.journal = stderr_is_journal();
}

uint64_t log_lost(void)
{
	return log_state.lost;
}

static size_t print_head(char *out, size_t size, int priority)
{
	struct timespec now;
	struct tm tm;
	char date[32], zone[8];

	if (log_state.journal)
		return (size_t)snprintf(out, size, "<%d>", priority);

	clock_gettime(CLOCK_REALTIME, &now);
	if (!localtime_r(&now.tv_sec, &tm) || !strftime(date, sizeof(date), "%FT%T", &tm) ||
	    !strftime(zone, sizeof(zone), "%z", &tm))
		return 0;
	/* RFC 3339 wants a colon in the offset that strftime writes without. */
	return (size_t)snprintf(out, size, "%s.%03ld%.3s:%s ", date, now.tv_nsec / 1000000, zone,
				zone + 3);
}

static void blank_controls(char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c < 0x20 || c == 0x7f)
			text[i] = '?';
	}
}

/* stderr is often shared with others (a terminal, a pipe), so it must not be made non-blocking;
 * asking first is enough, as a line is shorter than PIPE_BUF. */
static bool write_at_once(const char *text, size_t length)
{
	struct pollfd stream = { .fd = STDERR_FILENO, .events = POLLOUT };

	if (poll(&stream, 1, 0) != 1 || !(stream.revents & POLLOUT))
		return false;
	return write(STDERR_FILENO, text, length) == (ssize_t)length;
}

static void write_event(int priority, const char *text, size_t length)
{
	char line[LOG_LINE_MAX];
	size_t head = print_head(line, sizeof(line), priority);

	if (length > sizeof(line) - head - 1)
		length = sizeof(line) - head - 1;
	memcpy(line + head, text, length);
	blank_controls(line + head, length);
	line[head + length] = '\n';
	if (!write_at_once(line, head + length + 1))
		log_state.lost++;
}

void log_line(int priority, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	char *line = text;
	va_list args;
	int length;

	if (priority > log_state.max_priority)
		return;
	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0)
		return;
	while (*line) {
		size_t part = strcspn(line, "\n");

		if (part)
			write_event(priority, line, part);
		line += part;
		line += *line == '\n';
	}
}

bool log_limit_pass(struct log_limit *limit, uint64_t now_ns, uint64_t *withheld)
{
	if (!limit->window_ns || now_ns - limit->window_ns >= LOG_LIMIT_SECONDS * NSEC_PER_SEC) {
		limit->window_ns = now_ns;
		limit->lines = 0;
	}
	if (limit->lines >= LOG_LIMIT_LINES) {
		limit->withheld++;
		return false;
	}
	limit->lines++;
	*withheld = limit->withheld;
	limit->withheld = 0;
	return true;
}

void log_limited_at(struct log_limit *limit, int priority, const char *format, ...)
{
	char text[LOG_LINE_MAX];
	uint64_t withheld;
	va_list args;
	int length;

	if (priority > log_state.max_priority ||
	    !log_limit_pass(limit, clock_monotonic_ns(), &withheld))
		return;
	va_start(args, format);
	length = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (length < 0)
		return;
	if (withheld)
		log_line(priority, "%s (%llu more like it were not shown)", text,
			 (unsigned long long)withheld);
	else
		log_line(priority, "%s", text);
}
