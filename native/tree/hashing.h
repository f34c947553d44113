// SHA-256 of files.
#ifndef TSBUILD_HASHING_H
#define TSBUILD_HASHING_H

#include "util/sha256.h"
#include "util/util.h"

/** The digest of `head` and an open file from its current offset to its end; *bytes grows by what was read. 0, or -1
 * with errno. */
int hash_fd(int fd, const struct buffer *head, unsigned char digest[SHA256_SIZE], uint64_t *bytes);

/** The same for the regular file directory/name, through no symlink; -1 with EINVAL for anything else. */
int hash_at(int directory, const char *name, unsigned char digest[SHA256_SIZE], uint64_t *bytes);

#endif
