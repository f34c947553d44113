// Copying files, symlinks, devices and FIFOs. Existing files are replaced, never written through: a hard link
// or symlink at the destination does not change what it points to.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "copy/copy.h"
#include "namespace/userns.h"
#include "tree/copydata.h"
#include "tree/xattr.h"

void copy_clear(struct copier *copier, int parent, const char *name, const char *path) {
  if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return;
  const char *base = copier->base_text;
  const char *slash = *base == 0 ? "" : "/";
  if (errno == EISDIR) {
    die("copy", 0, path, "cannot replace to directory /%s%s%s with file", base, slash, path);
  }
  die("copy", errno, path, "cannot replace the existing file");
}

mode_t copy_mode(const struct copier *copier, mode_t mode) {
  return copier->has_mode ? chmod_apply(&copier->mode, mode) : mode & 07777;
}

void copy_owner(const struct copier *copier, const struct stat *status, uid_t *uid, gid_t *gid) {
  *uid = copier->has_owner ? copier->uid : status->st_uid;
  *gid = copier->has_owner ? copier->gid : status->st_gid;
}

void copy_set_owner(int parent, const char *name, uid_t uid, gid_t gid, const char *path) {
  if (fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0) return;
  // With one id only, everything belongs to root: there is nothing to set.
  if (errno == EINVAL && userns_mode() == USERNS_SINGLE) return;
  die("copy", errno, path, "cannot set the owner %u:%u", uid, gid);
}

void copy_metadata(const struct copier *copier, int from, int to, const struct stat *status, const char *path) {
  uid_t uid;
  gid_t gid;
  copy_owner(copier, status, &uid, &gid);
  copy_set_owner(to, "", uid, gid, path);
  mode_t mode = copy_mode(copier, status->st_mode);
  // Files were made with their mode; only the set-id bits are lost with the owner.
  bool complete = S_ISREG(status->st_mode) && (mode & ~(mode_t)0777) == 0;
  if (!complete && fchmod(to, mode) != 0) die("copy", errno, path, "cannot set the mode");
  if (from >= 0) xattrs_copy(from, to, copier->context ? xattr_is_of_context : xattr_is_portable);
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status->st_mtim};
  if (futimens(to, times) != 0) die("copy", errno, path, "cannot set the time");
}

/** The same for what cannot be opened. */
static void set_metadata_at(const struct copier *copier, const struct copy_entry *entry) {
  const struct stat *status = entry->status;
  uid_t uid;
  gid_t gid;
  copy_owner(copier, status, &uid, &gid);
  copy_set_owner(entry->to, entry->to_name, uid, gid, entry->from_path);
  if (!S_ISLNK(status->st_mode) && fchmodat(entry->to, entry->to_name, copy_mode(copier, status->st_mode), 0) != 0) {
    die("copy", errno, entry->from_path, "cannot set the mode");
  }
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, status->st_mtim};
  if (utimensat(entry->to, entry->to_name, times, AT_SYMLINK_NOFOLLOW) != 0) {
    die("copy", errno, entry->from_path, "cannot set the time");
  }
}

/** Links to the copy of another name of the same file. False: this is the first name, or it could not be linked. */
static bool link_to_copy(struct copier *copier, const struct copy_entry *entry) {
  if (entry->status->st_nlink < 2) return false;
  struct {
    dev_t device;
    ino_t inode;
  } key;
  memset(&key, 0, sizeof key);
  key.device = entry->status->st_dev;
  key.inode = entry->status->st_ino;
  struct map_entry *known = map_put(&copier->hard_links, &key, sizeof key, NULL);
  if (known->value == NULL) {
    known->value = xstrdup(entry->to_path);
    return false;
  }
  return linkat(copier->base, known->value, entry->to, entry->to_name, 0) == 0;
}

static int create(struct copier *copier, const struct copy_entry *entry) {
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  mode_t mode = copy_mode(copier, entry->status->st_mode) & 0777;
  int fd = openat(entry->to, entry->to_name, flags, mode);
  if (fd >= 0 || errno != EEXIST) return fd;
  copy_clear(copier, entry->to, entry->to_name, entry->to_path);
  return openat(entry->to, entry->to_name, flags, mode);
}

static void copy_regular(struct copier *copier, const struct copy_entry *entry) {
  if (entry->status->st_nlink > 1) {
    copy_clear(copier, entry->to, entry->to_name, entry->to_path);
    if (link_to_copy(copier, entry)) return;
  }
  int from = openat(entry->from, entry->from_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat status;
  if (from < 0 || fstat(from, &status) != 0) die("copy", errno, entry->from_path, "cannot read the file");
  if (!S_ISREG(status.st_mode)) die("copy", 0, entry->from_path, "the file changed while it was copied");
  int to = create(copier, entry);
  if (to < 0) die("copy", errno, entry->from_path, "cannot make the copy");
  if (copy_data(from, to, (uint64_t)status.st_size) != 0)
    die("copy", errno, entry->from_path, "cannot copy the data");
  copy_metadata(copier, from, to, &status, entry->from_path);
  close(from);
  close(to);
  copier->bytes += (uint64_t)status.st_size;
}

static void copy_symlink(struct copier *copier, const struct copy_entry *entry) {
  char target[PATH_MAX];
  ssize_t length = readlinkat(entry->from, entry->from_name, target, sizeof target - 1);
  if (length < 0) die("copy", errno, entry->from_path, "cannot read the symlink");
  target[length] = 0;
  copy_clear(copier, entry->to, entry->to_name, entry->to_path);
  if (symlinkat(target, entry->to, entry->to_name) != 0)
    die("copy", errno, entry->from_path, "cannot make the symlink");
  set_metadata_at(copier, entry);
}

static void copy_device(struct copier *copier, const struct copy_entry *entry) {
  copy_clear(copier, entry->to, entry->to_name, entry->to_path);
  mode_t mode = (entry->status->st_mode & S_IFMT) | 0600;
  if (mknodat(entry->to, entry->to_name, mode, entry->status->st_rdev) != 0) {
    die("copy", errno, entry->from_path, "cannot make the device");
  }
  set_metadata_at(copier, entry);
}

/** Docker's client sends a socket of a build context as an empty file. */
static void copy_socket(struct copier *copier, const struct copy_entry *entry) {
  int to = create(copier, entry);
  if (to < 0) die("copy", errno, entry->from_path, "cannot make the copy");
  copy_metadata(copier, -1, to, entry->status, entry->from_path);
  close(to);
}

void copy_entry(struct copier *copier, const struct copy_entry *entry) {
  switch (entry->status->st_mode & S_IFMT) {
    case S_IFREG:
      copy_regular(copier, entry);
      break;
    case S_IFLNK:
      copy_symlink(copier, entry);
      break;
    case S_IFCHR:
    case S_IFBLK:
    case S_IFIFO:
      copy_device(copier, entry);
      break;
    default:
      if (!copier->context) return;  // a socket means nothing without the process that listens on it
      copy_socket(copier, entry);
      break;
  }
  copier->count++;
}
