// Which system calls a step may make: the policy of moby's default profile (moby/profiles, seccomp/default_linux.go),
// which is what containers of docker run with. What no rule names is refused with EPERM. The kernels that tsbuild
// runs on are newer than any version the profile asks for, so its conditions on versions are always met here.

/** One alternative under which named calls are let through (or, with `fails`, how they fail instead). */
export interface Rule {
  readonly calls: readonly string[];
  /** Only in sandboxes with this capability. */
  readonly needs?: string;
  /** Only in sandboxes without it. */
  readonly unless?: string;
  /** Only on machines of this architecture; x64 with its 32-bit processes, arm64 likewise. */
  readonly on?: 'x64' | 'arm64';
  readonly when?: Condition;
  readonly fails?: 'ENOSYS';
}

/** What an argument has to be: one of these ranges of numbers, both ends included, or free of these bits. */
export type Condition =
  | {readonly argument: number; readonly within: readonly (readonly [number, number])[]}
  | {readonly argument: number; readonly without: number};

// Calls that act on what a process has anyway: its memory, descriptors, files, children, its own ids and limits.
const harmless = `
  accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime
  clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
  clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1
  epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit
  exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2
  fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat
  fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait
  futex_waitv futex_wake futimesat get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid
  getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid
  getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid getsockname
  getsockopt gettid gettimeofday getuid getuid32 getxattr getxattrat inotify_add_watch inotify_init inotify_init1
  inotify_rm_watch io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl
  ioprio_get ioprio_set ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32
  lgetxattr link linkat listen listmount listxattr listxattrat llistxattr _llseek lremovexattr lseek lsetxattr
  lstat lstat64 madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat
  mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64
  mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall
  munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause pidfd_open pidfd_send_signal
  pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64
  process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv
  recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr removexattrat rename renameat renameat2
  restart_syscall rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
  rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min
  sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
  sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp
  select semctl semget semop semtimedop semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto
  set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups
  setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32
  setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat shmat shmctl shmdt shmget
  shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice stat stat64 statfs
  statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create
  timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
  timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit
  umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid
  write writev`;

/**
 * Address families of socket(2) that may be used: all that exist, but for AF_ALG (38), a way into the kernel's
 * cryptography that containers have no use for, and AF_VSOCK (40), which knows no network namespaces. The other gaps
 * are families that the kernel has given up. The arguments of socketcall(2), which 32-bit programs of old use, lie
 * behind a pointer: no filter can see them.
 */
const families = [
  [0, 11],
  [13, 18],
  [21, 22],
  [24, 24],
  [26, 33],
  [35, 36],
  [39, 39],
  [41, 45],
] as const;

/** PER_LINUX, PER_LINUX32, the two with UNAME26, and the question which one is in force. */
const personalities = [0, 8, 0x20000, 0x20008, 0xffffffff].map((value) => [value, value] as const);

/** CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
const cloneNamespaces = 0x7e020000;

export const policy: readonly Rule[] = [
  {calls: words(harmless)},
  {calls: words('process_vm_readv process_vm_writev ptrace')},
  {calls: ['socket'], when: {argument: 0, within: families}},
  {calls: ['personality'], when: {argument: 0, within: personalities}},
  {calls: ['arch_prctl', 'modify_ldt'], on: 'x64'},
  {
    calls: words('arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls'),
    on: 'arm64',
  },
  {calls: ['open_by_handle_at'], needs: 'CAP_DAC_READ_SEARCH'},
  {
    calls:
      words(`bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr
      lsm_list_modules lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl
      quotactl_fd setdomainname sethostname setns syslog umount umount2 unshare`),
    needs: 'CAP_SYS_ADMIN',
  },
  {calls: ['clone'], unless: 'CAP_SYS_ADMIN', when: {argument: 0, without: cloneNamespaces}},
  // Its flags lie behind a pointer. Told that there is no such call, C libraries go on with clone.
  {calls: ['clone3'], unless: 'CAP_SYS_ADMIN', fails: 'ENOSYS'},
  {calls: ['reboot'], needs: 'CAP_SYS_BOOT'},
  {calls: ['chroot'], needs: 'CAP_SYS_CHROOT'},
  {calls: ['delete_module', 'init_module', 'finit_module'], needs: 'CAP_SYS_MODULE'},
  {calls: ['acct'], needs: 'CAP_SYS_PACCT'},
  {calls: ['kcmp', 'pidfd_getfd', 'process_madvise'], needs: 'CAP_SYS_PTRACE'},
  {calls: ['iopl', 'ioperm'], needs: 'CAP_SYS_RAWIO'},
  {calls: ['settimeofday', 'stime', 'clock_settime', 'clock_settime64'], needs: 'CAP_SYS_TIME'},
  {calls: ['vhangup'], needs: 'CAP_SYS_TTY_CONFIG'},
  {calls: words('get_mempolicy mbind set_mempolicy set_mempolicy_home_node'), needs: 'CAP_SYS_NICE'},
  {calls: ['syslog'], needs: 'CAP_SYSLOG'},
  {calls: ['bpf'], needs: 'CAP_BPF'},
  {calls: ['perf_event_open'], needs: 'CAP_PERFMON'},
];

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}
