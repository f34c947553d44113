// Entering a user namespace. Subordinate ids need the set-user-ID programs newuidmap and newgidmap, which
// must run outside of the new namespace: a child forked before runs them on us.
#define _GNU_SOURCE
#include "namespace/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/kernel.h"
#include "util/util.h"

#define SUBID_FILE_BYTES_MAX (1u << 20)

static enum userns_mode mode = USERNS_ROOT;
static const char *failed_phase;
static const char *failed_message;
static int failed_errno;

// What administrators switch user namespaces off with, and the value that does it.
static const struct {
  const char *path, *off, *name;
} switches[] = {
    {"/proc/sys/user/max_user_namespaces", "0", "user.max_user_namespaces is 0"},
    {"/proc/sys/kernel/unprivileged_userns_clone", "0", "kernel.unprivileged_userns_clone is 0"},
    {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
     "kernel.apparmor_restrict_unprivileged_userns is 1"},
};

static void fail(const char *phase, int error, const char *message) {
  failed_phase = phase;
  failed_errno = error;
  failed_message = message;
  for (size_t i = 0; error != 0 && i < COUNT_OF(switches); i++) {
    struct buffer value = {0};
    int fd = open(switches[i].path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) continue;
    if (read_all(fd, 64, &value) == 0 && strncmp(value.bytes, switches[i].off, 1) == 0)
      failed_message = xformat("%s (%s)", message, switches[i].name);
    close(fd);
  }
}

void userns_require(void) {
  if (failed_phase != NULL) die(failed_phase, failed_errno, NULL, "%s", failed_message);
}

enum userns_mode userns_mode(void) {
  return mode;
}

bool userns_nested(void) {
  return mode != USERNS_ROOT;
}

const char *userns_mode_name(void) {
  static const char *const names[] = {"root", "outer", "ranges", "single"};
  return names[mode];
}

static bool write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  bool written = write_full(fd, text, strlen(text)) == 0;
  close_quietly(fd);
  return written;
}

/** Of root, by what the namespace maps. One with a single id is like our own of that kind. */
static enum userns_mode mode_of_root(void) {
  struct buffer map = {0};
  int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read_all(fd, 4096, &map) != 0) return USERNS_ROOT;
  close(fd);
  unsigned inside, outside, count, more;
  if (sscanf(map.bytes, "%u %u %u %u", &inside, &outside, &count, &more) != 3) return USERNS_OUTER;
  if (inside == 0 && outside == 0 && count == 4294967295u) return USERNS_ROOT;
  return count == 1 ? USERNS_SINGLE : USERNS_OUTER;
}

bool userns_owns(const char *kind) {
  struct stat own = {0}, owner = {0};
  int space = open(xformat("/proc/self/ns/%s", kind), O_RDONLY | O_CLOEXEC);
  int fd = space < 0 ? -1 : ioctl(space, NS_GET_USERNS);
  bool owns = fd >= 0 && fstat(fd, &owner) == 0 && stat("/proc/self/ns/user", &own) == 0 &&
              own.st_ino == owner.st_ino;
  close_quietly(fd);
  close_quietly(space);
  return owns;
}

/** The name of the calling user by the host's /etc/passwd; NULL when it has none. (Not NSS: this is a static
 * program.) */
static char *user_name(uid_t uid) {
  struct buffer text = {0};
  int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read_all(fd, SUBID_FILE_BYTES_MAX, &text) != 0) return NULL;
  close(fd);
  char *rest = text.bytes, *line;
  while ((line = strsep(&rest, "\n")) != NULL) {
    char *name = strsep(&line, ":");
    if (line == NULL || strsep(&line, ":") == NULL || line == NULL) continue;
    char *number = strsep(&line, ":");
    uint64_t value;
    if (parse_u64(number, UINT32_MAX, &value) && value == uid) return name;
  }
  return NULL;
}

/** The user's first range in /etc/subuid or /etc/subgid. */
static bool first_range(const char *path, const char *name, uid_t uid, char *start, char *count) {
  struct buffer text = {0};
  char digits[16];
  snprintf(digits, sizeof digits, "%u", uid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || read_all(fd, SUBID_FILE_BYTES_MAX, &text) != 0) return false;
  close(fd);
  char *rest = text.bytes, *line;
  while ((line = strsep(&rest, "\n")) != NULL) {
    char *owner = strsep(&line, ":"), *first = strsep(&line, ":"), *length = line;
    uint64_t number;
    if (first == NULL || length == NULL) continue;
    if (strcmp(owner, digits) != 0 && (name == NULL || strcmp(owner, name) != 0)) continue;
    if (!parse_u64(first, UINT32_MAX, &number) || !parse_u64(length, UINT32_MAX, &number)) continue;
    snprintf(start, 16, "%s", first);
    snprintf(count, 16, "%s", length);
    return true;
  }
  return false;
}

