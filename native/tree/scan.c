// The verb `scan`: stat records of everything below some paths of a view. About 2 microseconds an entry: one getdents
// per directory, one fstatat per entry, records sent in large frames.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "tree/hashing.h"
#include "tree/walk.h"
#include "tree/xattr.h"
#include "util/map.h"
#include "util/path.h"
#include "view/view.h"

#define FRAME_SIZE ((size_t)256 * 1024)
#define RECORD_HEADER_SIZE 92
#define FLAG_DIGEST 1u
#define FLAG_ATTRIBUTES 2u

struct scan {
  int root;
  bool digest;
  bool follow;
  bool layers;        // of images, not of a build context
  bool capabilities;
  struct map pruned;
  struct map pruned_names;
  struct buffer frame;
  uint64_t count;
  uint64_t missing;
};

static void flush(struct scan *scan) {
  if (scan->frame.length > 0) reply_data(scan->frame.bytes, scan->frame.length);
  scan->frame.length = 0;
}

/** The variable part of a record. */
struct details {
  char target[4096];
  size_t target_length;
  struct buffer attributes;
  unsigned char digest[SHA256_SIZE];
  bool has_digest;
};

static void put_header(unsigned char *to, size_t total, size_t path_length, const struct stat *status,
                       const struct details *details) {
  bool sized = S_ISREG(status->st_mode) || S_ISLNK(status->st_mode);
  unsigned int flags = (details->has_digest ? FLAG_DIGEST : 0) | (details->attributes.length > 0 ? FLAG_ATTRIBUTES : 0);
  put_u32(to, (uint32_t)total);
  put_u32(to + 4, status->st_mode);
  put_u32(to + 8, status->st_uid);
  put_u32(to + 12, status->st_gid);
  put_u64(to + 16, sized ? (uint64_t)status->st_size : 0);
  put_u64(to + 24, (uint64_t)status->st_mtim.tv_sec);
  put_u32(to + 32, (uint32_t)status->st_mtim.tv_nsec);
  put_u32(to + 36, (uint32_t)status->st_nlink);
  put_u64(to + 40, (uint64_t)status->st_ctim.tv_sec);
  put_u32(to + 48, (uint32_t)status->st_ctim.tv_nsec);
  put_u32(to + 52, flags);
  put_u64(to + 56, status->st_ino);
  put_u64(to + 64, status->st_dev);
  put_u32(to + 72, major(status->st_rdev));
  put_u32(to + 76, minor(status->st_rdev));
  put_u32(to + 80, (uint32_t)path_length);
  put_u32(to + 84, (uint32_t)details->target_length);
  put_u32(to + 88, (uint32_t)details->attributes.length);
}

static void add_record(struct scan *scan, const char *path, const struct stat *status, const struct details *details) {
  size_t path_length = strlen(path);
  size_t total = RECORD_HEADER_SIZE + path_length + details->target_length + details->attributes.length +
                 (details->has_digest ? SHA256_SIZE : 0);
  unsigned char header[RECORD_HEADER_SIZE];
  put_header(header, total, path_length, status, details);
  if (scan->frame.length + total > FRAME_SIZE) flush(scan);
  buffer_append(&scan->frame, header, sizeof header);
  buffer_append(&scan->frame, path, path_length);
  buffer_append(&scan->frame, details->target, details->target_length);
  buffer_append(&scan->frame, details->attributes.bytes, details->attributes.length);
  if (details->has_digest) buffer_append(&scan->frame, details->digest, SHA256_SIZE);
  scan->count++;
}

/** Emits directory/name. False: it is gone, or not there at all. */
static bool record_entry(struct scan *scan, int directory, const char *name, const char *path, struct stat *status) {
  if (fstatat(directory, name, status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return false;
    die("scan", errno, path, "cannot read the metadata");
  }
  static LARGE struct details details;
  details.target_length = 0;
  details.attributes.length = 0;
  details.has_digest = false;
  if (S_ISLNK(status->st_mode)) {
    ssize_t length = readlinkat(directory, name, details.target, sizeof details.target);
    if (length < 0) return false;
    details.target_length = (size_t)length;
  } else if (scan->layers) {
    if (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode)) xattrs_describe_at(&details.attributes, directory, name);
  } else if (scan->capabilities && S_ISREG(status->st_mode) && (status->st_mode & 0111) != 0) {
    // Of a context only executables carry what matters, and a look at every file would cost more than its stat.
    xattr_capability_at(&details.attributes, directory, name);
  }
  if (S_ISREG(status->st_mode)) {
    uint64_t bytes = 0;
    details.has_digest = scan->digest && hash_at(directory, name, details.digest, &bytes) == 0;
  }
  add_record(scan, path, status, &details);
  return true;
}

