// SPDX-License-Identifier: GPL-2.0-only
/* Imported files are followed by inotify: see imports.h. */
#include "daemon/imports.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "daemon/log.h"

/* The directory is watched: a file that is replaced is another one, under the same name. */
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO)

struct imports {
	imports_news *news;
	void *context;
	int fd;
	sd_event_source *source;
	const struct config *config;
	int directory[CONFIG_SERVICES_MAX]; /* watch descriptor; -1: none */
};

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* name "": events were lost. */
static void tell(struct imports *imports, int directory, const char *name)
{
	const struct config *config = imports->config;

	for (size_t i = 0; config && i < config->service_count; i++) {
		const char *path = config->services[i].balance.import_path;

		if (imports->directory[i] < 0)
			continue;
		if (!*name ||
		    (imports->directory[i] == directory && strcmp(base_name(path), name) == 0))
			imports->news(imports->context, i);
	}
}

static int on_events(sd_event_source *source, int fd, uint32_t revents, void *context)
{
	char buffer[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
		__attribute__((aligned(__alignof__(struct inotify_event))));
	struct imports *imports = context;
	ssize_t length = read(fd, buffer, sizeof(buffer));

	(void)source;
	(void)revents;
	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const void *)(buffer + at);

		if (event->mask & IN_Q_OVERFLOW)
			tell(imports, -1, "");
		else if (event->len)
			tell(imports, event->wd, event->name);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return 0;
}

static int watch_directory(struct imports *imports, const char *path)
{
	char *directory = strdup(path), *slash = directory ? strrchr(directory, '/') : NULL;
	int wd;

	if (!directory)
		return -ENOMEM;
	if (slash == directory)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	wd = inotify_add_watch(imports->fd, slash ? directory : ".", EVENTS);
	if (wd < 0)
		wd = -errno;
	free(directory);
	return wd;
}

static void unfollow(struct imports *imports)
{
	for (size_t i = 0; i < CONFIG_SERVICES_MAX; i++) {
		/* Several may share one: then the later calls fail, and nothing is lost. */
		if (imports->directory[i] >= 0)
			inotify_rm_watch(imports->fd, imports->directory[i]);
		imports->directory[i] = -1;
	}
}

void imports_follow(struct imports *imports, const struct config *config)
{
	unfollow(imports);
	imports->config = config;
	for (size_t i = 0; i < config->service_count; i++) {
		const char *path = config->services[i].balance.import_path;

		if (!config->services[i].balanced || !path)
			continue;
		imports->directory[i] = watch_directory(imports, path);
		if (imports->directory[i] < 0)
			log_warning("%s cannot be followed, a reload reads it: %s", path,
				    strerror(-imports->directory[i]));
	}
}

int imports_open(sd_event *event, imports_news *news, void *context, struct imports **out)
{
	struct imports *imports = calloc(1, sizeof(*imports));
	int err;

	if (!imports)
		return -ENOMEM;
	imports->news = news;
	imports->context = context;
	for (size_t i = 0; i < CONFIG_SERVICES_MAX; i++)
		imports->directory[i] = -1;
	imports->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	err = imports->fd < 0 ? -errno
			      : sd_event_add_io(event, &imports->source, imports->fd, EPOLLIN,
						on_events, imports);
	if (err < 0) {
		imports_close(imports);
		return err;
	}
	*out = imports;
	return 0;
}

void imports_close(struct imports *imports)
{
	if (!imports)
		return;
	sd_event_source_disable_unref(imports->source);
	if (imports->fd >= 0)
		close(imports->fd);
	free(imports);
}
