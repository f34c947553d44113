// Reaching other processes, their memory and descriptors, their namespaces, and what the starter of a sandbox
// had.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/sched.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempts.h"

static int trace_init(void) { return passed(ptrace(PTRACE_SEIZE, 1, NULL, NULL)); }
static int memory_of_init(void) { return opens("/proc/1/mem", O_RDWR); }
static int environment_of_init(void) { return opens("/proc/1/environ", O_RDONLY); }

static int read_memory_of_init(void) {
  char byte;
  struct iovec own = {&byte, 1}, nowhere = {NULL, 1};
  return passed_or(process_vm_readv(1, &own, 1, &nowhere, 1, 0), EFAULT);
}

static int descriptor_of_init(void) {
  int init = (int)syscall(SYS_pidfd_open, 1, 0);
  if (init < 0) return errno;
  return passed_or(syscall(SYS_pidfd_getfd, init, 0, 0), EBADF);  // it has none, but we could have looked
}

static int compare_with_init(void) {
  return passed(syscall(SYS_kcmp, 1, getpid(), KCMP_VM, 0, 0));
}

static int signal_host_process(void) { return passed(kill(planted.pid, 0)); }

static int enters(const char *namespace) {
  int fd = open(namespace, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  return passed(setns(fd, 0));
}
static int enter_mounts(void) { return enters("/proc/1/ns/mnt"); }
static int enter_network(void) { return enters("/proc/1/ns/net"); }
static int enter_processes(void) { return enters("/proc/1/ns/pid_for_children"); }

static int unshare_user(void) { return passed(unshare(CLONE_NEWUSER)); }
static int unshare_mounts(void) { return passed(unshare(CLONE_NEWNS)); }
static int unshare_network(void) { return passed(unshare(CLONE_NEWNET)); }
/** Root of a new user namespace may mount: the way to many a kernel bug. */
static int mount_in_user_namespace(void) {
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return errno;
  return passed(syscall(SYS_mount, "none", "/dev/shm", "tmpfs", 0, NULL));
}

static int clone_user(void) {
  long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
  if (child == 0) _exit(0);
  return passed(child);
}

static int clone3_user(void) {
  struct clone_args arguments = {.flags = CLONE_NEWUSER, .exit_signal = SIGCHLD};
  long child = syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) _exit(0);
  return passed(child);
}

static int shared_memory(void) { return passed(shmget(CANARY_KEY, 0, 0)); }
static int message_queue(void) { return passed(mq_open("/" CANARY, O_RDONLY | O_CLOEXEC)); }
static int terminal(void) { return opens("/dev/tty", O_RDWR | O_NOCTTY); }
static int environment(void) { return getenv("CANARY") != NULL ? ESCAPED : ENOENT; }

/** `layer=` is in the arguments of the helper. */
static int arguments_of_others(void) {
  DIR *directory = opendir("/proc");
  struct dirent *entry;
  int result = ENOENT;
  if (directory == NULL) return errno;
  while ((entry = readdir(directory)) != NULL) {
    char path[300], text[4096];
    if (entry->d_name[0] < '0' || entry->d_name[0] > '9') continue;
    snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof text);
    if (fd >= 0) close(fd);
    if (length > 0 && memmem(text, (size_t)length, "layer=", 6) != NULL) result = ESCAPED;
  }
  closedir(directory);
  return result;
}

const struct attempt process_attempts[] = {
    {"trace-init", trace_init},
    {"memory-of-init", memory_of_init},
    {"environment-of-init", environment_of_init},
    {"read-memory-of-init", read_memory_of_init},
    {"descriptor-of-init", descriptor_of_init},
    {"compare-with-init", compare_with_init},
    {"signal-host-process", signal_host_process},
    {"enter-mounts", enter_mounts},
    {"enter-network", enter_network},
    {"enter-processes", enter_processes},
    {"unshare-user", unshare_user},
    {"unshare-mounts", unshare_mounts},
    {"unshare-network", unshare_network},
    {"mount-in-user-namespace", mount_in_user_namespace},
    {"clone-user", clone_user},
    {"clone3-user", clone3_user},
    {"shared-memory", shared_memory},
    {"message-queue", message_queue},
    {"terminal", terminal},
    {"environment", environment},
    {"arguments-of-others", arguments_of_others},
    {NULL, NULL},
};
