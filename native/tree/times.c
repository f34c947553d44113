// The times rule. The walk holds one directory at a time, whatever the depth: it goes up by `..`, which
// nobody can change any more, because the processes that wrote the tree are gone.
#define _GNU_SOURCE
#include "tree/times.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/kernel.h"

// PEP 552: magic, flags, source mtime, source size. The first Python with flags has magic number 3390 (3.7);
// the numbers from 20121 on are Python 2's.
#define PYC_HEADER_BYTES 16
#define PYC_MAGIC_MIN 3390
#define PYC_MAGIC_MAX 20000

struct level {
  char *names;  // NUL-separated directories still to visit
  size_t length;
  size_t next;
  dev_t device;
  ino_t inode;
};

struct times_rule times_rule_of(const struct request *request) {
  struct times_rule rule = {0};
  const char *epoch = request_get(request, "epoch"), *since = request_get(request, "since");
  if (epoch == NULL) return rule;
  rule.active = true;
  rule.epoch = argument_time("epoch", epoch);
  if (since != NULL)
    rule.since = argument_time("since", since);
  else
    k_clock_gettime(CLOCK_REALTIME_COARSE, &rule.since);  // the kernel stamps inodes with the coarse clock
  return rule;
}

/** The source mtime inside a .pyc. */
static void normalise_pyc(int directory, const char *name, const struct times_rule *rule) {
  unsigned char header[PYC_HEADER_BYTES];
  int fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return;  // immutable, or a text that is being executed: leaving it is not wrong, only slower
  if (pread(fd, header, sizeof header, 0) == (ssize_t)sizeof header) {
    unsigned magic = header[0] | (unsigned)header[1] << 8;
    uint32_t flags = get_u32(header + 4), source = get_u32(header + 8);
    bool known = magic >= PYC_MAGIC_MIN && magic < PYC_MAGIC_MAX && header[2] == '\r' && header[3] == '\n';
    if (known && flags == 0 && source >= (uint32_t)rule->since.tv_sec) {
      put_u32(header + 8, (uint32_t)rule->epoch.tv_sec);
      if (pwrite(fd, header + 8, 4, 8) != 4)
        die("times", errno, name, "cannot rewrite the source time of a .pyc");
    }
  }
  close(fd);
}

static bool ends_in_pyc(const char *name) {
  size_t length = strlen(name);
  return length > 4 && strcmp(name + length - 4, ".pyc") == 0;
}

typedef void entry_action(int directory, const char *name, const struct stat *stat, struct times_rule *rule);

/** Nothing that the request wrote may be older than what it put there with a time of its own: sources that
 * were unpacked would be newer than what was made of them, and make would make it again. */
static void raise_epoch(int directory, const char *name, const struct stat *stat, struct times_rule *rule) {
  (void)directory;
  (void)name;
  struct timespec kept = stat->st_mtim;
  if (compare_times(kept, rule->since) >= 0 || compare_times(kept, rule->epoch) <= 0) return;
  rule->epoch.tv_sec = kept.tv_sec;
  if (compare_times(kept, rule->epoch) > 0) rule->epoch.tv_sec++;
}

static void normalise_entry(int directory, const char *name, const struct stat *stat, struct times_rule *rule) {
  if (compare_times(stat->st_mtim, rule->since) < 0) return;
  if (S_ISREG(stat->st_mode) && ends_in_pyc(name)) normalise_pyc(directory, name, rule);
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, rule->epoch};
  if (utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) != 0)
    die("times", errno, name, "cannot set the time of an entry");
}

/** Does the action to the entries of a directory and lists its sub-directories. */
static struct level visit(int directory, entry_action *action, struct times_rule *rule) {
  struct stat stat;
  struct buffer names = {0};
  if (fstat(directory, &stat) != 0) die("times", errno, NULL, "cannot look at a directory");
  struct level level = {.device = stat.st_dev, .inode = stat.st_ino};
  int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *entries = copy < 0 ? NULL : fdopendir(copy);
  if (entries == NULL) die("times", errno, NULL, "cannot read a directory");
  struct dirent *entry;
  while ((errno = 0, entry = readdir(entries)) != NULL) {
    const char *name = entry->d_name;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) continue;
    if (fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
      die("times", errno, name, "cannot look at an entry");
    action(directory, name, &stat, rule);
    rule->entries++;
    if (S_ISDIR(stat.st_mode)) buffer_append(&names, name, strlen(name) + 1);
  }
  if (errno != 0) die("times", errno, NULL, "cannot read a directory");
  closedir(entries);
  level.names = names.bytes;
  level.length = names.length;
  return level;
}

static int go_up(int directory, const struct level *to) {
  struct stat stat;
  int parent = openat(directory, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (parent < 0 || fstat(parent, &stat) != 0) die("times", errno, NULL, "cannot return to a directory");
  if (stat.st_dev != to->device || stat.st_ino != to->inode)
    die("times", 0, NULL, "the tree changed while its times were set");
  close(directory);
  return parent;
}

static void walk(int upper, entry_action *action, struct times_rule *rule) {
  struct level *levels = NULL;
  size_t depth = 0, capacity = 0;
  int directory = openat(upper, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) die("times", errno, NULL, "cannot open the layer");
  struct level level = visit(directory, action, rule);
  for (;;) {
    if (level.next < level.length) {
      const char *name = level.names + level.next;
      int child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
      if (child < 0) die("times", errno, name, "cannot open a directory");
      level.next += strlen(name) + 1;
      if (depth == capacity) {
        capacity = capacity * 2 + 16;
        levels = xreallocarray(levels, capacity, sizeof *levels);
      }
      levels[depth++] = level;
      close(directory);
      directory = child;
      level = visit(directory, action, rule);
    } else {
      free(level.names);
      if (depth == 0) break;
      level = levels[--depth];
      directory = go_up(directory, &level);
    }
  }
  close(directory);
  free(levels);
}

void times_normalise(int upper, struct times_rule *rule) {
  if (!rule->active) return;
  // The root was made for the layer, just before the request: its time says nothing.
  rule->entries = 0;
  walk(upper, raise_epoch, rule);
  struct stat stat;
  if (fstat(upper, &stat) != 0) die("times", errno, NULL, "cannot look at the layer");
  normalise_entry(upper, ".", &stat, rule);
  if (rule->entries == 0) return;
  rule->entries = 0;
  walk(upper, normalise_entry, rule);
}
