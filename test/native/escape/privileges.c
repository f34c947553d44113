// Getting back the capabilities that a sandbox does not have.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attempts.h"

static int set_capability(int capability, int also_inheritable) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) return errno;
  uint32_t bit = UINT32_C(1) << (capability % 32);
  data[capability / 32].permitted |= bit;
  data[capability / 32].effective |= bit;
  if (also_inheritable) data[capability / 32].inheritable |= bit;
  return passed(syscall(SYS_capset, &header, data));
}

static int take_capability(void) { return set_capability(CAP_SYS_ADMIN, 0); }

static int inherit_capability(void) {
  int result = set_capability(CAP_SYS_ADMIN, 1);
  if (result != ESCAPED) return result;
  return passed(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
}

/**
 * A program with a capability in its attributes, run by a user without any. The copy is /bin/cat of the
 * image, which reads nothing when it runs: what counts is whether the kernel starts it with a capability
 * outside of the bounding set.
 */
static int capability_of_a_file(void) {
  struct vfs_cap_data capability = {.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE};
  capability.data[0].permitted = UINT32_C(1) << CAP_SYS_ADMIN;
  const char *path = "/" CANARY "-program";
  int from = open("/bin/busybox", O_RDONLY | O_CLOEXEC), to = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
  struct stat stat;
  if (from < 0 || to < 0 || fstat(from, &stat) != 0) return errno;
  for (off_t left = stat.st_size; left > 0;) {
    ssize_t sent = sendfile(to, from, NULL, (size_t)left);
    if (sent <= 0) return errno;
    left -= sent;
  }
  close(to);
  if (setxattr(path, "security.capability", &capability, sizeof capability, 0) != 0) return errno;
  if (setresgid(1000, 1000, 1000) != 0 || setresuid(1000, 1000, 1000) != 0) return errno;
  execl(path, "true", NULL);
  return errno;
}

static int rise_to_realtime(void) {
  struct sched_param parameter = {.sched_priority = 1};
  return passed(sched_setscheduler(0, SCHED_FIFO, &parameter));
}

static int rename_machine(void) {
  char name[65];
  if (gethostname(name, sizeof name) != 0) return errno;
  return passed(sethostname(name, strlen(name)));
}

const struct attempt privilege_attempts[] = {
    {"take-capability", take_capability},
    {"inherit-capability", inherit_capability},
    {"capability-of-a-file", capability_of_a_file},
    {"realtime", rise_to_realtime},
    {"rename-machine", rename_machine},
    {NULL, NULL},
};
