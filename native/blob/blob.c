// Tar bytes to a blob: hashing, cutting into blocks, and writing what the pool gives back.
#define _GNU_SOURCE
#include "blob/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/reply.h"

// Behind these many bytes a block ends with the next header that the names choose, one in about CUT_SPACING bytes; most
// blocks end so before they are full. Behind the header of a large file one ends always: however long what is in front
// of it, the blocks of its data are the same.
#define CUT_MIN (BLOB_BLOCK / 4 * 3)
#define CUT_SPACING ((uint64_t)64 << 10)
#define CUT_LARGE (4 * BLOB_BLOCK)
#define HEADER_SIZE ((size_t)512)

#define SKIPPED_MIN ((size_t)64 << 10)  // to look for a hole costs as much as to read less

void blob_store(struct blob *blob, const void *bytes, size_t length) {
  if (blob->format != BLOB_PLAIN) sha256_add(&blob->stored, bytes, length);
  blob->stored_size += length;
  if (blob->fd < 0) {
    reply_data(bytes, length);
  } else if (write_full(blob->fd, bytes, length) != 0) {
    die("pack", errno, NULL, "cannot write the blob");
  }
}

/** Writes the oldest compressed block. False: there is none. */
static bool store_next(struct blob *blob) {
  size_t length;
  const void *bytes = blob_pool_next(blob->pool, &length);
  if (bytes == NULL) return false;
  if ((blob->stored_count & (blob->stored_count + 1)) == 0) {
    blob->offsets = xreallocarray(blob->offsets, 2 * (blob->stored_count + 1), sizeof *blob->offsets);
  }
  blob->offsets[blob->stored_count++] = blob->stored_size;
  blob_store(blob, bytes, length);
  blob_pool_release(blob->pool);
  return true;
}

void blob_begin(struct blob *blob, int fd, enum blob_format format, int level) {
  *blob = (struct blob){.fd = fd, .format = format, .level = level};
  sha256_begin(&blob->plain);
  sha256_begin(&blob->stored);
  if (format == BLOB_PLAIN) {
    blob->fill = xmalloc(BLOB_BLOCK);
  } else {
    blob->pool = blob_pool_start(format, level);
    blob->fill = blob_pool_reserve(blob->pool);
  }
}

/** The block is full, or the last one. */
static void finish_block(struct blob *blob) {
  if (blob->pool == NULL) {
    blob_store(blob, blob->fill, blob->fill_length);
  } else {
    bool is_known = blob->fill_length == blob->known_plain;
    blob_pool_submit(blob->pool, blob->fill_length, is_known ? blob->known : NULL, blob->known_length);
    blob->known = NULL;
    blob->submitted_count++;
    while ((blob->fill = blob_pool_reserve(blob->pool)) == NULL) store_next(blob);
  }
  blob->fill_length = 0;
}

/** Whether a block ends behind these HEADER_SIZE bytes, which are a tar header or look like one. `end` is where. */
static bool ends_block(const unsigned char *header, size_t end) {
  if (memcmp(header + 257, "ustar", 5) != 0) return false;
  uint64_t size = 0;
  for (size_t i = 124; header[i] >= '0' && header[i] <= '7' && i < 136; i++) size = size * 8 + (header[i] - '0');
  if (size >= CUT_LARGE) return true;
  if (end < CUT_MIN) return false;
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (size_t i = 0; i < 100 && header[i] != 0; i++) hash = (hash ^ header[i]) * 0x100000001b3;
  return (hash >> 20) % CUT_SPACING < size + HEADER_SIZE;
}

/** Where the block ends of which `end` bytes are there, those behind fill_length for the first time. 0: not yet. */
static size_t end_of_block(const struct blob *blob, size_t end) {
  if (blob->pool != NULL && !blob->is_cut_by_caller) {
    size_t at = blob->fill_length - blob->fill_length % HEADER_SIZE + HEADER_SIZE;
    for (; at <= end; at += HEADER_SIZE) {
      if (ends_block((const unsigned char *)blob->fill + at - HEADER_SIZE, at)) return at;
    }
  }
  return end == BLOB_BLOCK ? end : 0;
}

/** Accounts for `length` bytes that lie behind what the block has. */
static void filled(struct blob *blob, size_t length) {
  sha256_add(&blob->plain, blob->fill + blob->fill_length, length);
  blob->plain_size += length;
  size_t end = blob->fill_length + length;
  for (size_t cut; (cut = end_of_block(blob, end)) != 0;) {
    const char *rest = blob->fill + cut;  // stays as it is: the next block is another one
    blob->fill_length = cut;
    finish_block(blob);
    end -= cut;
    memmove(blob->fill, rest, end);
  }
  blob->fill_length = end;
}

