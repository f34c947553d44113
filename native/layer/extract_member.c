// Making one member of an archive. The order matters: owner before mode, because chown(2) clears the set-id
// bits; attributes after the owner, because it clears security.capability; the time last.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "layer/extract.h"
#include "namespace/userns.h"
#include "tree/remove.h"
#include "util/path.h"
#include "view/view.h"

#define SPECIAL_BITS (S_ISUID | S_ISGID | S_ISVTX)

struct owner {
  uid_t uid;
  gid_t gid;
};

static struct owner owner_of(const struct extract *extract, const struct tar_member *member, const char *path) {
  if (extract->has_owner) return (struct owner){extract->uid, extract->gid};
  if (member->uid >= UINT32_MAX || member->gid >= UINT32_MAX) {
    die(extract->phase, 0, path, "the owner %llu:%llu is out of range", (unsigned long long)member->uid,
        (unsigned long long)member->gid);
  }
  return (struct owner){(uid_t)member->uid, (gid_t)member->gid};
}

/**
 * Sets the owner of parent/name, or of the descriptor `parent` when name is "". An id that the user namespace
 * does not map (EINVAL) or that an ordinary user may not give (EPERM) leaves the entry ours.
 */
static void set_owner(struct extract *extract, int parent, const char *name, struct owner owner, const char *path) {
  if (fchownat(parent, name, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH) == 0) return;
  if (errno != EINVAL && !(errno == EPERM && userns_mode() != USERNS_ROOT)) {
    die(extract->phase, errno, path, "cannot set the owner");
  }
  extract->unmapped++;
}

static void set_time(struct extract *extract, int parent, const char *name, const struct tar_member *member,
                     const char *path) {
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, member->mtime};
  int status = name == NULL ? futimens(parent, times) : utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW);
  if (status != 0) die(extract->phase, errno, path, "cannot set the time");
}

static void set_xattrs(int fd, const struct tar_member *member) {
  for (size_t i = 0; i < member->xattrs.count; i++) {
    const struct xattr *xattr = &member->xattrs.list[i];
    xattr_write(fd, xattr->name, xattr->value, xattr->length);
  }
}

/** Takes away what is at parent/name. */
static void clear_place(struct extract *extract, int parent, const char *name, const char *path) {
  uint64_t removed = 0;
  char *failed;
  if (remove_tree(parent, name, &removed, &failed) != 0) {
    die(extract->phase, errno, path, "cannot replace what is there");
  }
  struct map_entry *entry = map_find(&extract->directories, path, strlen(path));
  if (entry != NULL) entry->value = NULL;
}

static void make_file(struct extract *extract, struct tar_reader *reader, const struct tar_member *member,
                      const char *path) {
  int parent = extract_parent(extract, path);
  const char *name = path_base(path);
  int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  int fd = openat(parent, name, flags, member->mode & 0777);
  if (fd < 0 && errno == EEXIST) {
    clear_place(extract, parent, name, path);
    fd = openat(parent, name, flags, member->mode & 0777);
  }
  if (fd < 0) die(extract->phase, errno, path, "cannot make the file");
  int status = tar_extract(reader, member, fd);
  if (status == -1) die(extract->phase, 0, path, "cannot read the archive: %s", reader->problem);
  if (status == -2) die(extract->phase, errno, path, "cannot write the file");
  set_owner(extract, fd, "", owner_of(extract, member, path), path);
  if ((member->mode & SPECIAL_BITS) != 0 && fchmod(fd, member->mode) != 0) {
    die(extract->phase, errno, path, "cannot set the mode");
  }
  set_xattrs(fd, member);
  set_time(extract, fd, NULL, member, path);
  close(fd);
  extract->bytes += member->size;
}

static void make_symlink(struct extract *extract, const struct tar_member *member, const char *path) {
  int parent = extract_parent(extract, path);
  const char *name = path_base(path);
  int status = symlinkat(member->link, parent, name);
  if (status != 0 && errno == EEXIST) {
    clear_place(extract, parent, name, path);
    status = symlinkat(member->link, parent, name);
  }
  if (status != 0) die(extract->phase, errno, path, "cannot make the symlink");
  set_owner(extract, parent, name, owner_of(extract, member, path), path);
  set_time(extract, parent, name, member, path);
}

static mode_t device_type(enum tar_type type) {
  if (type == TAR_FIFO) return S_IFIFO;
  return type == TAR_CHARACTER ? S_IFCHR : S_IFBLK;
}

