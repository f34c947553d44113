// The writing end of `pack`: tar bytes go in; out come the digest of the tar (DiffID), and a file or data
// frames, compressed on the way. gzip and zstd are made of independent blocks of at most 1 MiB, each a member (frame)
// of its own, by several threads and written in order: the same bytes whatever the number of threads. Blocks end where
// the tar says so, and not at fixed places, so that a change leaves those behind it as they were (docs/adr/0029).
#ifndef TSBUILD_BLOB_H
#define TSBUILD_BLOB_H

#include "util/sha256.h"
#include "util/util.h"

#define BLOB_BLOCK ((size_t)1 << 20)

enum blob_format { BLOB_PLAIN, BLOB_GZIP, BLOB_ZSTD };

struct blob_block;
struct blob_pool;

struct blob {
  int fd;  // -1: data frames
  enum blob_format format;
  struct sha256 plain;
  struct sha256 stored;
  uint64_t plain_size;
  uint64_t stored_size;
  char *fill;  // the block being filled
  size_t fill_length;
  const void *known;  // what the block being filled is compressed, should it become `known_plain` bytes long; or NULL
  size_t known_length;
  size_t known_plain;
  bool is_cut_by_caller;  // and nowhere else
  struct blob_pool *pool;  // NULL for BLOB_PLAIN
  int level;
  uint64_t *offsets;  // where each compressed block begins in what is stored
  uint64_t submitted_count;
  uint64_t stored_count;
};

struct blob_result {
  unsigned char diff_id[SHA256_SIZE];
  unsigned char digest[SHA256_SIZE];
  uint64_t size;
  uint64_t stored;
};

/** What `compress=` may be, comma-separated; depends on the libraries this was built with. */
const char *compress_capabilities(void);

#define BLOB_LEVEL_USUAL (-1)

/** Dies (phase `unsupported`) when this build cannot write the format. */
void blob_begin(struct blob *blob, int fd, enum blob_format format, int level);
void blob_write(struct blob *blob, const void *bytes, size_t length);
/** Exactly `size` bytes of `fd`; -1 with errno, or with errno 0 when there are fewer. */
int blob_write_file(struct blob *blob, int fd, uint64_t size);
/**
 * Ends the block being filled, so that what follows begins a new one. Gives that one's number. Not of plain blobs. From
 * now on blocks end there, and when they are full.
 */
uint64_t blob_cut(struct blob *blob);
/**
 * The next `plain` bytes that are written were a block before, which was compressed to `bytes`: it is not compressed
 * again if it becomes one now. `bytes` stay as they are until those are written, or until blob_forget, which is called
 * before anything else is.
 */
void blob_know(struct blob *blob, size_t plain, const void *bytes, size_t length);
void blob_forget(struct blob *blob);
/** Stores all blocks; then their offsets are known. */
void blob_settle(struct blob *blob);
/** Of a settled blob: `length` more bytes as one member, however many they are. */
void blob_write_member(struct blob *blob, const void *bytes, size_t length);
/** Of a settled blob: stores bytes that are compressed already, and stand for nothing. */
void blob_store(struct blob *blob, const void *bytes, size_t length);
/** Everything is written; a file is on the disk (fsync). */
struct blob_result blob_end(struct blob *blob);

/** The format of `compress=`; dies (phase `request`) when it is none. */
enum blob_format blob_format_of(const char *text);
/** Makes the file of `out=`; -1 for `-`, data frames. Dies (phase of the caller). */
int blob_create(const char *phase, const char *out);
/** The result fields: of the tar, and of the file where there is one. */
void blob_report(const struct blob_result *result, bool to_file);

/** The threads behind it (blob_pool.c): blocks are given in order and come back compressed in order. */
struct blob_pool *blob_pool_start(enum blob_format format, int level);
/** An empty block to fill, if one is free; else NULL: take a finished one first. */
char *blob_pool_reserve(struct blob_pool *pool);
/** `known` is what it is compressed, or NULL. */
void blob_pool_submit(struct blob_pool *pool, size_t length, const void *known, size_t known_length);
/** The oldest submitted block, compressed; waits for it. NULL: none was submitted. Valid until
 * blob_pool_release. */
const void *blob_pool_next(struct blob_pool *pool, size_t *length);
void blob_pool_release(struct blob_pool *pool);

/** What compresses in this format at this level: of the same name, the same bytes come of the same block. NULL: who knows. */
const char *blob_compressor(enum blob_format format, int level);

/** Compression of one block (blob_codec.c). A codec belongs to one thread. */
struct blob_codec;
struct blob_codec *blob_codec_new(enum blob_format format, int level);
size_t blob_codec_bound(const struct blob_codec *codec, size_t length);
size_t blob_codec_compress(struct blob_codec *codec, const void *from, size_t length, void *to, size_t room);
/** The first member of the gzip `from`: how many bytes it gave, at most `room`, and was. False: it could not be read. */
bool blob_codec_expand(const void *from, size_t *length, void *to, size_t *room);

#endif
