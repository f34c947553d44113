// Reading and writing extended attributes.
#define _GNU_SOURCE
#include "tree/xattr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "util/sha256.h"

#define NAMES_MAX ((size_t)64 * 1024)  // XATTR_LIST_MAX and XATTR_SIZE_MAX of the kernel

static bool is_of_users(const char *name) {
  return strncmp(name, "user.", 5) == 0 && strncmp(name, "user.overlay.", 13) != 0;
}

bool xattr_is_kept(const char *name) {
  return strcmp(name, XATTR_CAPABILITY) == 0;
}

bool xattr_is_of_context(const char *name) {
  return strcmp(name, XATTR_CAPABILITY) == 0 || strncmp(name, "system.posix_acl_", 17) == 0;
}

bool xattr_is_portable(const char *name) {
  return xattr_is_of_context(name) || is_of_users(name);
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

struct xattrs xattrs_read(int fd, bool (*wanted)(const char *name)) {
  static _Thread_local char names[NAMES_MAX];
  struct xattrs found = {0};
  ssize_t length = flistxattr(fd, names, sizeof names);
  size_t total = length < 0 ? 0 : (size_t)length;
  for (size_t at = 0; at < total; at += strlen(names + at) + 1) {
    struct xattr one;
    if (!wanted(names + at) || !read_value(fd, names + at, &one)) continue;
    found.list = xreallocarray(found.list, found.count + 1, sizeof *found.list);
    found.list[found.count++] = one;
  }
  if (found.count > 1) qsort(found.list, found.count, sizeof *found.list, compare_names);
  return found;
}

bool xattr_write(int fd, const char *name, const void *value, size_t length) {
  return xattr_is_portable(name) && fsetxattr(fd, name, value, length, 0) == 0;
}

void xattrs_free(struct xattrs *xattrs) {
  for (size_t i = 0; i < xattrs->count; i++) {
    free((char *)xattrs->list[i].name);
    free((char *)xattrs->list[i].value);
  }
  free(xattrs->list);
  *xattrs = (struct xattrs){0};
}

void xattrs_copy(int from, int to, bool (*wanted)(const char *name)) {
  struct xattrs xattrs = xattrs_read(from, wanted);
  for (size_t i = 0; i < xattrs.count; i++) {
    xattr_write(to, xattrs.list[i].name, xattrs.list[i].value, xattrs.list[i].length);
  }
  xattrs_free(&xattrs);
}

struct path_below {
  char text[64 + 256];
};

/** There is no getxattrat before Linux 6.13; /proc/self/fd/N/NAME resolves to the same file. Empty: too long. */
static struct path_below path_below(int directory, const char *name) {
  struct path_below path;
  struct fd_path parent = fd_path(directory);
  int length = snprintf(path.text, sizeof path.text, "%s/%s", parent.text, name);
  if (length < 0 || (size_t)length >= sizeof path.text) path.text[0] = 0;
  return path;
}

static void describe_one(struct buffer *out, const char *path, const char *name) {
  ssize_t length = getxattr(path, name, NULL, 0);
  if (length < 0) return;
  char *value = xmalloc((size_t)length + 1);
  length = getxattr(path, name, value, (size_t)length);
  if (length >= 0 && strcmp(name, XATTR_CAPABILITY) == 0) {
    buffer_append(out, value, (size_t)length);
  } else if (length >= 0) {
    unsigned char digest[SHA256_SIZE];
    struct sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, value, (size_t)length);
    sha256_end(&hash, digest);
    buffer_append(out, name, strlen(name) + 1);
    buffer_append(out, digest, sizeof digest);
  }
  free(value);
}

static int compare_texts(const void *left, const void *right) {
  return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static void describe(struct buffer *out, const char *path) {
  static LARGE char names[NAMES_MAX];
  ssize_t length = listxattr(path, names, sizeof names);
  if (length <= 0) return;
  const char **kept = NULL;
  size_t count = 0;
  for (size_t at = 0; at < (size_t)length; at += strlen(names + at) + 1) {
    if (!xattr_is_kept(names + at) && !is_of_users(names + at)) continue;
    kept = xreallocarray(kept, count + 1, sizeof *kept);
    kept[count++] = names + at;
  }
  // "security." comes before "user.".
  if (count > 1) qsort(kept, count, sizeof *kept, compare_texts);
  for (size_t i = 0; i < count; i++) describe_one(out, path, kept[i]);
  free(kept);
}

void xattrs_describe_at(struct buffer *out, int directory, const char *name) {
  struct path_below path = path_below(directory, name);
  if (path.text[0] != 0) describe(out, path.text);
}

void xattrs_describe(struct buffer *out, int fd) {
  describe(out, fd_path(fd).text);
}

void xattr_capability_at(struct buffer *out, int directory, const char *name) {
  char value[XATTR_CAPABILITY_MAX];
  struct path_below path = path_below(directory, name);
  ssize_t length = lgetxattr(path.text, XATTR_CAPABILITY, value, sizeof value);
  if (length > 0) buffer_append(out, value, (size_t)length);
}
