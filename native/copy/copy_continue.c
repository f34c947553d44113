// A copy that continues an earlier one: the topmost layer below has what the same copy gave when its source was
// another, and only what differs is written. What cannot be told so is refused: then the client copies everything.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copy/copy.h"
#include "tree/below.h"
#include "tree/remove.h"
#include "util/kernel.h"
#include "util/path.h"
#include "view/view.h"

/** Takes away what the earlier copy had and this one has not. */
void copy_take_away(struct copier *copier, const struct copy_action *action) {
  char *path = path_clean(action->destination);
  struct stat status;
  // A whiteout would hide what has to come to light again.
  if (below_has(action->view, path, &status)) die("continue", 0, path, "the layers below have it too");
  char *name;
  int parent = view_open_parent(copier->root, path, NULL, &name);
  if (parent < 0) die("continue", errno, path, "cannot open the path");
  stamps_keep(&copier->stamps, parent);
  char *problem;
  if (remove_tree(parent, name, &copier->count, &problem) != 0) die("continue", errno, problem, "cannot take it away");
  close(parent);
}

/** Gives the directories that the earlier copy made for want of a parent the epoch of this one. */
void copy_renew(const struct copier *copier, const char *destination) {
  char *path = path_clean(destination);
  uint64_t inside = RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  size_t length = strlen(path);
  for (size_t end = 0; end < length; end++) {
    end += strcspn(path + end, "/");
    path[end] = 0;
    int fd = k_openat2(copier->root, path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, inside);
    struct stat status;
    // Behind a symlink there may be directories of the earlier copy that nobody knows of.
    if (fd < 0 || fstat(fd, &status) != 0) die("continue", errno, path, "a symlink is on the way");
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, copier->rule.epoch};
    bool renewed = strcmp(path, ".") != 0 && compare_times(status.st_mtim, copier->was) == 0;
    if (renewed && utimensat(AT_FDCWD, fd_path(fd).text, times, 0) != 0)
      die("times", errno, path, "cannot set the time of a directory");
    close(fd);
    if (end < length) path[end] = '/';
  }
}

/** An access list that the directory took from an earlier source is not to be told from one that it keeps. */
void copy_refuse_acl(int directory, const char *path) {
  static const char *const names[] = {"system.posix_acl_access", "system.posix_acl_default"};
  for (size_t i = 0; i < COUNT_OF(names); i++)
    if (fgetxattr(directory, names[i], NULL, 0) >= 0) die("continue", 0, path, "it has an access list");
}
