// Reading and writing extended attributes.
#define _GNU_SOURCE
#include "xattr.h"

#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define NAMES_MAX ((size_t)64 * 1024)  // XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel

bool xattr_is_portable(const char *name) {
  if (strncmp(name, "user.", 5) == 0) return strncmp(name, "user.overlay.", 13) != 0;
  return strcmp(name, XATTR_CAPABILITY) == 0 || strncmp(name, "system.posix_acl_", 17) == 0;
}

static int compare_names(const void *left, const void *right) {
  return strcmp(((const struct xattr *)left)->name, ((const struct xattr *)right)->name);
}

static bool read_value(int fd, const char *name, struct xattr *out) {
  ssize_t length = fgetxattr(fd, name, NULL, 0);
  if (length < 0) return false;
  char *value = xmalloc((size_t)length + 1);
  length = fgetxattr(fd, name, value, (size_t)length);
  if (length < 0) {
    free(value);
    return false;
  }
  *out = (struct xattr){xstrdup(name), value, (size_t)length};
  return true;
}

struct xattrs xattrs_read(int fd) {
  static _Thread_local char names[NAMES_MAX];
  struct xattrs found = {0};
  ssize_t length = flistxattr(fd, names, sizeof names);
  size_t total = length < 0 ? 0 : (size_t)length;
  for (size_t at = 0; at < total; at += strlen(names + at) + 1) {
    struct xattr one;
    if (!xattr_is_portable(names + at) || !read_value(fd, names + at, &one)) continue;
    found.list = xreallocarray(found.list, found.count + 1, sizeof *found.list);
    found.list[found.count++] = one;
  }
  if (found.count > 1) qsort(found.list, found.count, sizeof *found.list, compare_names);
  return found;
}

bool xattr_write(int fd, const char *name, const void *value, size_t length) {
  return xattr_is_portable(name) && fsetxattr(fd, name, value, length, 0) == 0;
}

size_t xattr_capability_at(int directory, const char *name, char value[XATTR_CAPABILITY_MAX]) {
  // There is no getxattrat before Linux 6.13; /proc/self/fd/N/NAME resolves to the same file.
  char path[64 + 256];
  struct fd_path parent = fd_path(directory);
  size_t parent_length = strlen(parent.text);
  size_t name_length = strlen(name);
  if (parent_length + 1 + name_length >= sizeof path) return 0;
  memcpy(path, parent.text, parent_length);
  path[parent_length] = '/';
  memcpy(path + parent_length + 1, name, name_length + 1);
  ssize_t length = lgetxattr(path, XATTR_CAPABILITY, value, XATTR_CAPABILITY_MAX);
  return length < 0 ? 0 : (size_t)length;
}