static bool map_with(const char *program, pid_t target, uid_t own, const char *start, const char *count) {
  char pid[16], id[16];
  snprintf(pid, sizeof pid, "%d", target);
  snprintf(id, sizeof id, "%u", own);
  pid_t child = fork();
  if (child < 0) return false;
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) {
      dup2(null, STDOUT_FILENO);
      dup2(null, STDERR_FILENO);
    }
    execlp(program, program, pid, "0", id, "1", "1", start, count, (char *)NULL);
    _exit(127);
  }
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

struct ranges {
  bool known;
  char uid_start[16], uid_count[16], gid_start[16], gid_count[16];
};

/** Forks the mapper, which waits for a byte on *go and maps its parent. Its status: 0 mapped, 1 nothing, 2
 * half mapped. */
static pid_t start_mapper(const struct ranges *ranges, int *go) {
  int ends[2];
  xpipe(ends);
  pid_t target = getpid();
  pid_t child = fork();
  if (child == 0) {
    char byte;
    close(ends[1]);
    if (read_full(ends[0], &byte, 1) != 1) _exit(1);
    if (!map_with("newuidmap", target, getuid(), ranges->uid_start, ranges->uid_count)) _exit(1);
    _exit(map_with("newgidmap", target, getgid(), ranges->gid_start, ranges->gid_count) ? 0 : 2);
  }
  close(ends[0]);
  *go = ends[1];
  return child;
}

static bool map_single(uid_t uid, gid_t gid) {
  char line[64];
  if (!write_file("/proc/self/setgroups", "deny")) return false;
  snprintf(line, sizeof line, "0 %u 1\n", uid);
  if (!write_file("/proc/self/uid_map", line)) return false;
  snprintf(line, sizeof line, "0 %u 1\n", gid);
  return write_file("/proc/self/gid_map", line);
}

/** Ends with the maps written, or with a failure noted. */
static void map_ids(const struct ranges *ranges, pid_t mapper, int go, uid_t uid, gid_t gid) {
  int status = 1 << 8;
  if (ranges->known) {
    (void)!write(go, "", 1);
    close(go);
    while (waitpid(mapper, &status, 0) < 0 && errno == EINTR) continue;
  }
  if (status == 0) {
    mode = USERNS_RANGES;
  } else if (WIFEXITED(status) && WEXITSTATUS(status) == 1) {
    mode = USERNS_SINGLE;
    if (!map_single(uid, gid)) fail("id-maps", errno, "cannot map the user's id into a user namespace");
  } else {
    fail("id-maps", 0, "newgidmap failed after newuidmap succeeded: /etc/subgid does not fit");
  }
}

void userns_enter(void) {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  if (uid == 0) {
    mode = mode_of_root();
    // Without it a worker could not come back to where it was, which is not this namespace's (`unshare -Ur`).
    if (mode != USERNS_ROOT && !userns_owns("mnt") && unshare(CLONE_NEWNS) != 0)
      fail("namespaces", errno, "cannot make a mount namespace");
    return;
  }
  mode = USERNS_SINGLE;
  struct ranges ranges = {0};
  char *name = user_name(uid);
  ranges.known = first_range("/etc/subuid", name, uid, ranges.uid_start, ranges.uid_count) &&
                 first_range("/etc/subgid", name, uid, ranges.gid_start, ranges.gid_count);
  int go = -1;
  pid_t mapper = ranges.known ? start_mapper(&ranges, &go) : -1;
  if (unshare(CLONE_NEWUSER) != 0) {
    fail("namespaces", errno, "cannot make a user namespace");
    close_quietly(go);
    return;
  }
  map_ids(&ranges, mapper, go, uid, gid);
  if (failed_phase != NULL) return;
  if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0 || (mode == USERNS_RANGES && setgroups(0, NULL) != 0)) {
    fail("id-maps", errno, "cannot become root of the user namespace");
    return;
  }
  if (unshare(CLONE_NEWNS) != 0) fail("namespaces", errno, "cannot make a mount namespace");
}