void blob_write(struct blob *blob, const void *bytes, size_t length) {
  const char *from = bytes;
  while (length > 0) {
    size_t room = BLOB_BLOCK - blob->fill_length;
    size_t part = length < room ? length : room;
    memcpy(blob->fill + blob->fill_length, from, part);
    filled(blob, part);
    from += part;
    length -= part;
  }
}

/** Moves over the hole that the file has where it stands, by `length` bytes at most. Gives by how many. */
static ssize_t skip_hole(int fd, size_t length) {
  if (length < SKIPPED_MIN) return 0;
  off_t at = lseek(fd, 0, SEEK_CUR);
  off_t data = lseek(fd, at, SEEK_DATA);
  if (data < 0 && errno == ENXIO) data = lseek(fd, 0, SEEK_END);  // the hole is the last thing in the file
  if (data < at) data = at;  // a file system that tells no holes, or the file shrank, which read() tells
  if (data > at + (off_t)length) data = at + (off_t)length;
  return lseek(fd, data, SEEK_SET) < 0 ? 0 : data - at;
}

int blob_write_file(struct blob *blob, int fd, uint64_t size) {
  while (size > 0) {
    char *to = blob->fill + blob->fill_length;
    size_t room = BLOB_BLOCK - blob->fill_length;
    size_t part = size < room ? (size_t)size : room;
    ssize_t got = skip_hole(fd, part);
    memset(to, 0, (size_t)got);
    if (got == 0) got = read(fd, to, part);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      if (got == 0) errno = 0;
      return -1;
    }
    filled(blob, (size_t)got);
    size -= (uint64_t)got;
  }
  return 0;
}

void blob_know(struct blob *blob, size_t plain, const void *bytes, size_t length) {
  blob->known = blob->fill_length == 0 ? bytes : NULL;
  blob->known_length = length;
  blob->known_plain = plain;
}

void blob_forget(struct blob *blob) { blob->known = NULL; }

uint64_t blob_cut(struct blob *blob) {
  blob->is_cut_by_caller = true;
  if (blob->fill_length > 0) finish_block(blob);
  return blob->submitted_count;
}

void blob_settle(struct blob *blob) {
  if (blob->fill_length > 0) finish_block(blob);
  while (blob->pool != NULL && store_next(blob)) {
  }
}

void blob_write_member(struct blob *blob, const void *bytes, size_t length) {
  struct blob_codec *codec = blob_codec_new(blob->format, blob->level);
  size_t room = blob_codec_bound(codec, length);
  void *made = xmalloc(room);
  size_t made_length = blob_codec_compress(codec, bytes, length, made, room);
  sha256_add(&blob->plain, bytes, length);
  blob->plain_size += length;
  blob_store(blob, made, made_length);
  free(made);
}

struct blob_result blob_end(struct blob *blob) {
  blob_settle(blob);
  if (blob->fd >= 0 && fsync(blob->fd) != 0 && errno != EINVAL && errno != EROFS) {
    die("pack", errno, NULL, "cannot write the blob to disk");
  }
  struct blob_result result = {.size = blob->plain_size, .stored = blob->stored_size};
  sha256_end(&blob->plain, result.diff_id);
  if (blob->format == BLOB_PLAIN) {
    memcpy(result.digest, result.diff_id, sizeof result.digest);
  } else {
    sha256_end(&blob->stored, result.digest);
  }
  return result;
}

enum blob_format blob_format_of(const char *text) {
  if (strcmp(text, "none") == 0) return BLOB_PLAIN;
  if (strcmp(text, "gzip") == 0) return BLOB_GZIP;
  if (strcmp(text, "zstd") == 0) return BLOB_ZSTD;
  die("request", 0, NULL, "compress: expected one of %s, got \"%.80s\"", compress_capabilities(), text);
}

int blob_create(const char *phase, const char *out) {
  if (strcmp(out, "-") == 0) return -1;
  int fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) die(phase, errno, out, "cannot make the file");
  return fd;
}

void blob_report(const struct blob_result *result, bool to_file) {
  reply_result("diffid", "%s", sha256_text(result->diff_id).text);
  reply_result("size", "%llu", (unsigned long long)result->size);
  if (!to_file) return;
  reply_result("digest", "%s", sha256_text(result->digest).text);
  reply_result("stored", "%llu", (unsigned long long)result->stored);
}
