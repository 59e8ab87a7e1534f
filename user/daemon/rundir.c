/* SPDX-License-Identifier: GPL-2.0-only */
/* The runtime directory and the lock of an instance: see rundir.h. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/rundir.h"

#define PID_TEXT_SIZE 16
#define LOCK_TRIES    8 /* each time the holder has left in that very moment */

gid_t rundir_group(void)
{
	const struct group *group = getgrnam(RUNDIR_GROUP);

	return group ? group->gr_gid : (gid_t)-1;
}

/* Under a directory that others can write into, they could swap the lock and the socket. */
static int check_directory(int fd, gid_t group)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	/* Made just now, or at a time when there was no group. */
	if (group != (gid_t)-1 && st.st_gid != group &&
	    (fchown(fd, (uid_t)-1, group) || fchmod(fd, 0750)))
		return -errno;
	return 0;
}

int rundir_make(gid_t group)
{
	int fd, err;

	if (mkdir(RUNDIR_PATH, 0700) && errno != EEXIST)
		return -errno;
	fd = open(RUNDIR_PATH, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOTDIR || errno == ELOOP ? -EPERM : -errno;
	err = check_directory(fd, group);
	close(fd);
	return err;
}

static pid_t read_pid(int fd)
{
	char text[PID_TEXT_SIZE] = "";
	long pid;

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return 0;
	pid = strtol(text, NULL, 10);
	return pid > 0 ? (pid_t)pid : 0;
}

/* A full disk must not keep the daemon from starting: without the pid only a message is poorer. */
static void write_pid(int fd)
{
	char text[PID_TEXT_SIZE];
	int length = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) || pwrite(fd, text, (size_t)length, 0) != length)
		return;
}

static int lock_path(const char *instance, char path[PATH_MAX])
{
	int length = snprintf(path, PATH_MAX, RUNDIR_PATH "/%s.lock", instance);

	return length < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* Whoever held the lock before may have taken the file away, and another one may be there now. */
static bool is_current(int fd, const char *path)
{
	struct stat locked, named;

	return !fstat(fd, &locked) && !stat(path, &named) && locked.st_dev == named.st_dev &&
	       locked.st_ino == named.st_ino;
}

static int try_lock(const char *path, int *fd, pid_t *holder)
{
	int lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	int err = 0;

	if (lock < 0)
		return -errno;
	if (flock(lock, LOCK_EX | LOCK_NB))
		err = errno == EWOULDBLOCK ? -EALREADY : -errno;
	else if (!is_current(lock, path))
		err = -EAGAIN;
	if (err == -EALREADY)
		*holder = read_pid(lock);
	if (err)
		close(lock);
	else
		*fd = lock;
	return err;
}

int rundir_lock(const char *instance, int *fd, pid_t *holder)
{
	char path[PATH_MAX];
	int err = lock_path(instance, path);

	if (err)
		return err;
	for (int i = 0; i < LOCK_TRIES; i++) {
		err = try_lock(path, fd, holder);
		if (err != -EAGAIN)
			break;
	}
	if (!err)
		write_pid(*fd);
	return err;
}

void rundir_unlock(const char *instance, int fd)
{
	char path[PATH_MAX];

	if (!lock_path(instance, path))
		unlink(path);
	close(fd);
}
