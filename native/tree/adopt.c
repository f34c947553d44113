// The verb `adopt`: directories that a layer's tar had no header for take mode, owner, attributes and time
// from the same path in the layers below; otherwise unpacking one layer would change what a lower one said
// about /usr. Hard links to files of lower layers are completed likewise.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "tree/copydata.h"
#include "tree/xattr.h"
#include "util/path.h"
#include "view/view.h"

struct adoption {
  int root;
  int lower;
  uint64_t count;
  uint64_t missing;
};

static void copy_metadata(int from, int to, const struct stat *status, const char *path) {
  // An owner that this user namespace does not map stays ours, as when the layer below was unpacked.
  if (fchown(to, status->st_uid, status->st_gid) != 0 && errno != EINVAL && errno != EPERM) {
    die("adopt", errno, path, "cannot set the owner");
  }
  if (fchmod(to, status->st_mode & 07777) != 0) die("adopt", errno, path, "cannot set the mode");
  xattrs_copy(from, to, xattr_is_portable);
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status->st_mtim};
  if (futimens(to, times) != 0) die("adopt", errno, path, "cannot set the time");
}

static void adopt_directory(struct adoption *adoption, const char *path) {
  int to = view_open_in_root(adoption->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (to < 0) die("adopt", errno, path, "cannot open the directory");
  int from = view_open_in_root(adoption->lower, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  struct stat status;
  if (from < 0 || fstat(from, &status) != 0) {
    adoption->missing++;
  } else {
    copy_metadata(from, to, &status, path);
    adoption->count++;
  }
  close_quietly(from);
  close(to);
}

/** Brings `target` up from the layers below, as overlayfs would before linking to it. */
static bool copy_up(struct adoption *adoption, const char *target, int parent, const char *name) {
  int from = view_open_in_root(adoption->lower, target, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat status;
  if (from < 0 || fstat(from, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  int to = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (to < 0 || copy_data(from, to, (uint64_t)status.st_size) != 0)
    die("adopt", errno, target, "cannot copy the file");
  copy_metadata(from, to, &status, target);
  close(from);
  close(to);
  return true;
}

static void adopt_link(struct adoption *adoption, const char *path, const char *target) {
  const struct make_parents make = {.mode = 0755};
  char *target_name;
  int from = view_open_parent(adoption->root, target, &make, &target_name);
  char *name;
  int parent = view_open_parent(adoption->root, path, &make, &name);
  if (from < 0 || parent < 0) die("adopt", errno, path, "cannot open its directory");
  struct stat status;
  bool there = fstatat(from, target_name, &status, AT_SYMLINK_NOFOLLOW) == 0;
  if (!there && !copy_up(adoption, target, from, target_name)) {
    die("adopt", ENOENT, path, "cannot make the hard link to %s", target);
  }
  if (linkat(from, target_name, parent, name, 0) != 0) {
    die("adopt", errno, path, "cannot make the hard link to %s", target);
  }
  adoption->count++;
  close(from);
  close(parent);
}

int verb_adopt(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  const char *dir = cursor_take(&cursor, "dir");
  if (dir == NULL) cursor_unexpected(&cursor);
  struct view_spec below = view_take(&cursor);
  struct adoption adoption = {.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                              .lower = view_open(&below)};
  if (adoption.root < 0) return reply_error("adopt", errno, dir, "cannot open the directory");
  for (const char *path; cursor_peek(&cursor) != NULL;) {
    if ((path = cursor_take(&cursor, "path")) != NULL) {
      adopt_directory(&adoption, path_clean(path));
    } else if ((path = cursor_take(&cursor, "link")) != NULL) {
      const char *target = cursor_take(&cursor, "target");
      if (target == NULL) cursor_unexpected(&cursor);
      adopt_link(&adoption, path_clean(path), path_clean(target));
    } else {
      cursor_unexpected(&cursor);
    }
  }
  reply_result("count", "%llu", (unsigned long long)adoption.count);
  reply_result("missing", "%llu", (unsigned long long)adoption.missing);
  return 0;
}
