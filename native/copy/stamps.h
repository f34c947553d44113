// Times of directories that a request only passes through: what was there before keeps its mtime although
// entries are made in it, and what was made for want of a parent gets the build's epoch instead of the time
// of day.
#ifndef TSBUILD_STAMPS_H
#define TSBUILD_STAMPS_H

#include "tree/times.h"

struct stamp {
  int directory;  // O_PATH
  char *made;     // the new directory in it, or NULL
  struct timespec before;
};

struct stamps {
  const struct times_rule *rule;
  struct stamp *list;
  size_t count;
};

/** Something is about to be made in `directory`. */
void stamps_keep(struct stamps *stamps, int directory);
/** The directory `name` is about to be made in `parent`; fits make_parents.before with the stamps as context.
 */
void stamps_before_making(void *stamps, int parent, const char *name);
/** Puts all times right and forgets them. Dies (phase `times`). */
void stamps_apply(struct stamps *stamps);

#endif
