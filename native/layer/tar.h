// The tar format: POSIX ustar with PAX extended headers (POSIX.1-2017, pax), and what GNU tar and old tars
// write. One member here is one file of a tree; extension headers never appear as members.
#ifndef TSBUILD_TAR_H
#define TSBUILD_TAR_H

#include "tree/xattr.h"
#include "util/util.h"

#define TAR_BLOCK 512

enum tar_type {
  TAR_FILE = '0',
  TAR_HARD_LINK = '1',
  TAR_SYMLINK = '2',
  TAR_CHARACTER = '3',
  TAR_BLOCK_DEVICE = '4',
  TAR_DIRECTORY = '5',
  TAR_FIFO = '6',
};

struct tar_member {
  enum tar_type type;
  const char *path;  // as in the archive, without the trailing slash of directories
  const char *link;  // of hard links and symlinks, else ""
  mode_t mode;       // permission bits, 07777
  uint64_t uid;
  uint64_t gid;
  uint64_t size;  // of the data of TAR_FILE; else 0
  struct timespec mtime;
  uint32_t device_major;
  uint32_t device_minor;
  struct xattrs xattrs;
};

/** The bytes after `size` bytes of data up to the next block. */
static inline size_t tar_padding(uint64_t size) {
  return (size_t)((TAR_BLOCK - size % TAR_BLOCK) % TAR_BLOCK);
}

/**
 * Appends the header of a member, PAX records in front where ustar cannot say it: the same member gives the
 * same bytes always. Times are cut to whole seconds, as every layer writer does.
 */
void tar_put_header(struct buffer *out, const struct tar_member *member);

#endif
