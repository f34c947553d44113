// The request `probe`: what this helper can do on this machine, for `doctor` and for error hints.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "blob/blob.h"
#include "namespace/scratch.h"
#include "namespace/userns.h"
#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "sandbox/mounts.h"
#include "tree/remove.h"
#include "util/kernel.h"

/** 0, or the errno of mounting a small overlay on `directory` (NULL: on tmpfs). */
static int try_overlay(const char *directory) {
  int base = directory == NULL ? scratch_directory(0700) : open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (base < 0) return errno;
  const char *const names[] = {"lower", "upper", "work"};
  char *place = xformat(".probe-%d", getpid());
  int parent = mkdirat(base, place, 0700) == 0 ? openat(base, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (parent < 0) return errno;
  int made[3];
  for (int i = 0; i < 3; i++) {
    (void)!mkdirat(parent, names[i], 0755);
    made[i] = openat(parent, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  int error = view_try_overlay(made[0], made[1], made[2]);
  uint64_t removed = 0;
  char *path = NULL;
  (void)remove_tree(base, place, &removed, &path);  // what overlay makes in `work`, too
  return error;
}

int verb_probe(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  const char *directory = cursor_take(&cursor, "dir");
  if (cursor_peek(&cursor) != NULL) cursor_unexpected(&cursor);
  reply_result("format", "%d", 1);
  reply_result("userns", "%s", userns_mode_name());
  userns_require();
  int error = try_overlay(directory);
  reply_result("overlay", "%d", error == 0);
  reply_result("overlayerrno", "%d", error);
  reply_result("overlayapi", "%s", view_overlay_api());
  reply_result("compress", "%s", compress_capabilities());
  return 0;
}
