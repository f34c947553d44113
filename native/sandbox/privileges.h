// What a process of a sandbox may do.
#ifndef TSBUILD_PRIVILEGES_H
#define TSBUILD_PRIVILEGES_H

#include "view/identity.h"

struct limit {
  int resource;
  uint64_t soft, hard;
};

struct privileges {
  bool insecure;
  struct identity identity;
  struct limit *limits;
  size_t limit_count;
  uint64_t dropped;   // capabilities that it does not even have by default, as bits
  bool no_new;        // no program gets it more: PR_SET_NO_NEW_PRIVS
  const char *oom_score;  // NULL: as it is
  struct buffer seccomp;  // a BPF program as the kernel takes it: 8 bytes an instruction; empty: none
};

/** `NAME:SOFT:HARD`; dies on nonsense. */
struct limit privileges_parse_limit(const char *text);

/** Cuts the bounding set of this process down: NULL: to what a payload has by default; else, from there, to its own. */
void privileges_bound(const struct privileges *privileges);

/** For the process that becomes the payload. */
void privileges_become(const struct privileges *privileges);

/** For the first process, which stays: what a payload has by default, so that it is no way to more. */
void privileges_reduce(void);

#endif
