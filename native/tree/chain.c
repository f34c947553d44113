// The chain of open directories of a walk.
#define _GNU_SOURCE
#include "tree/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

void chain_push(struct chain *chain, int fd) {
  if (chain->depth == chain->capacity) {
    chain->capacity = chain->capacity == 0 ? 32 : chain->capacity * 2;
    chain->links = xreallocarray(chain->links, chain->capacity, sizeof *chain->links);
  }
  chain->links[chain->depth++] = (struct chain_link){.fd = fd};
  if (chain->depth <= CHAIN_OPEN_MAX) return;
  struct chain_link *old = &chain->links[chain->depth - 1 - CHAIN_OPEN_MAX];
  struct stat status;
  if (old->fd < 0 || fstat(old->fd, &status) != 0) return;
  old->device = status.st_dev;
  old->inode = status.st_ino;
  close(old->fd);
  old->fd = -1;
}

int chain_top(const struct chain *chain) {
  return chain->links[chain->depth - 1].fd;
}

static int reopen(struct chain_link *link, int child) {
  int fd = openat(child, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  struct stat status;
  if (fd < 0) return -1;
  if (fstat(fd, &status) != 0 || status.st_dev != link->device || status.st_ino != link->inode) {
    close(fd);
    errno = ESTALE;
    return -1;
  }
  link->fd = fd;
  return 0;
}

int chain_pop(struct chain *chain) {
  int child = chain_top(chain);
  chain->depth--;
  int status = 0;
  if (chain->depth > 0 && chain->links[chain->depth - 1].fd < 0) {
    status = reopen(&chain->links[chain->depth - 1], child);
  }
  close_quietly(child);
  return status;
}
