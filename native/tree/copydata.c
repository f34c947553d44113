// Copying file data by the fastest way that works.
#define _GNU_SOURCE
#include "tree/copydata.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL ((uint64_t)128 * 1024)
#define CHUNK ((size_t)1 << 30)

/** Small files, and those that say 0 but are not (proc). A source that shrank is not an error. */
static int copy_by_reading(int from, int to, uint64_t size) {
  static LARGE char block[256 * 1024];
  for (uint64_t done = 0;;) {
    ssize_t length = read(from, block, sizeof block);
    if (length < 0 && errno == EINTR) continue;
    if (length <= 0) return (int)length;
    if (write_full(to, block, (size_t)length) != 0) return -1;
    done += (uint64_t)length;
    if (done == size) return 0;
  }
}

/** One run of data at the same offset in both. */
static int copy_run(int from, int to, off_t offset, uint64_t length) {
  static bool in_kernel = true;
  off_t in = offset;
  off_t out = offset;
  while (in_kernel && length > 0) {
    ssize_t copied = copy_file_range(from, &in, to, &out, length < CHUNK ? (size_t)length : CHUNK, 0);
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0 && errno != EXDEV && errno != ENOSYS && errno != EOPNOTSUPP && errno != EINVAL) return -1;
    if (copied <= 0) {
      // Other file systems, or one that cannot: it will not for the next file either.
      if (copied < 0) in_kernel = false;
      break;
    }
    length -= (uint64_t)copied;
  }
  static LARGE char block[256 * 1024];
  while (length > 0) {
    ssize_t got = pread(from, block, length < sizeof block ? (size_t)length : sizeof block, in);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;  // the source shrank
    if (lseek(to, in, SEEK_SET) < 0 || write_full(to, block, (size_t)got) != 0) return -1;
    in += got;
    length -= (uint64_t)got;
  }
  return 0;
}

/** A file with holes: only its data, then its length. */
static int copy_sparse(int from, int to, uint64_t size) {
  off_t end = 0;
  while ((uint64_t)end < size) {
    off_t start = lseek(from, end, SEEK_DATA);
    if (start < 0 && errno == ENXIO) break;
    if (start < 0) return -1;
    end = lseek(from, start, SEEK_HOLE);
    if (end < 0 || copy_run(from, to, start, (uint64_t)(end - start)) != 0) return -1;
  }
  return ftruncate(to, (off_t)size);
}

int copy_data(int from, int to, uint64_t size) {
  static bool can_share = true;
  if (size <= SMALL) return copy_by_reading(from, to, size);
  if (can_share) {
    if (ioctl(to, FICLONE, from) == 0) return 0;
    can_share = errno != EOPNOTSUPP && errno != ENOTTY && errno != EXDEV;
  }
  struct stat status;
  if (fstat(from, &status) == 0 && (uint64_t)status.st_blocks * 512 < size) {
    int result = copy_sparse(from, to, size);
    if (result == 0 || errno != EINVAL) return result;
  }
  return copy_run(from, to, 0, size);
}
