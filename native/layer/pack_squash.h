// Several layers packed as one: the merged tree, of which only what those layers touch is looked at, and a whiteout for
// whatever was below and is no more.
#ifndef TSBUILD_PACK_SQUASH_H
#define TSBUILD_PACK_SQUASH_H

#include "util/util.h"

struct squash {
  int *layers;  // directories of the layers that become one, topmost first
  size_t layer_count;
};

/** Dies (phase `view`) when a directory cannot be opened. */
void squash_begin(struct squash *squash, const char **layers, size_t count);
/** Whether one of the layers has the path: nothing else can differ from below. True when nothing is squashed. */
bool squash_touches(const struct squash *squash, const char *path);
/**
 * Gives the whiteout of every name that directory `path` has in `below` and the merged tree's `directory` has not, in
 * byte order. Nothing when nothing is squashed.
 */
void squash_whiteouts(const struct squash *squash, int below, const char *path, int directory,
                      void (*put)(void *context, const char *whiteout), void *context);

#endif
