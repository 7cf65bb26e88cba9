/* Every system call that may be made once serving has begun: CALL(name, need). ALWAYS; FILES with a data directory or a
 * database; OPENS: those, or names are looked up; DATABASE; NAMES: it, or names are looked up; TALKS: it, or others are
 * asked over HTTP; NEVER: it ends the process. What is not here fails with EPERM. Some more, by their arguments, are in
 * engine/ops/syscalls.c. */

/* The turn of a core, of a thread of the store, of the main thread */
CALL(io_uring_enter, ALWAYS)
CALL(futex, ALWAYS)
CALL(ppoll, ALWAYS)             /* the doorbell of several lanes */
CALL(read, ALWAYS)
CALL(pread64, ALWAYS)           /* how much memory is in use */
CALL(write, ALWAYS)             /* the log */
CALL(pwritev2, ALWAYS)          /* the log, without waiting for who reads it */
CALL(getsockopt, ALWAYS)        /* of which family a listener is */
CALL(shutdown, ALWAYS)          /* of a listener */
CALL(wait4, ALWAYS)             /* the reader of files, at the end */
CALL(close, ALWAYS)
CALL(sched_yield, ALWAYS)
CALL(nanosleep, ALWAYS)
CALL(clock_nanosleep, ALWAYS)
CALL(clock_gettime, ALWAYS)     /* where the vDSO cannot */
CALL(gettimeofday, ALWAYS)
CALL(time, ALWAYS)
CALL(rt_sigtimedwait, ALWAYS)
CALL(rt_sigprocmask, ALWAYS)
CALL(rt_sigaction, ALWAYS)
CALL(rt_sigreturn, ALWAYS)
CALL(sigaltstack, ALWAYS)
CALL(restart_syscall, ALWAYS)   /* after SIGSTOP and SIGCONT */

/* The C library and the allocator */
CALL(munmap, ALWAYS)
CALL(mremap, ALWAYS)
CALL(madvise, ALWAYS)
CALL(brk, ALWAYS)
CALL(getrandom, ALWAYS)
CALL(getpid, ALWAYS)
CALL(gettid, ALWAYS)
CALL(fstat, ALWAYS)
CALL(newfstatat, ALWAYS)        /* also of descriptors, with an empty path */
CALL(lseek, ALWAYS)
CALL(writev, ALWAYS)
CALL(membarrier, ALWAYS)
CALL(rseq, ALWAYS)
CALL(set_robust_list, ALWAYS)
CALL(sched_getaffinity, ALWAYS)
CALL(getcpu, ALWAYS)
CALL(getrusage, ALWAYS)
CALL(uname, ALWAYS)
CALL(exit, ALWAYS)
CALL(exit_group, ALWAYS)

/* SQLite, and the snapshot at the end */
CALL(open, OPENS)
CALL(openat, OPENS)
CALL(pwrite64, FILES)
CALL(fsync, FILES)
CALL(fdatasync, FILES)
CALL(ftruncate, FILES)
CALL(fallocate, FILES)
CALL(flock, FILES)
CALL(stat, OPENS)
CALL(lstat, FILES)
CALL(access, OPENS)
CALL(faccessat, FILES)
CALL(faccessat2, FILES)
CALL(unlink, FILES)
CALL(unlinkat, FILES)
CALL(rename, FILES)
CALL(renameat, FILES)
CALL(renameat2, FILES)
CALL(getcwd, FILES)
CALL(readlink, FILES)
CALL(readlinkat, FILES)
CALL(getuid, FILES)
CALL(geteuid, FILES)
CALL(fchown, FILES)             /* as root SQLite gives its log to the owner of its file */

/* libpq and libcurl; sockets are in syscalls.c */
CALL(connect, TALKS)
CALL(sendto, TALKS)
CALL(recvfrom, TALKS)
CALL(poll, TALKS)
CALL(setsockopt, TALKS)
CALL(getsockname, TALKS)
CALL(getpeername, TALKS)

/* The resolver */
CALL(bind, NAMES)               /* of netlink; TCP is Landlock's */
CALL(sendmsg, NAMES)
CALL(sendmmsg, NAMES)
CALL(recvmsg, NAMES)

/* libpq alone */
CALL(getegid, DATABASE)
CALL(getgid, DATABASE)
CALL(statx, DATABASE)
CALL(getdents64, DATABASE)      /* a directory of certificates */
CALL(sysinfo, DATABASE)

/* Another program */
CALL(execve, NEVER)
CALL(execveat, NEVER)
CALL(fork, NEVER)
CALL(vfork, NEVER)
CALL(memfd_create, NEVER)
CALL(uselib, NEVER)
/* Another's memory and descriptors */
CALL(ptrace, NEVER)
CALL(process_vm_readv, NEVER)
CALL(process_vm_writev, NEVER)
CALL(process_madvise, NEVER)
CALL(pidfd_getfd, NEVER)
CALL(kcmp, NEVER)
CALL(userfaultfd, NEVER)
/* Another ring, without a list of its own */
CALL(io_uring_setup, NEVER)
/* Another identity */
CALL(setuid, NEVER)
CALL(setgid, NEVER)
CALL(setreuid, NEVER)
CALL(setregid, NEVER)
CALL(setresuid, NEVER)
CALL(setresgid, NEVER)
CALL(setfsuid, NEVER)
CALL(setfsgid, NEVER)
CALL(setgroups, NEVER)
CALL(capset, NEVER)
CALL(personality, NEVER)
/* Another view of the machine */
CALL(mount, NEVER)
CALL(umount2, NEVER)
CALL(pivot_root, NEVER)
CALL(chroot, NEVER)
CALL(move_mount, NEVER)
CALL(open_tree, NEVER)
CALL(fsopen, NEVER)
CALL(fsconfig, NEVER)
CALL(fsmount, NEVER)
CALL(fspick, NEVER)
CALL(mount_setattr, NEVER)
CALL(unshare, NEVER)
CALL(setns, NEVER)
CALL(open_by_handle_at, NEVER)
CALL(name_to_handle_at, NEVER)
/* The kernel itself */
CALL(bpf, NEVER)
CALL(perf_event_open, NEVER)
CALL(init_module, NEVER)
CALL(finit_module, NEVER)
CALL(delete_module, NEVER)
CALL(kexec_load, NEVER)
CALL(kexec_file_load, NEVER)
CALL(reboot, NEVER)
CALL(swapon, NEVER)
CALL(swapoff, NEVER)
CALL(acct, NEVER)
CALL(iopl, NEVER)
CALL(ioperm, NEVER)
CALL(quotactl, NEVER)
CALL(settimeofday, NEVER)
CALL(clock_settime, NEVER)
CALL(adjtimex, NEVER)
CALL(clock_adjtime, NEVER)
CALL(sethostname, NEVER)
CALL(setdomainname, NEVER)
