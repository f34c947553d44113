// Removing whole trees.
#ifndef TSBUILD_REMOVE_H
#define TSBUILD_REMOVE_H

#include "util/util.h"

/**
 * Removes parent/name and everything below, whatever the modes, never through a symlink and never into a
 * mount. *removed grows by the entries. 0 (also when there was nothing), or -1 with errno and the path below
 * `parent` in *path.
 */
int remove_tree(int parent, const char *name, uint64_t *removed, char **path);

#endif