static void make_device(struct extract *extract, const struct tar_member *member, const char *path) {
  int parent = extract_parent(extract, path);
  const char *name = path_base(path);
  mode_t mode = device_type(member->type) | (member->mode & 0777);
  dev_t device = makedev(member->device_major, member->device_minor);
  int status = mknodat(parent, name, mode, device);
  if (status != 0 && errno == EEXIST) {
    clear_place(extract, parent, name, path);
    status = mknodat(parent, name, mode, device);
  }
  if (status != 0 && errno == EPERM && userns_mode() != USERNS_ROOT) {
    extract->skipped++;
    return;
  }
  if (status != 0) die(extract->phase, errno, path, "cannot make the device");
  set_owner(extract, parent, name, owner_of(extract, member, path), path);
  if ((member->mode & SPECIAL_BITS) != 0 && fchmodat(parent, name, member->mode, 0) != 0) {
    die(extract->phase, errno, path, "cannot set the mode");
  }
  set_time(extract, parent, name, member, path);
}

/** A hard link to something below this layer cannot be made here; the client hears of it. */
static void miss_link(struct extract *extract, const char *path, const char *target) {
  if (!extract->layer) die(extract->phase, ENOENT, path, "cannot make the hard link to %s", target);
  buffer_append(&extract->missing_links, path, strlen(path) + 1);
  buffer_append(&extract->missing_links, target, strlen(target) + 1);
  extract->missing_link_count++;
}

static void make_hard_link(struct extract *extract, const struct tar_member *member, const char *path) {
  char *target = path_clean(member->link);
  if (strcmp(target, path) == 0) return;
  char *target_name;
  int from = view_open_parent(extract->root, target, NULL, &target_name);
  if (from < 0 && errno != ENOENT && errno != ENOTDIR) {
    die(extract->phase, errno, path, "cannot make the hard link to %s", target);
  }
  if (from < 0 || (extract->layer && extract_is_whiteout(from, target_name))) {
    close_quietly(from);
    miss_link(extract, path, target);
    return;
  }
  int parent = extract_parent(extract, path);
  const char *name = path_base(path);
  int status = linkat(from, target_name, parent, name, 0);
  if (status != 0 && errno == EEXIST) {
    clear_place(extract, parent, name, path);
    status = linkat(from, target_name, parent, name, 0);
  }
  if (status != 0 && errno == ENOENT) {
    miss_link(extract, path, target);
  } else if (status != 0) {
    die(extract->phase, errno, path, "cannot make the hard link to %s", target);
  }
  close(from);
}

/** Opens the directory parent/name, which is made unless it is there. */
static int open_made_directory(struct extract *extract, int parent, const char *name, mode_t mode, const char *path) {
  if (mkdirat(parent, name, mode & 0777) != 0) {
    if (errno != EEXIST) die(extract->phase, errno, path, "cannot make the directory");
    struct stat status;
    bool merges = fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode);
    if (!merges && !(extract->layer && extract_replace_whiteout(extract, parent, name))) {
      clear_place(extract, parent, name, path);
      if (mkdirat(parent, name, mode & 0777) != 0)
        die(extract->phase, errno, path, "cannot make the directory");
    }
  }
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd >= 0 || errno != EACCES) return fd;
  // Without CAP_DAC_OVERRIDE a mode without read permission must wait.
  return fchmodat(parent, name, 0700, 0) == 0 ? openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static void make_directory(struct extract *extract, const struct tar_member *member, const char *path) {
  bool is_root = strcmp(path, ".") == 0;
  int parent = is_root ? extract->root : extract_parent(extract, path);
  const char *name = path_base(path);
  int fd = open_made_directory(extract, parent, name, member->mode, path);
  if (fd < 0) die(extract->phase, errno, path, "cannot open the directory");
  set_owner(extract, fd, "", owner_of(extract, member, path), path);
  if (fchmod(fd, member->mode) != 0) die(extract->phase, errno, path, "cannot set the mode");
  set_xattrs(fd, member);
  close(fd);
  struct directory_note *note = extract_note(extract, path, strlen(path));
  *note = (struct directory_note){.timed = true, .time = member->mtime};
}

void extract_member(struct extract *extract, struct tar_reader *reader, const struct tar_member *member,
                    const char *path) {
  // The root itself: a layer says what its root is like; an ADD goes into what is there, as in Docker.
  if (strcmp(path, ".") == 0 && (!extract->layer || member->type != TAR_DIRECTORY)) return;
  switch (member->type) {
    case TAR_FILE:
      make_file(extract, reader, member, path);
      return;
    case TAR_HARD_LINK:
      make_hard_link(extract, member, path);
      return;
    case TAR_SYMLINK:
      make_symlink(extract, member, path);
      return;
    case TAR_CHARACTER:
    case TAR_BLOCK_DEVICE:
    case TAR_FIFO:
      make_device(extract, member, path);
      return;
    case TAR_DIRECTORY:
      make_directory(extract, member, path);
      return;
  }
}
