// Bytes that are read in order, wherever they come from: a file, a pipe, a socket, or any of them
// decompressed.
#ifndef TSBUILD_STREAM_H
#define TSBUILD_STREAM_H

#include "util/util.h"

struct stream {
  /** Up to `length` bytes; 0 at the end; -1 with `problem` set. */
  ssize_t (*read)(struct stream *stream, void *to, size_t length);
  /** What went wrong, for the user; NULL while nothing has. */
  const char *problem;
};

/** Whole reads: short only at the end; -1 with `problem` set. */
ssize_t stream_read_full(struct stream *stream, void *to, size_t length);

/** Reads `fd` from its current offset; the descriptor stays the caller's. */
struct stream *stream_of_fd(int fd);

/** `file=PATH`, `-` (stdin), `unix:PATH` (connects to a listening socket): for reading. Dies (phase
 * `request`). */
struct stream *stream_open(const char *name);

/** The same; what begins like gzip is decoded. */
struct stream *stream_open_layer(const char *name);

/**
 * What the regular file `fd` holds, decompressed when it begins like gzip, bzip2, xz or zstd. gzip is decoded
 * here; the others need the program of their name: NULL with the reason in *problem when that is not
 * installed.
 */
struct stream *stream_decompressed(int fd, const char **problem);

#endif
