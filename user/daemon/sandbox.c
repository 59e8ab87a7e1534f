/* SPDX-License-Identifier: GPL-2.0-only */
/* The system-call filter of a running daemon: see sandbox.h. */
#include <errno.h>
#include <seccomp.h>
#include <stddef.h>

#include "daemon/sandbox.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* By name, as not every architecture has every call, and not every libseccomp knows the newest. */
static const char *const allowed[] = {
	/* BPF, and what attaching needs: netlink and a look at interfaces */
	"bpf", "socket", "connect", "bind", "getsockname", "getpeername", "getsockopt",
	"setsockopt", "ioctl",
	/* the event loop */
	"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll",
	"select", "pselect6", "timerfd_create", "timerfd_settime", "timerfd_gettime", "signalfd4",
	"eventfd2", "pipe2",
	/* clients of the control socket, the service manager, the log */
	"listen", "accept", "accept4", "shutdown", "sendto", "sendmsg", "sendmmsg", "recvfrom",
	"recvmsg", "recvmmsg", "socketpair", "read", "readv", "pread64", "preadv", "write",
	"writev", "pwrite64", "pwritev",
	/* reading the configuration, the pins, /sys */
	"open", "openat", "close", "close_range", "fcntl", "flock", "dup", "dup2", "dup3", "lseek",
	"stat", "lstat", "fstat", "newfstatat", "fstatat64", "statx", "statfs", "fstatfs",
	"statfs64", "fstatfs64", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
	"getdents64", "getcwd", "umask", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat",
	"rename", "renameat", "renameat2", "ftruncate", "fsync", "fdatasync",
	/* news of files that pools are imported from */
	"inotify_init1", "inotify_add_watch", "inotify_rm_watch",
	/* memory */
	"brk", "mmap", "mmap2", "munmap", "mprotect", "mremap", "madvise", "memfd_create",
	/* time */
	"clock_gettime", "clock_gettime64", "clock_getres", "clock_nanosleep", "nanosleep",
	"gettimeofday", "time",
	/* signals */
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait",
	"sigaltstack", "restart_syscall", "tgkill",
	/* this process */
	"getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getresuid",
	"getresgid", "getgroups", "getpgrp", "getrandom", "getrusage", "times", "uname", "sysinfo",
	"getcpu", "getrlimit", "setrlimit", "prlimit64", "sched_yield", "sched_getaffinity",
	"futex", "set_robust_list", "set_tid_address", "rseq", "membarrier", "arch_prctl", "capget",
	"exit", "exit_group"
};

static const char *const refused[] = {
	/* other programs and processes */
	"execve", "execveat", "clone", "fork", "vfork", "kill", "tkill", "pidfd_open",
	"pidfd_getfd", "pidfd_send_signal", "ptrace", "process_vm_readv", "process_vm_writev",
	"kcmp",
	/* another identity, other namespaces */
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid",
	"setfsgid", "setgroups", "capset", "setns", "unshare", "chroot", "pivot_root",
	/* file systems */
	"mount", "umount2", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick",
	"mount_setattr", "swapon", "swapoff", "quotactl", "open_by_handle_at", "name_to_handle_at",
	"chown", "fchown", "lchown", "fchownat", "link", "linkat", "symlink", "symlinkat", "mknod",
	"mknodat", "setxattr", "fsetxattr", "lsetxattr",
	/* the kernel and the machine */
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
	"sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_adjtime",
	"adjtimex", "iopl", "ioperm", "acct", "syslog", "vhangup", "personality", "perf_event_open",
	"userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "keyctl", "add_key",
	"request_key"
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static int add_rules(scmp_filter_ctx filter, uint32_t action, const char *const names[],
		     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		int err;

		if (number == __NR_SCMP_ERROR)
			continue;
		err = seccomp_rule_add(filter, action, number, 0);
		if (err)
			return err;
	}
	return 0;
}

/* Pins are made private; a file is never made more than that: neither others' nor set-id bits. */
#define MODE_FORBIDDEN 07077

static int add_mode_rules(scmp_filter_ctx filter)
{
	static const struct {
		const char *name;
		unsigned int mode; /* which argument it is */
	} calls[] = { { "chmod", 1 }, { "fchmod", 1 }, { "fchmodat", 2 }, { "fchmodat2", 2 } };

	for (size_t i = 0; i < COUNT(calls); i++) {
		int number = seccomp_syscall_resolve_name(calls[i].name);
		int err;

		if (number == __NR_SCMP_ERROR)
			continue;
		err = seccomp_rule_add(
			filter, SCMP_ACT_ALLOW, number, 1,
			SCMP_CMP(calls[i].mode, SCMP_CMP_MASKED_EQ, MODE_FORBIDDEN, 0));
		if (err)
			return err;
	}
	return 0;
}

static int build_and_load(scmp_filter_ctx filter)
{
	int err;

	/* What is refused goes to the audit log, if the kernel can do that (since 4.14). */
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	/* Calls by a foreign convention (x32, i386) are attacks, as we make none. */
	err = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (!err)
		err = add_rules(filter, SCMP_ACT_ALLOW, allowed, COUNT(allowed));
	if (!err)
		err = add_mode_rules(filter);
	if (!err)
		err = add_rules(filter, SCMP_ACT_ERRNO(EPERM), refused, COUNT(refused));
	if (!err)
		err = seccomp_load(filter);
	return err;
}

int sandbox_enter(void)
{
	scmp_filter_ctx filter;
	int err;

	if (SANITIZED)
		return -ENOTSUP;
	filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!filter)
		return -ENOMEM;
	err = build_and_load(filter);
	seccomp_release(filter);
	return err;
}
