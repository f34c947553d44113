// The verb `sync`: everything of one file system is on the disk when it returns.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "protocol/reply.h"
#include "protocol/verbs.h"

int verb_sync(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  const char *path = cursor_take(&cursor, "dir");
  if (path == NULL || cursor_peek(&cursor) != NULL) cursor_unexpected(&cursor);
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return reply_error("sync", errno, path, "cannot open the directory");
  if (syncfs(fd) != 0) return reply_error("sync", errno, path, "cannot write the file system to disk");
  close(fd);
  return 0;
}
