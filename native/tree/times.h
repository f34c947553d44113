// The times rule: what a request wrote gets the build's epoch as its mtime, so that the same step gives the
// same layer at any time of day.
#ifndef TSBUILD_TIMES_H
#define TSBUILD_TIMES_H

#include "protocol/request.h"

struct times_rule {
  bool active;
  struct timespec since;  // the moment the request began, by the clock that stamps inodes
  struct timespec epoch;
  size_t entries;  // that the tree has below its root, once the rule was applied
};

/** `epoch=` and `since=` of a request; `epoch` alone means since now. Call it before anything is written. */
struct times_rule times_rule_of(const struct request *request);

/** Applies the rule to a whole upper directory, its root included, after raising the epoch to the newest time that
 * stays. Dies (phase `times`) when it cannot. */
void times_normalise(int upper, struct times_rule *rule);

#endif
