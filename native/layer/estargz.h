// eStargz (stargz-snapshotter, docs/estargz.md): a gzip layer that can be read in pieces. Every piece of a file's
// data is a gzip member of its own; a table of contents says where each begins; a footer of 51 bytes says where
// the table is. For everybody else it is a tar with two more files. The table is part of the tar, so the DiffID is
// this format's own.
#ifndef TSBUILD_ESTARGZ_H
#define TSBUILD_ESTARGZ_H

#include "blob/blob.h"
#include "layer/tar.h"

/** A number in the text of the table that is known only at the end: where a block begins. */
struct estargz_place {
  size_t at;
  uint64_t block;
};

struct estargz {
  struct blob *blob;
  struct buffer text;
  struct estargz_place *places;
  size_t place_count;
  size_t place_capacity;
};

/** Writes the landmark that says that nothing is worth fetching first. */
void estargz_begin(struct estargz *estargz, struct blob *blob);
/** Whether the format has this path for itself. */
bool estargz_reserves(const char *path);
/** The member's entry; its header is the blob's business. Files with data go on with estargz_data. */
void estargz_member(struct estargz *estargz, const struct tar_member *member);
/** The data of a file of `size` > 0 bytes; -1 with errno, or with errno 0 when there are fewer. */
int estargz_data(struct estargz *estargz, const char *path, int fd, uint64_t size);
/** Writes the table, the end of the tar and the footer; gives the table's digest. */
void estargz_end(struct estargz *estargz, unsigned char table_digest[SHA256_SIZE]);

#endif
