// The loop over members, the way to their parents, and the times of directories.
#define _GNU_SOURCE
#include "layer/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/kernel.h"
#include "util/path.h"
#include "view/view.h"

#define IMPLIED_MODE 0755
#define LINKS_MAX 40  // as the kernel

/** A directory by its clean path of any length. openat2 takes at most PATH_MAX bytes at a time. */
static int open_directory(const struct extract *extract, const char *path) {
  size_t length = strlen(path);
  if (length < PATH_MAX) return view_open_in_root(extract->root, path, O_PATH | O_DIRECTORY);
  int fd = -1;
  while (length > 0) {
    size_t part = length;
    if (part >= PATH_MAX) {
      for (part = PATH_MAX - 1; part > 0 && path[part] != '/';) part--;
    }
    char *text = xstrndup(path, part);
    // Beyond the first part symlinks are refused: the root of their resolution would be wrong.
    int next = fd < 0 ? view_open_in_root(extract->root, text, O_PATH | O_DIRECTORY)
                      : k_openat2(fd, text, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
                                  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    free(text);
    close_quietly(fd);
    if (next < 0) return -1;
    fd = next;
    path += part;
    length -= part;
    while (*path == '/') {
      path++;
      length--;
    }
  }
  return fd;
}

struct directory_note *extract_note(struct extract *extract, const char *path, size_t length) {
  struct map_entry *entry = map_put(&extract->directories, length == 0 ? "." : path, length == 0 ? 1 : length, NULL);
  if (entry->value == NULL) entry->value = xcalloc(1, sizeof(struct directory_note));
  return entry->value;
}

/** A directory of an ADD's destination keeps its time, unless the archive has a member for it. */
static void keep_time(struct extract *extract, const char *path, int directory) {
  bool added;
  struct map_entry *entry = map_put(&extract->directories, path, strlen(path), &added);
  struct stat status;
  if (entry->value != NULL || fstat(directory, &status) != 0) return;
  struct directory_note *note = xcalloc(1, sizeof *note);
  note->timed = true;
  note->time = status.st_mtim;
  entry->value = note;
}

static void note_implied(struct extract *extract, const char *path, size_t length) {
  struct directory_note *note = extract_note(extract, path, length);
  note->implied = true;
  note->timed = extract->rule != NULL && extract->rule->active;
  if (note->timed) note->time = extract->rule->epoch;
}

static void make_one(struct extract *extract, int parent, const char *name, const char *path) {
  bool made = mkdirat(parent, name, IMPLIED_MODE) == 0;
  if (!made && errno == EEXIST && extract->layer) made = extract_replace_whiteout(extract, parent, name);
  if (!made) die(extract->phase, errno == EEXIST ? ENOTDIR : errno, path, "cannot make the directory");
  // A directory made in a set-group-id one would inherit its group.
  if (fchownat(parent, name, 0, 0, AT_SYMLINK_NOFOLLOW) != 0 && errno != EPERM && errno != EINVAL) {
    die(extract->phase, errno, path, "cannot set the owner");
  }
}

static int make_directories(struct extract *extract, const char *path, int links);

/** The path that the symlink parent/name leads to, NULL when it is none. */
static char *link_target(int parent, const char *name, const char *through) {
  char target[PATH_MAX];
  ssize_t length = readlinkat(parent, name, target, sizeof target - 1);
  if (length < 0) return NULL;
  target[length] = 0;
  if (*target == '/') return path_clean(target);
  return path_clean(xformat("%.*s/%s", (int)path_parent_length(through), through, target));
}

/** Opens the directory `through`; makes its last component in `parent` if it is missing. */
static int open_or_make(struct extract *extract, int parent, const char *through, int links) {
  int fd = open_directory(extract, through);
  if (fd >= 0 || (errno != ENOENT && errno != ENOTDIR)) return fd;
  // A symlink may lead to what is not there: in a layer because it is in a lower one (lib -> usr/lib). It is made.
  char *target = links < LINKS_MAX ? link_target(parent, path_base(through), through) : NULL;
  if (target != NULL) return make_directories(extract, target, links + 1);
  size_t length = path_parent_length(through);
  if (!extract->layer) keep_time(extract, length == 0 ? "." : xstrndup(through, length), parent);
  make_one(extract, parent, path_base(through), through);
  note_implied(extract, through, strlen(through));
  return open_directory(extract, through);
}

/** Makes what is missing of a directory path and opens it. */
static int make_directories(struct extract *extract, const char *path, int links) {
  int fd = openat(extract->root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  for (const char *end = path; *end != 0;) {
    end = strchrnul(end + (*end == '/'), '/');
    char *through = xstrndup(path, (size_t)(end - path));
    int next = open_or_make(extract, fd, through, links);
    if (next < 0) die(extract->phase, errno, through, "cannot open the directory");
    close(fd);
    fd = next;
    free(through);
  }
  return fd;
}

int extract_parent(struct extract *extract, const char *path) {
  size_t length = path_parent_length(path);
  const char *cached = extract->parent_path;
  if (cached != NULL && strlen(cached) == length && memcmp(cached, path, length) == 0) return extract->parent;
  if (cached != NULL) close(extract->parent);
  free(extract->parent_path);
  extract->parent_path = xstrndup(path, length);
  const char *directory = length == 0 ? "." : extract->parent_path;
  extract->parent = open_directory(extract, directory);
  if (extract->parent < 0 && (errno == ENOENT || errno == ENOTDIR)) {
    extract->parent = make_directories(extract, directory, 0);
  }
  if (extract->parent < 0) die(extract->phase, errno, directory, "cannot open the directory");
  if (!extract->layer) keep_time(extract, directory, extract->parent);
  return extract->parent;
}

static void set_time(struct extract *extract, const char *path, const struct directory_note *note) {
  size_t length = path_parent_length(path);
  char *directory = length == 0 ? xstrdup(".") : xstrndup(path, length);
  const char *name = path_base(path);
  int parent = open_directory(extract, directory);
  struct stat status;
  // A later member may have replaced it.
  if (parent >= 0 && fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(status.st_mode) &&
      compare_times(status.st_mtim, note->time) != 0) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, note->time};
    if (utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) != 0) {
      die(extract->phase, errno, path, "cannot set the time of the directory");
    }
  }
  close_quietly(parent);
  free(directory);
}

void extract_all(struct extract *extract, struct tar_reader *reader, struct tar_member *member) {
  umask(0);
  int status = 1;
  for (; status == 1; status = tar_next(reader, member)) {
    char *path = path_clean(member->path);
    if (!extract->layer || !extract_whiteout(extract, path)) extract_member(extract, reader, member, path);
    extract->count++;
    free(path);
  }
  if (status < 0) die(extract->phase, 0, NULL, "cannot read the archive: %s", reader->problem);
  // Making entries changed the times of their directories, so those come last.
  for (size_t i = 0; i < extract->directories.count; i++) {
    const struct map_entry *entry = &extract->directories.entries[i];
    const struct directory_note *note = entry->value;
    if (note != NULL && note->timed) set_time(extract, entry->key, note);
  }
}
