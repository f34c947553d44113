// The verb `digest`: SHA-256 of many files. Small files cost open, read and close, not hashing, so long lists
// are shared by a few threads; every thread takes the next run of files and writes into its own places of the answer.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "tree/hashing.h"
#include "view/view.h"

#define THREADS_MAX 4
#define FILES_PER_THREAD_MIN 16
#define RUN_LENGTH 16
#define LARGE_FILE ((off_t)1 << 20)
// BuildKit's tarsum has neither name nor owner nor time.
#define TARSUM "namemode%uuid0gid0size%lldtypeflag0linknameunamegnamedevmajor0devminor0"

struct work {
  int root;
  const char **files;
  size_t count;
  unsigned char (*digests)[SHA256_SIZE];
  atomic_size_t next;
  atomic_uint_fast64_t bytes;
  bool headed;
};

/** Zeros stay in place for what is not a readable regular file. */
static void digest_one(struct work *work, size_t index, uint64_t *bytes) {
  int fd = view_open_in_root(work->root, work->files[index], O_RDONLY | O_NONBLOCK);
  if (fd < 0) return;
  struct stat status;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)) {
    if (status.st_size >= LARGE_FILE) posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    struct buffer head = {0};
    if (work->headed) buffer_format(&head, TARSUM, status.st_mode & 07777, (long long)status.st_size);
    if (hash_fd(fd, &head, work->digests[index], bytes) != 0) memset(work->digests[index], 0, SHA256_SIZE);
  }
  close(fd);
}

static void *digest_runs(void *argument) {
  struct work *work = argument;
  uint64_t bytes = 0;
  for (;;) {
    size_t from = atomic_fetch_add(&work->next, RUN_LENGTH);
    if (from >= work->count) break;
    size_t to = from + RUN_LENGTH < work->count ? from + RUN_LENGTH : work->count;
    for (size_t i = from; i < to; i++) digest_one(work, i, &bytes);
  }
  atomic_fetch_add(&work->bytes, bytes);
  return NULL;
}

static size_t thread_count(size_t files) {
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
  size_t count = processors < 1 ? 1 : (size_t)processors;
  if (count > THREADS_MAX) count = THREADS_MAX;
  size_t useful = files / FILES_PER_THREAD_MIN;
  return useful < count ? useful : count;
}

static void digest_all(struct work *work) {
  pthread_t threads[THREADS_MAX];
  size_t started = 0;
  size_t wanted = thread_count(work->count);
  while (started + 1 < wanted && pthread_create(&threads[started], NULL, digest_runs, work) == 0) started++;
  digest_runs(work);
  for (size_t i = 0; i < started; i++) pthread_join(threads[i], NULL);
}

int verb_digest(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  struct view_spec spec = view_take(&cursor);
  struct work work = {.files = xcalloc(request->count, sizeof *work.files)};
  work.headed = cursor_take(&cursor, "tarsum") != NULL;
  for (const char *file; (file = cursor_take(&cursor, "file")) != NULL;) work.files[work.count++] = file;
  if (cursor_peek(&cursor) != NULL) cursor_unexpected(&cursor);
  work.root = view_open(&spec);
  work.digests = xcalloc(work.count, sizeof *work.digests);
  digest_all(&work);
  if (work.count > 0) reply_data(work.digests, work.count * sizeof *work.digests);
  reply_result("count", "%zu", work.count);
  reply_result("bytes", "%llu", (unsigned long long)work.bytes);
  return 0;
}
