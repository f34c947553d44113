// Applied in reverse: a directory's own stamp is set after those of what was made in it.
#define _GNU_SOURCE
#include "copy/stamps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void add(struct stamps *stamps, int directory, const char *made) {
  struct stat status;
  int copy = openat(directory, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0 || fstat(copy, &status) != 0) die("times", errno, made, "cannot look at a directory");
  stamps->list = xreallocarray(stamps->list, stamps->count + 1, sizeof *stamps->list);
  stamps->list[stamps->count++] = (struct stamp){
      .directory = copy, .made = made == NULL ? NULL : xstrdup(made), .before = status.st_mtim};
}

void stamps_keep(struct stamps *stamps, int directory) {
  add(stamps, directory, NULL);
}

void stamps_before_making(void *stamps, int parent, const char *name) {
  add(stamps, parent, name);
}

static void apply(const struct stamps *stamps, const struct stamp *stamp) {
  if (stamp->made != NULL && stamps->rule->active) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, stamps->rule->epoch};
    if (utimensat(stamp->directory, stamp->made, times, AT_SYMLINK_NOFOLLOW) != 0 && errno != ENOENT) {
      die("times", errno, stamp->made, "cannot set the time of a directory");
    }
  }
  struct stat status;
  // Setting the time of a directory that did not change would copy it into the layer for nothing.
  if (fstat(stamp->directory, &status) != 0 || compare_times(status.st_mtim, stamp->before) == 0) return;
  struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, stamp->before};
  if (utimensat(AT_FDCWD, fd_path(stamp->directory).text, times, 0) != 0) {
    die("times", errno, stamp->made, "cannot restore the time of a directory");
  }
}

void stamps_apply(struct stamps *stamps) {
  while (stamps->count > 0) {
    struct stamp *stamp = &stamps->list[--stamps->count];
    apply(stamps, stamp);
    close(stamp->directory);
    free(stamp->made);
  }
}
