// The extended attributes that belong to files of an image. Overlay's own (trusted.overlay.*, user.overlay.*)
// never do: they are neither read nor written here, or an image could forge whiteouts and redirects.
#ifndef TSBUILD_XATTR_H
#define TSBUILD_XATTR_H

#include "util/util.h"

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
/** Whether a layer that is made here has it: what BuildKit writes. */
bool xattr_is_kept(const char *name);
/** Whether a copy from a build context has it: what desktops and browsers note in user.* is nothing of the image's. */
bool xattr_is_of_context(const char *name);

/** The attributes of an open file that are `wanted`. Missing support is an empty list. */
struct xattrs xattrs_read(int fd, bool (*wanted)(const char *name));
void xattrs_free(struct xattrs *xattrs);
/** Gives one open file the attributes of another that are `wanted`. */
void xattrs_copy(int from, int to, bool (*wanted)(const char *name));

/** Sets one on an open file; true when it is there now. Attributes are best effort, as in Docker. */
bool xattr_write(int fd, const char *name, const void *value, size_t length);

/**
 * Appends what distinguishes the kept attributes of directory/name, which is no symlink: the value of
 * security.capability, then name, NUL and SHA-256 of the value of each other one.
 */
void xattrs_describe_at(struct buffer *out, int directory, const char *name);
/** The same of security.capability alone, which costs less. */
void xattr_capability_at(struct buffer *out, int directory, const char *name);
/** The same of an open file; O_PATH will do. */
void xattrs_describe(struct buffer *out, int fd);

#endif