static bool is_pruned(const struct scan *scan, const char *path) {
  if (scan->pruned.count > 0 && map_find(&scan->pruned, path, strlen(path)) != NULL) return true;
  if (scan->pruned_names.count == 0) return false;
  const char *slash = strrchr(path, '/');
  const char *name = slash == NULL ? path : slash + 1;
  return map_find(&scan->pruned_names, name, strlen(name)) != NULL;
}

static void scan_below(struct scan *scan, int directory, const char *path) {
  struct walk walk;
  const char *prefix = strcmp(path, ".") == 0 ? "" : path;
  if (walk_begin(&walk, directory, prefix, WALK_BY_NAME) != 0) {
    die("scan", errno, path, "cannot list the directory");
  }
  for (enum walk_step step; (step = walk_next(&walk)) != WALK_DONE;) {
    if (step == WALK_UP) continue;
    struct stat status;
    if (!record_entry(scan, walk_dir(&walk), walk.name, walk.path.bytes, &status)) continue;
    if (!S_ISDIR(status.st_mode) || is_pruned(scan, walk.path.bytes)) continue;
    if (walk_enter(&walk) != 0 && errno != ENOENT) {
      die("scan", errno, walk.path.bytes, "cannot list the directory");
    }
  }
  walk_end(&walk);
}

/** Opens what `path` names: its parent in *directory, its own name there in *name. False: it is not there. */
static bool locate(const struct scan *scan, const char *path, int *directory, char **name) {
  *directory = view_open_parent(scan->root, path, NULL, name);
  if (*directory >= 0) return true;
  if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return false;
  die("scan", errno, path, "cannot open");
}

/** With `follow`: records the target of a symlink under the link's own path. */
static bool scan_followed(struct scan *scan, const char *path) {
  int fd = view_open_in_root(scan->root, path, O_PATH);
  if (fd < 0) return false;
  // "/proc/self/fd/N" names the very file for calls that take a name; fstatat on it would see the magic link.
  struct stat status;
  if (fstat(fd, &status) != 0) die("scan", errno, path, "cannot read the metadata");
  struct details details = {0};
  struct fd_path self = fd_path(fd);
  if (scan->layers) xattrs_describe(&details.attributes, fd);
  if (S_ISREG(status.st_mode)) {
    int file = open(self.text, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    uint64_t bytes = 0;
    details.has_digest = scan->digest && file >= 0 && hash_fd(file, &(struct buffer){0}, details.digest, &bytes) == 0;
    close_quietly(file);
  }
  add_record(scan, path, &status, &details);
  if (S_ISDIR(status.st_mode) && !is_pruned(scan, path)) {
    int directory = open(self.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) die("scan", errno, path, "cannot list the directory");
    scan_below(scan, directory, path);
  }
  close(fd);
  return true;
}

static bool scan_path(struct scan *scan, const char *path) {
  int parent;
  char *name;
  if (!locate(scan, path, &parent, &name)) return false;
  struct stat status;
  bool link = scan->follow && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode);
  bool found = link ? scan_followed(scan, path) : record_entry(scan, parent, name, path, &status);
  if (!link && found && S_ISDIR(status.st_mode) && !is_pruned(scan, path)) {
    int directory = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (directory < 0) die("scan", errno, path, "cannot list the directory");
    scan_below(scan, directory, path);
  }
  close(parent);
  return found;
}

int verb_scan(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  struct view_spec spec = view_take(&cursor);
  struct scan scan = {.layers = spec.layer_count > 0, .capabilities = geteuid() == 0};
  const char **paths = xcalloc(request->count + 1, sizeof *paths);
  size_t path_count = 0;
  for (const struct argument *argument; (argument = cursor_peek(&cursor)) != NULL; cursor.next++) {
    const char *key = argument->key;
    if (strcmp(key, "path") == 0) {
      paths[path_count++] = path_clean(argument->value);
    } else if (strcmp(key, "prune") == 0) {
      const char *path = path_clean(argument->value);
      map_put(&scan.pruned, path, strlen(path), NULL);
    } else if (strcmp(key, "prunename") == 0) {
      map_put(&scan.pruned_names, argument->value, strlen(argument->value), NULL);
    } else if (strcmp(key, "digest") == 0) {
      scan.digest = argument_bool(key, argument->value);
    } else if (strcmp(key, "follow") == 0) {
      scan.follow = argument_bool(key, argument->value);
    } else {
      cursor_unexpected(&cursor);
    }
  }
  if (path_count == 0) paths[path_count++] = ".";
  scan.root = view_open(&spec);
  for (size_t i = 0; i < path_count; i++) {
    if (!scan_path(&scan, paths[i])) scan.missing++;
  }
  flush(&scan);
  reply_result("count", "%llu", (unsigned long long)scan.count);
  reply_result("missing", "%llu", (unsigned long long)scan.missing);
  return 0;
}
