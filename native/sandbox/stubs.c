// Making and unmaking mount points. Everything is done through descriptors, so it does not matter where the
// run has moved a directory in the meantime.
#define _GNU_SOURCE
#include "sandbox/stubs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "protocol/reply.h"
#include "view/view.h"

#define LINKS_MAX 40

struct stub {
  int parent;
  char *name;
  bool directory;
};

// A directory that was there before us and lies in the root overlay (or is an ancestor of such a one).
struct holder {
  int fd;
  char *path;   // relative to the root
  bool copied;  // not in the upper directory before
  bool untouched;
  struct stat seen;  // with our stubs in it, and nothing else changed
  char *xattrs;
};

static int root = -1, upper = -1;
static struct stat root_stat;
static char *root_path;
static struct stub *stubs;
static size_t stub_count;
static struct holder *holders;
static size_t holder_count;

static char *path_of(int fd) {
  char path[PATH_MAX];
  ssize_t length = readlink(fd_path(fd).text, path, sizeof path - 1);
  return length < 0 ? NULL : xstrndup(path, (size_t)length);
}

void stubs_begin(int root_fd, int upper_fd) {
  root = root_fd;
  upper = upper_fd;
  root_path = path_of(root);
  if (root_path == NULL || fstat(root, &root_stat) != 0)
    die("rootfs", errno, NULL, "cannot look at the root");
}

bool stubs_made(void) {
  return stub_count > 0;
}

int stubs_root(void) {
  return root;
}

/** As the user knows it. */
static const char *path_inside(int fd) {
  const char *path = path_of(fd);
  size_t prefix = strlen(root_path);
  return path == NULL || strncmp(path, root_path, prefix) != 0 || path[prefix] == '\0' ? "/" : path + prefix;
}

/** Only an owner may: what belongs to nobody whom a user namespace knows keeps the time it has got. */
static int set_mtime(int directory, struct timespec mtime) {
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, mtime};
  if (utimensat(directory, ".", times, 0) == 0 || errno == EPERM) return 0;
  return reply_error("rootfs", errno, path_inside(directory), "cannot restore a directory's time");
}

/** Names and values of the xattrs that are not overlay's own, as one text. */
static char *xattrs_of(int fd) {
  struct buffer all = {0};
  struct fd_path path = fd_path(fd);
  char names[4096], value[4096];
  buffer_append(&all, "", 0);
  ssize_t length = listxattr(path.text, names, sizeof names);
  for (ssize_t at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
    if (strncmp(names + at, view_overlay_prefix(), strlen(view_overlay_prefix())) == 0) continue;
    ssize_t size = getxattr(path.text, names + at, value, sizeof value);
    buffer_format(&all, "%s=", names + at);
    for (ssize_t i = 0; i < size; i++) buffer_format(&all, "%02x", (unsigned char)value[i]);
    buffer_string(&all, "\n");
  }
  return all.bytes;
}

static void note_all(void) {
  for (size_t i = 0; i < holder_count; i++) {
    free(holders[i].xattrs);
    if (fstat(holders[i].fd, &holders[i].seen) != 0)
      die("rootfs", errno, holders[i].path, "cannot look at a directory");
    holders[i].xattrs = xattrs_of(holders[i].fd);
  }
}

static bool unchanged(const struct holder *holder) {
  struct stat now;
  const struct stat *seen = &holder->seen;
  // The ctime alone would do, were it not for its ticks of some milliseconds before Linux 6.13.
  if (fstat(holder->fd, &now) != 0) {
    reply_error("rootfs", errno, holder->path, "cannot look at a directory");
    return false;
  }
  return compare_times(now.st_ctim, seen->st_ctim) == 0 && compare_times(now.st_mtim, seen->st_mtim) == 0 &&
         now.st_mode == seen->st_mode && now.st_uid == seen->st_uid && now.st_gid == seen->st_gid &&
         strcmp(xattrs_of(holder->fd), holder->xattrs) == 0;
}

static void add_holder(const char *path) {
  struct stat stat;
  for (size_t i = 0; i < holder_count; i++)
    if (strcmp(holders[i].path, path) == 0) return;
  int fd = view_open_in_root(root, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (fd < 0) die("rootfs", errno, path, "cannot open a directory");
  holders = xreallocarray(holders, holder_count + 1, sizeof *holders);
  holders[holder_count++] = (struct holder){
      .fd = fd, .path = xstrdup(path), .copied = fstatat(upper, path, &stat, AT_SYMLINK_NOFOLLOW) != 0};
}

/** Notes a directory that is about to get a stub, and its ancestors: overlay is going to copy them up. */
static void hold(int directory) {
  struct stat stat;
  size_t prefix = strlen(root_path);
  if (upper < 0) return;
  if (fstat(directory, &stat) != 0) die("rootfs", errno, NULL, "cannot look at the place of a mount point");
  if (stat.st_dev != root_stat.st_dev) return;
  char *path = path_of(directory);
  if (path == NULL) die("rootfs", errno, NULL, "cannot tell the path of a mount point");
  if (strncmp(path, root_path, prefix) != 0 || path[prefix] != '/') return;
  for (char *end = path + prefix + 1; *end != '\0';) {
    end += strcspn(end, "/");
    char *part = xstrndup(path + prefix + 1, (size_t)(end - path) - prefix - 1);
    add_holder(part);
    free(part);
    end += *end == '/';
  }
  free(path);
}

static int make_stub(int parent, const char *name, bool directory) {
  struct stat before;
  if (fstat(parent, &before) != 0) return -1;
  hold(parent);
  int kept = fcntl(parent, F_DUPFD_CLOEXEC, 16);
  if (kept < 0) return -1;
  int made = directory ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0);
  if (made != 0) {
    close_quietly(kept);
    return -1;
  }
  stubs = xreallocarray(stubs, stub_count + 1, sizeof *stubs);
  stubs[stub_count++] = (struct stub){.parent = kept, .name = xstrdup(name), .directory = directory};
  if (set_mtime(parent, before.st_mtim) != 0) return -1;
  note_all();
  return 0;
}

