// SPDX-License-Identifier: GPL-2.0-only
/* The instance's place in bpffs: directories, rights, lock, pins. */
#include "plane/pin.h"

#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "plane/log.h"
#include "plane/maps.h"

#define MAKE_TRIES    8
#define BPFFS	      "/sys/fs/bpf"
#define LOCK_TRIES    20 /* `status` tests the lock by taking it for a moment */
#define LOCK_RETRY_NS 10000000L

static const char *const kind_names[PIN_KINDS] = {
	[PIN_XDP] = "xdp",
	[PIN_DISPATCHER] = "dispatcher",
	[PIN_TCX] = "tcx",
	[PIN_CLSACT] = "clsact",
};

/* A part of a path in bpffs: no slash, no dot (also of an instance that `sipxdpctl` was given). */
static bool name_usable(const char *name)
{
	return name[0] && strlen(name) < NAME_SIZE && !strpbrk(name, "/.");
}

int pin_path(const char *instance, const char *name, char out[PIN_PATH_SIZE])
{
	if (!name_usable(instance) || (name && !name_usable(name)))
		return -EINVAL;
	snprintf(out, PIN_PATH_SIZE, "%s/%s%s%s", MAPS_ROOT, instance, name ? "/" : "",
		 name ? name : "");
	return 0;
}

static int links_path(const char *instance, char out[PIN_PATH_SIZE])
{
	return pin_path(instance, "links", out);
}

int pin_link_path(const char *instance, enum pin_kind kind, const struct pin_interface *interface,
		  char out[PIN_PATH_SIZE])
{
	if (!name_usable(instance))
		return -EINVAL;
	snprintf(out, PIN_PATH_SIZE, "%s/%s/links/%s-%u-%" PRIu32, MAPS_ROOT, instance,
		 kind_names[kind], interface->ifindex, interface->netns);
	return 0;
}

uint32_t pin_netns(void)
{
	struct stat st;

	return stat("/proc/self/ns/net", &st) ? 0 : (uint32_t)st.st_ino;
}

/* ---- directories and rights ---- */

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == (unsigned long)BPF_FS_MAGIC;
}

static int mount_bpffs(void)
{
	int err;

	if (is_bpffs(BPFFS))
		return 0;
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0) {
		plane_log(PLANE_LOG_INFO, "mounted bpffs at " BPFFS ", which it was not");
		return 0;
	}
	err = -errno;
	plane_log(PLANE_LOG_ERROR,
		  BPFFS " is no bpffs and cannot be mounted (%s): mount -t bpf bpf " BPFFS,
		  strerror(-err));
	return err;
}

static gid_t pin_group(void)
{
	const struct group *group = getgrnam(PIN_GROUP);

	return group ? group->gr_gid : (gid_t)-1;
}

/* Owner root, group PIN_GROUP if there is one; without it, or without the right to give a file to
 * a group (which a running daemon has dropped), the group has no rights. */
static int give_rights(const char *path, mode_t mode)
{
	gid_t gid = pin_group();

	if (gid == (gid_t)-1) {
		mode &= ~(mode_t)S_IRWXG;
	} else if (chown(path, (uid_t)-1, gid)) {
		if (errno != EPERM)
			return -errno;
		mode &= ~(mode_t)S_IRWXG;
	}
	return chmod(path, mode) ? -errno : 0;
}

static int make_directory(const char *path, mode_t mode)
{
	int err = 0;

	if (mkdir(path, 0700) && errno != EEXIST)
		err = -errno;
	if (!err)
		err = give_rights(path, mode);
	if (err && err != -ENOENT)
		plane_log(PLANE_LOG_ERROR, "%s: %s", path, strerror(-err));
	return err;
}

/* Both levels. Whoever ends at that moment may take the empty upper one away in between. */
static int make_instance(const char *path)
{
	int err = -ENOENT;

	for (int tries = 0; err == -ENOENT && tries < MAKE_TRIES; tries++) {
		err = make_directory(MAPS_ROOT, 0750);
		if (!err)
			err = make_directory(path, 0750);
	}
	if (err == -ENOENT)
		plane_log(PLANE_LOG_ERROR, "%s: %s", path, strerror(ENOENT));
	return err;
}

/* ---- lock ---- */

int pin_lock(const char *instance, int *lock)
{
	const struct timespec pause = { .tv_nsec = LOCK_RETRY_NS };
	char path[PIN_PATH_SIZE];
	int fd, err = pin_path(instance, NULL, path);

	if (err)
		return err;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? -EPERM : -errno;
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
			*lock = fd;
			return 0;
		}
		err = -errno;
		if (err != -EWOULDBLOCK)
			break;
		nanosleep(&pause, NULL);
	}
	close(fd);
	return err == -EWOULDBLOCK ? -EBUSY : err;
}

