// The extended attributes that belong to files of an image. Overlay's own (trusted.overlay.*, user.overlay.*)
// never do: they are neither read nor written here, or an image could forge whiteouts and redirects.
#ifndef TSBUILD_XATTR_H
#define TSBUILD_XATTR_H

#include "util.h"

#define XATTR_CAPABILITY "security.capability"
#define XATTR_CAPABILITY_MAX 64  // struct vfs_ns_cap_data is 24 bytes

struct xattr {
  const char *name;
  const char *value;
  size_t length;
};

struct xattrs {
  struct xattr *list;  // in byte order of their names
  size_t count;
};

/** Whether an image may have this attribute: security.capability, user.* and posix ACLs, but none of
 * overlay's. */
bool xattr_is_portable(const char *name);

/** The portable attributes of an open file. Missing support is an empty list. The memory is the caller's for
 * good. */
struct xattrs xattrs_read(int fd);

/** Sets one on an open file; true when it is there now. Attributes are best effort, as in Docker. */
bool xattr_write(int fd, const char *name, const void *value, size_t length);

/** security.capability of directory/name, not following a symlink; its length, or 0. */
size_t xattr_capability_at(int directory, const char *name, char value[XATTR_CAPABILITY_MAX]);

#endif
