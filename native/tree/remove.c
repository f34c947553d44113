// The verb `remove`, and the removal of trees for the verbs that replace things.
#define _GNU_SOURCE
#include "tree/remove.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "tree/walk.h"
#include "util/kernel.h"
#include "util/path.h"

#ifndef STATX_ATTR_MOUNT_ROOT
#define STATX_ATTR_MOUNT_ROOT 0x2000  // Linux 5.8
#endif

/** A directory without write or search permission cannot be emptied by its owner before it has them. */
static bool make_accessible(int parent, const char *name) {
  struct stat status;
  if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISDIR(status.st_mode)) return false;
  return (status.st_mode & 0700) != 0700 && fchmodat(parent, name, 0700, 0) == 0;
}

/** unlinkat, which succeeds for what is already gone. `flags`: 0 or AT_REMOVEDIR. */
static int unlink_entry(int parent, const char *name, int flags, uint64_t *removed) {
  int status = unlinkat(parent, name, flags);
  if (status != 0 && errno == EACCES && fchmod(parent, 0700) == 0) status = unlinkat(parent, name, flags);
  if (status == 0) (*removed)++;
  return status == 0 || errno == ENOENT ? 0 : -1;
}

/** Opens a directory to empty it; EBUSY when something is mounted on it. */
static int open_to_empty(int parent, const char *name) {
  int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(parent, name, flags);
  if (fd < 0 && errno == EACCES && make_accessible(parent, name)) fd = openat(parent, name, flags);
  if (fd < 0) return -1;
  struct statx status;
  if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &status) == 0 && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0) {
    close(fd);
    errno = EBUSY;
    return -1;
  }
  return fd;
}

static int enter(struct walk *walk) {
  int fd = open_to_empty(walk_dir(walk), walk->name);
  return fd < 0 ? -1 : walk_enter_directory(walk, fd);
}

static int remove_entry(struct walk *walk, uint64_t *removed) {
  if (walk->type != DT_DIR) {
    if (unlink_entry(walk_dir(walk), walk->name, 0, removed) == 0) return 0;
    // EISDIR: the file system does not tell types.
    if (errno != EISDIR) return -1;
  }
  // An empty directory needs no look inside.
  if (unlinkat(walk_dir(walk), walk->name, AT_REMOVEDIR) == 0) {
    (*removed)++;
    return 0;
  }
  return errno == ENOENT || enter(walk) == 0 ? 0 : -1;
}

static int empty_directory(int directory, const char *name, uint64_t *removed, char **path) {
  struct walk walk;
  if (walk_begin(&walk, directory, name, WALK_BY_NAME) != 0) return -1;
  int status = 0;
  for (enum walk_step step; status == 0 && (step = walk_next(&walk)) != WALK_DONE;) {
    status = step == WALK_UP ? unlink_entry(walk_dir(&walk), walk.name, AT_REMOVEDIR, removed)
                             : remove_entry(&walk, removed);
    if (status != 0) *path = xstrdup(walk.path.bytes);
  }
  int error = errno;
  walk_end(&walk);
  errno = error;
  return status;
}

int remove_tree(int parent, const char *name, uint64_t *removed, char **path) {
  *path = xstrdup(name);
  if (unlink_entry(parent, name, 0, removed) == 0) return 0;
  if (errno != EISDIR) return -1;
  int directory = open_to_empty(parent, name);
  if (directory < 0) return errno == ENOENT ? 0 : -1;
  if (empty_directory(directory, name, removed, path) != 0) return -1;
  return unlink_entry(parent, name, AT_REMOVEDIR, removed);
}

/** The directory that holds what is removed. Below a root (-1: none) no symlink leads to it. */
static int open_parent(int root, const char *directory) {
  int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  if (root < 0) return open(directory, flags);
  uint64_t inside = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return k_openat2(root, directory, (unsigned)flags, 0, inside);
}

static int remove_path(int root, const char *path, uint64_t *removed) {
  char *clean = xstrdup(path);
  for (size_t length = strlen(clean); length > 1 && clean[length - 1] == '/';) clean[--length] = 0;
  const char *name = path_base(clean);
  if (*name == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
    return reply_error("request", 0, path, "cannot remove a path without a name");
  }
  char *directory = name == clean ? xstrdup(".") : xstrndup(clean, (size_t)(name - clean));
  int parent = open_parent(root, directory);
  if (parent < 0) return errno == ENOENT ? 0 : reply_error("remove", errno, path, "cannot open the parent");
  char *failed;
  if (remove_tree(parent, name, removed, &failed) != 0) {
    const char *whole = strcmp(directory, ".") == 0 ? failed : xformat("%s%s", directory, failed);
    if (errno == EBUSY) return reply_error("remove", EBUSY, whole, "something is mounted here");
    return reply_error("remove", errno, whole, "cannot remove");
  }
  close(parent);
  return 0;
}

int verb_remove(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  const char *dir = cursor_take(&cursor, "dir");
  int root = dir == NULL ? -1 : open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (dir != NULL && root < 0) return reply_error("remove", errno, dir, "cannot open the directory");
  uint64_t removed = 0;
  for (const char *path; (path = cursor_take(&cursor, "path")) != NULL;) {
    if (remove_path(root, path, &removed) != 0) return -1;
  }
  if (cursor_peek(&cursor) != NULL) cursor_unexpected(&cursor);
  if (root >= 0) close(root);
  reply_result("count", "%llu", (unsigned long long)removed);
  return 0;
}
