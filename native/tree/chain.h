// A chain of open directories from a root down, for walks of any depth: only the last CHAIN_OPEN_MAX of them
// hold a descriptor; the others are reopened through ".." on the way back and checked to be the same
// directory, so that a tree that somebody renames under us is an error and never a way out.
#ifndef TSBUILD_CHAIN_H
#define TSBUILD_CHAIN_H

#include "util/util.h"

#define CHAIN_OPEN_MAX 100

struct chain_link {
  int fd;  // -1: closed for now
  dev_t device;
  ino_t inode;
};

struct chain {
  struct chain_link *links;
  size_t depth;
  size_t capacity;
};

/** Takes `fd` (a directory, ours to close) as the new innermost one. */
void chain_push(struct chain *chain, int fd);
/** The innermost directory, which is always open. */
int chain_top(const struct chain *chain);
/** Closes the innermost. 0, or -1 with errno: its parent is not where it was (ESTALE). */
int chain_pop(struct chain *chain);

#endif