/** Makes the first missing component of *path, or puts the target of a dangling symlink in its place (*links
 * counts). */
static int make_first_missing(char **path, bool directory, int *links) {
  for (char *end = *path; *end != '\0';) {
    char *start = end + strspn(end, "/");
    end = start + strcspn(start, "/");
    char *before = xstrndup(*path, (size_t)(start - *path)),
         *through = xstrndup(*path, (size_t)(end - *path));
    int have = view_open_in_root(root, through, O_PATH);
    if (have >= 0) {
      close(have);
      continue;
    }
    int parent = errno == ENOENT ? view_open_in_root(root, before, O_PATH | O_DIRECTORY) : -1;
    if (parent < 0) return -1;
    char *name = xstrndup(start, (size_t)(end - start)), target[PATH_MAX];
    ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
    if (length > 0) {
      target[length] = '\0';
      *path = xformat("%s/%s%s", *target == '/' ? "" : before, target, end);
      *links += 1;
      close(parent);
      return 0;
    }
    int made = make_stub(parent, name, end[strspn(end, "/")] == '\0' ? directory : true);
    close_quietly(parent);
    return made == 0 || errno == EEXIST ? 0 : -1;
  }
  return 0;
}

int stubs_mount_point(const char *path, bool directory) {
  char *at = xstrdup(path);
  int links = 0;
  // Each round makes one component or follows one link, so the rounds are bounded.
  for (size_t rounds = 0; rounds < PATH_MAX && links <= LINKS_MAX; rounds++) {
    int fd = view_open_in_root(root, at, O_PATH);
    if (fd >= 0) {
      struct stat stat;
      if (fstat(fd, &stat) == 0 && S_ISDIR(stat.st_mode) == directory) return fd;
      close_quietly(fd);
      errno = directory ? ENOTDIR : EISDIR;
      return -1;
    }
    if (errno != ENOENT || make_first_missing(&at, directory, &links) != 0) return -1;
  }
  errno = ELOOP;
  return -1;
}

static bool still_empty(const struct stub *stub) {
  struct stat stat;
  if (fstatat(stub->parent, stub->name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT) reply_error("rootfs", errno, stub->name, "cannot look at a mount point");
    return false;
  }
  return stub->directory ? S_ISDIR(stat.st_mode) : S_ISREG(stat.st_mode) && stat.st_size == 0;
}

void stubs_remove(void) {
  struct stat stat;
  for (size_t i = 0; i < holder_count; i++) holders[i].untouched = unchanged(&holders[i]);
  for (size_t i = stub_count; i > 0; i--) {
    struct stub *stub = &stubs[i - 1];
    if (still_empty(stub)) {
      bool removed = fstat(stub->parent, &stat) == 0 &&
                     unlinkat(stub->parent, stub->name, stub->directory ? AT_REMOVEDIR : 0) == 0;
      if (removed)
        set_mtime(stub->parent, stat.st_mtim);
      else if (errno != ENOTEMPTY && errno != EEXIST)
        reply_error("rootfs", errno, stub->name, "cannot take a mount point away");
    }
    close(stub->parent);
  }
  for (size_t i = 0; i < holder_count; i++) close(holders[i].fd);
  if (root >= 0) close(root);
  root = -1;
}

void stubs_remove_copies(void) {
  // Ancestors were noted before what is below them.
  for (size_t i = holder_count; i > 0; i--) {
    struct holder *holder = &holders[i - 1];
    struct stat stat;
    char *name;
    if (!holder->copied || !holder->untouched) continue;
    int parent = view_open_parent(upper, holder->path, NULL, &name);
    if (parent < 0) {
      reply_error("rootfs", errno, holder->path, "cannot open the directory above");
      continue;
    }
    if (fstat(parent, &stat) == 0 && unlinkat(parent, name, AT_REMOVEDIR) == 0)
      set_mtime(parent, stat.st_mtim);
    else if (errno != ENOTEMPTY && errno != EEXIST)
      reply_error("rootfs", errno, holder->path, "cannot take a directory out of the layer");
    close(parent);
  }
}
