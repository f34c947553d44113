// Reads files and hashes them. The buffer is small enough to stay in the second-level cache between read and
// hash.
#define _GNU_SOURCE
#include "tree/hashing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH_BUFFER_SIZE ((size_t)128 * 1024)

int hash_fd(int fd, const struct buffer *head, unsigned char digest[SHA256_SIZE], uint64_t *bytes) {
  static _Thread_local char block[HASH_BUFFER_SIZE];
  struct sha256 hash;
  sha256_begin(&hash);
  if (head->length > 0) sha256_add(&hash, head->bytes, head->length);
  for (;;) {
    ssize_t length = read(fd, block, sizeof block);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return -1;
    if (length == 0) break;
    sha256_add(&hash, block, (size_t)length);
    *bytes += (uint64_t)length;
  }
  sha256_end(&hash, digest);
  return 0;
}

int hash_at(int directory, const char *name, unsigned char digest[SHA256_SIZE], uint64_t *bytes) {
  // O_NONBLOCK: opening a FIFO that took the file's place must not hang.
  int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return -1;
  struct stat status;
  int result = fstat(fd, &status);
  if (result == 0 && !S_ISREG(status.st_mode)) {
    errno = EINVAL;
    result = -1;
  }
  if (result == 0) result = hash_fd(fd, &(struct buffer){0}, digest, bytes);
  close_quietly(fd);
  return result;
}
