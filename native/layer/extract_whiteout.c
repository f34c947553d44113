// Whiteouts of OCI layers (image-spec, layer.md) in overlayfs form: `.wh.NAME` is a character device 0/0
// called NAME, `.wh..wh..opq` an attribute of its directory.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "layer/extract.h"
#include "util/path.h"
#include "view/view.h"

static void make_opaque(struct extract *extract, int parent, const char *name, const char *path) {
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 || fsetxattr(fd, view_opaque_xattr(), "y", 1, 0) != 0) {
    die(extract->phase, errno, path, "cannot make the directory opaque");
  }
  close(fd);
}

bool extract_is_whiteout(int parent, const char *name) {
  struct stat status;
  return fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(status.st_mode) &&
         status.st_rdev == makedev(0, 0);
}

bool extract_replace_whiteout(struct extract *extract, int parent, const char *name) {
  if (!extract_is_whiteout(parent, name)) return false;
  if (unlinkat(parent, name, 0) != 0 || mkdirat(parent, name, 0755) != 0) {
    die(extract->phase, errno, name, "cannot replace a whiteout");
  }
  make_opaque(extract, parent, name, name);
  return true;
}

/**
 * NAME below this layer is gone. What this very layer has under that name stays (the order of members has no
 * meaning): a directory then hides what was below it.
 */
static void make_whiteout(struct extract *extract, int parent, const char *name, const char *path) {
  if (mknodat(parent, name, S_IFCHR, makedev(0, 0)) == 0) return;
  if (errno != EEXIST) die(extract->phase, errno, path, "cannot make the whiteout");
  struct stat status;
  if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode)) {
    make_opaque(extract, parent, name, path);
  }
}

bool extract_whiteout(struct extract *extract, const char *path) {
  const char *base = path_base(path);
  if (strncmp(base, ".wh.", 4) != 0) return false;
  const char *name = base + 4;
  if (strcmp(base, ".wh..wh..opq") == 0) {
    make_opaque(extract, extract_parent(extract, path), ".", path);
  } else if (strncmp(name, ".wh.", 4) == 0) {
    // Bookkeeping of aufs (.wh..wh.aufs, .wh..wh.plnk); nothing that a layer holds.
  } else if (*name == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
    die(extract->phase, 0, path, "the whiteout names nothing");
  } else {
    make_whiteout(extract, extract_parent(extract, path), name, path);
  }
  return true;
}