/* Somebody may have removed the directory that was locked, and another one is there now. */
static bool is_locked(int lock, const char *path)
{
	struct stat locked, named;

	return lock >= 0 && !fstat(lock, &locked) && !stat(path, &named) &&
	       locked.st_dev == named.st_dev && locked.st_ino == named.st_ino;
}

/* In the place of the lock that is held, unless it is the right one. */
static int take_lock(const char *instance, const char *path, int *lock)
{
	int fresh, err;

	if (is_locked(*lock, path))
		return 0;
	err = pin_lock(instance, &fresh);
	if (err == -EBUSY)
		plane_log(PLANE_LOG_ERROR,
			  "instance '%s' is held by another sipxdpd; give this one another name "
			  "(instance: NAME)",
			  instance);
	else if (err)
		plane_log(PLANE_LOG_ERROR, "%s: %s", path, strerror(-err));
	if (err)
		return err;
	if (*lock >= 0)
		close(*lock);
	*lock = fresh;
	return 0;
}

int pin_begin(const char *instance, int *lock)
{
	char path[PIN_PATH_SIZE];
	int err = pin_path(instance, NULL, path);

	if (err) {
		plane_log(PLANE_LOG_ERROR, "'%s' is no name for an instance", instance);
		return err;
	}
	err = mount_bpffs();
	if (!err)
		err = make_instance(path);
	if (!err)
		err = take_lock(instance, path, lock);
	if (!err)
		err = links_path(instance, path);
	return err ? err : make_directory(path, 0750);
}

/* ---- pins ---- */

int pin_object(int fd, const char *path)
{
	int err;

	if (bpf_obj_pin(fd, path))
		return -errno;
	err = give_rights(path, 0660);
	if (err)
		unlink(path);
	return err;
}

int pin_open(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd >= 0)
		return fd;
	return errno == EACCES ? -EPERM : -errno;
}

int pin_move(const char *from, const char *to)
{
	return rename(from, to) ? -errno : 0;
}

int pin_remove(const char *path)
{
	return unlink(path) && errno != ENOENT ? -errno : 0;
}

/* A number up to max, and where it ends. */
static bool number_parse(const char *text, unsigned long max, uint32_t *out, const char **end)
{
	unsigned long number;
	char *rest;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoul(text, &rest, 10);
	if (errno || number > max)
		return false;
	*out = (uint32_t)number;
	*end = rest;
	return true;
}

/* "tcx-12-4026531840" */
static bool name_parse(const char *name, enum pin_kind *kind, struct pin_interface *interface)
{
	for (int k = 0; k < PIN_KINDS; k++) {
		size_t len = strlen(kind_names[k]);
		const char *at = name + len;
		uint32_t ifindex, netns;

		if (strncmp(name, kind_names[k], len) || *at++ != '-')
			continue;
		if (!number_parse(at, INT32_MAX, &ifindex, &at) || *at++ != '-' || !ifindex ||
		    !number_parse(at, UINT32_MAX, &netns, &at) || *at)
			return false;
		*kind = (enum pin_kind)k;
		*interface = (struct pin_interface){ .ifindex = ifindex, .netns = netns };
		return true;
	}
	return false;
}

int pin_walk(const char *instance, pin_walk_fn fn, void *ctx)
{
	char path[PIN_PATH_SIZE];
	const struct dirent *entry;
	DIR *dir;
	int err = links_path(instance, path);

	if (err)
		return err;
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : errno == EACCES ? -EPERM : -errno;
	while (!err && (entry = readdir(dir))) {
		struct pin_interface interface;
		enum pin_kind kind;

		if (!name_parse(entry->d_name, &kind, &interface))
			continue;
		err = pin_link_path(instance, kind, &interface, path);
		if (!err)
			err = fn(kind, &interface, path, ctx);
	}
	closedir(dir);
	return err;
}

/* Unlinks the files of a directory and the directory itself. */
static int remove_directory(const char *path)
{
	const struct dirent *entry;
	DIR *dir = opendir(path);
	int err = 0;

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_DIR)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) && errno != ENOENT && !err)
			err = -errno;
	}
	closedir(dir);
	if (rmdir(path) && errno != ENOENT && !err)
		err = -errno;
	return err;
}

void pin_tidy(const char *instance)
{
	char path[PIN_PATH_SIZE];

	if (!links_path(instance, path))
		rmdir(path);
	if (!pin_path(instance, NULL, path))
		rmdir(path);
	rmdir(MAPS_ROOT);
}

int pin_remove_all(const char *instance)
{
	char path[PIN_PATH_SIZE];
	int err = links_path(instance, path);

	if (!err)
		err = remove_directory(path);
	if (!err)
		err = pin_path(instance, NULL, path);
	if (!err)
		err = remove_directory(path);
	if (!err)
		pin_tidy(instance); /* MAPS_ROOT stays while another instance is there */
	return err;
}
