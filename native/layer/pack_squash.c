// The layers above the base (pack_squash.h).
#define _GNU_SOURCE
#include "layer/pack_squash.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree/below.h"
#include "tree/walk.h"
#include "util/kernel.h"

void squash_begin(struct squash *squash, const char **layers, size_t count) {
  squash->layers = xcalloc(count, sizeof *squash->layers);
  squash->layer_count = count;
  for (size_t i = 0; i < count; i++) {
    squash->layers[i] = open(layers[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (squash->layers[i] < 0) die("view", errno, layers[i], "cannot open the layer");
  }
}

bool squash_touches(const struct squash *squash, const char *path) {
  if (squash->layer_count == 0) return true;
  struct stat status;
  for (size_t i = 0; i < squash->layer_count; i++) {
    if (below_has(squash->layers[i], path, &status)) return true;
  }
  return false;
}

void squash_whiteouts(const struct squash *squash, int below, const char *path, int directory,
                      void (*put)(void *context, const char *whiteout), void *context) {
  if (squash->layer_count == 0 || below < 0) return;
  int fd = k_openat2(below, *path == 0 ? "." : path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0,
                     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
  if (fd < 0) return;  // no directory there, so nothing is hidden
  struct walk names;
  if (walk_begin(&names, fd, "", WALK_BY_NAME) != 0)
    die("pack", errno, path, "cannot list a directory of the base");
  while (walk_next(&names) == WALK_ENTRY) {
    struct stat status;
    if (fstatat(directory, names.name, &status, AT_SYMLINK_NOFOLLOW) == 0) continue;
    if (errno != ENOENT) die("pack", errno, path, "cannot look for %s", names.name);
    char *whiteout = xformat("%s%s.wh.%s", path, *path == 0 ? "" : "/", names.name);
    put(context, whiteout);
    free(whiteout);
  }
  walk_end(&names);
}
