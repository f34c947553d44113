// Comparison of an entry with what lies below it (below.h).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tree/below.h"
#include "tree/xattr.h"
#include "util/kernel.h"

enum { PIECE = 64 * 1024 };

static int open_below(int below, const char *path, int flags) {
  return k_openat2(below, path, (unsigned)flags | O_NOFOLLOW | O_CLOEXEC, 0,
                   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

bool below_has(int below, const char *path, struct stat *status) {
  if (below < 0) return false;
  // O_PATH with O_NOFOLLOW would be refused for a final symlink by RESOLVE_NO_SYMLINKS: its parent is opened instead.
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return fstatat(below, path, status, AT_SYMLINK_NOFOLLOW) == 0;
  char parent[PATH_MAX];
  size_t length = (size_t)(slash - path);
  if (length >= sizeof parent) return false;
  memcpy(parent, path, length);
  parent[length] = 0;
  // Of a new directory, which has no other below, every entry asks for the same. What is below does not change.
  static struct {
    int below;
    char path[PATH_MAX];
  } absent = {.below = -1};
  if (absent.below == below && strcmp(absent.path, parent) == 0) return false;
  int fd = open_below(below, parent, O_PATH | O_DIRECTORY);
  if (fd < 0) {
    absent.below = below;
    memcpy(absent.path, parent, length + 1);
    return false;
  }
  bool found = fstatat(fd, slash + 1, status, AT_SYMLINK_NOFOLLOW) == 0;
  close(fd);
  return found;
}

bool below_wants_whiteout(int below, const char *path) {
  static const char OPAQUE[] = ".wh..wh..opq";
  static const char PREFIX[] = ".wh.";
  if (below < 0) return true;
  char hidden[PATH_MAX];
  const char *slash = strrchr(path, '/');
  size_t parent = slash == NULL ? 0 : (size_t)(slash - path) + 1;
  const char *name = path + parent;
  struct stat status;
  if (strcmp(name, OPAQUE) == 0) {
    if (parent == 0) return true;
    snprintf(hidden, sizeof hidden, "%.*s", (int)parent - 1, path);
    return below_has(below, hidden, &status) && S_ISDIR(status.st_mode);
  }
  snprintf(hidden, sizeof hidden, "%.*s%s", (int)parent, path, name + strlen(PREFIX));
  return below_has(below, hidden, &status);
}

static bool same_bytes(int a, int b) {
  static LARGE char one[PIECE];
  static LARGE char two[PIECE];
  for (;;) {
    ssize_t count = read(a, one, sizeof one);
    if (count < 0) return false;
    size_t done = 0;
    while (done < (size_t)count) {
      ssize_t more = read(b, two + done, (size_t)count - done);
      if (more <= 0) return false;
      done += (size_t)more;
    }
    if (memcmp(one, two, done) != 0) return false;
    if (count == 0) return read(b, two, 1) == 0;
  }
}

static bool same_attributes(int a, int b) {
  static struct buffer one;
  static struct buffer two;
  one.length = two.length = 0;
  xattrs_describe(&one, a);
  xattrs_describe(&two, b);
  return one.length == two.length && (one.length == 0 || memcmp(one.bytes, two.bytes, one.length) == 0);
}

static bool same_link(int below, const char *path, int directory, const char *name) {
  char one[PATH_MAX];
  char two[PATH_MAX];
  ssize_t first = readlinkat(directory, name, one, sizeof one);
  ssize_t second = readlinkat(below, path, two, sizeof two);
  return first >= 0 && first == second && memcmp(one, two, (size_t)first) == 0;
}

bool below_same(int below, const char *path, int directory, const char *name, const struct stat *status) {
  struct stat other;
  if (!below_has(below, path, &other)) return false;
  if (status->st_mode != other.st_mode || status->st_uid != other.st_uid || status->st_gid != other.st_gid ||
      status->st_rdev != other.st_rdev) {
    return false;
  }
  bool plain = S_ISREG(status->st_mode);
  bool is_directory = S_ISDIR(status->st_mode);
  if (!is_directory && (status->st_size != other.st_size || status->st_mtim.tv_sec != other.st_mtim.tv_sec ||
                        status->st_mtim.tv_nsec != other.st_mtim.tv_nsec)) {
    return false;
  }
  if (S_ISLNK(status->st_mode)) return same_link(below, path, directory, name);
  if (!plain && !is_directory) return true;
  int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW;
  int a = openat(directory, name, flags);
  int b = open_below(below, path, flags);
  bool same = a >= 0 && b >= 0 && same_attributes(a, b) && (!plain || same_bytes(a, b));
  if (a >= 0) close(a);
  if (b >= 0) close(b);
  return same;
}
