// Reading tar archives: members in order, whatever dialect they are written in (v7, ustar, PAX, GNU long
// names, base-256 numbers, the four sparse formats of GNU tar).
#ifndef TSBUILD_TAR_READ_H
#define TSBUILD_TAR_READ_H

#include "blob/stream.h"
#include "layer/tar.h"

/** A run of data of a sparse file; everything else of it is zeros. */
struct tar_run {
  uint64_t offset;
  uint64_t length;
};

/** What PAX and GNU headers in front of a member say about it. */
struct tar_extension {
  char *path;
  char *link;
  char *long_path;  // GNU's
  char *long_link;
  bool has_size, has_uid, has_gid, has_mtime;
  uint64_t size, uid, gid;
  struct timespec mtime;
  struct xattrs xattrs;
  char *sparse_name;
  uint64_t sparse_major, sparse_minor;
  bool has_sparse_size;
  uint64_t sparse_size;
  struct tar_run *runs;
  size_t run_count;
  bool sparse;
};

struct tar_reader {
  struct stream *input;
  const char *problem;
  uint64_t remaining;  // of the member's data in the archive
  size_t padding;      // that follows it
  struct tar_extension extension;
  struct tar_run *runs;  // NULL: not sparse
  size_t run_count;
  // For messages, in the archive: where it is read, and the header that is looked at; the last member's path.
  uint64_t position;
  uint64_t header_at;
  const char *latest;
};

/** The next member, whose texts live for ever. 1; 0 at the end of the archive; -1 with `problem` set. */
int tar_next(struct tar_reader *reader, struct tar_member *member);

/** Writes the data of the member to `fd` (of a new, empty file). 0; -1 with `problem`, -2 with errno of
 * writing. */
int tar_extract(struct tar_reader *reader, const struct tar_member *member, int fd);

#endif
