// The way to the parent of a path in a view, making what is missing.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespace/userns.h"
#include "view/view.h"

#define LINKS_MAX 40

/** Makes one missing directory. The parent's descriptor may be O_PATH. */
static int make_directory(int parent, const char *name, const struct make_parents *make) {
  if (make->before != NULL) make->before(make->context, parent, name);
  if (mkdirat(parent, name, 0700) != 0) return errno == EEXIST ? 0 : -1;
  struct stat fresh;
  mode_t inherited = fstatat(parent, name, &fresh, AT_SYMLINK_NOFOLLOW) == 0 ? fresh.st_mode : 0;
  // With one id only, everything belongs to root: there is no other owner to set.
  if (fchownat(parent, name, make->uid, make->gid, AT_SYMLINK_NOFOLLOW) != 0 &&
      !(errno == EINVAL && userns_mode() == USERNS_SINGLE)) {
    return -1;
  }
  // A setgid directory passes its bit on (inode(7)).
  return fchmodat(parent, name, make->mode | (inherited & S_ISGID), 0);
}

/** The target of `name` in `parent` if it is a symlink, else NULL. */
static char *link_target(int parent, const char *name) {
  char target[PATH_MAX];
  ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
  if (length < 0) return NULL;
  target[length] = '\0';
  return xstrdup(target);
}

/**
 * Opens a directory, making the components that are missing, also behind a dangling symlink. Component by
 * component from the root, each prefix resolved by the kernel, so that `..` and symlinks cannot lead outside.
 */
static int open_directory_making(int root, const char *path, const struct make_parents *make) {
  char *rest = xstrdup(path);
  for (int links = 0; links <= LINKS_MAX; links++) {
    int fd = view_open_in_root(root, rest, O_PATH | O_DIRECTORY);
    if (fd >= 0 || errno != ENOENT || make == NULL) return fd;
    char *restart = NULL;
    for (char *end = rest; restart == NULL && *end != '\0';) {
      char *start = end + strspn(end, "/");
      end = start + strcspn(start, "/");
      if (start == end) break;
      char *before = xstrndup(rest, (size_t)(start - rest));
      char *name = xstrndup(start, (size_t)(end - start));
      char *through = xstrndup(rest, (size_t)(end - rest));
      int have = view_open_in_root(root, through, O_PATH | O_DIRECTORY);
      close_quietly(have);
      if (have < 0 && errno != ENOENT) return -1;
      if (have < 0) {
        int parent = view_open_in_root(root, before, O_PATH | O_DIRECTORY);
        if (parent < 0) return -1;
        char *target = link_target(parent, name);
        if (target != NULL)
          restart = xformat("%s/%s%s", *target == '/' ? "" : before, target, end);
        else if (make_directory(parent, name, make) != 0)
          return -1;
        close(parent);
        free(target);
      }
      free(before);
      free(name);
      free(through);
    }
    if (restart != NULL) rest = restart;
  }
  errno = ELOOP;
  return -1;
}

int view_open_parent(int root, const char *path, const struct make_parents *make, char **name) {
  size_t length = strlen(path);
  while (length > 0 && path[length - 1] == '/') length--;
  size_t start = length;
  while (start > 0 && path[start - 1] != '/') start--;
  *name = length == 0 ? xstrdup(".") : xstrndup(path + start, length - start);
  if (strcmp(*name, "..") == 0) {  // not a name: the directory itself is meant
    *name = xstrdup(".");
    start = length;
  }
  char *parent = xstrndup(path, start);
  int fd = open_directory_making(root, parent, make);
  free(parent);
  return fd;
}
