// What the layers below a layer have at a path, so that a layer tells only what it changes. A file that was copied
// up and not changed, or written again with the same content, is no change (BuildKit's overlay differ decides
// likewise).
#ifndef TSBUILD_BELOW_H
#define TSBUILD_BELOW_H

#include <stdbool.h>
#include <sys/stat.h>

/**
 * Whether `path` exists in the tree `below` (-1: nothing is below), never through a symlink; its metadata in
 * *status.
 */
bool below_has(int below, const char *path, struct stat *status);

/**
 * Whether the entry `name` of `directory`, which is at `path`, is the same below: type, mode, owner, device,
 * attributes, and but for directories size, time and, where both times are whole seconds (they may have been cut),
 * content.
 */
bool below_same(int below, const char *path, int directory, const char *name, const struct stat *status);

/**
 * Whether the whiteout with this path in the layer says anything. `.wh..wh..opq`, "nothing from below", does only where
 * a directory is below.
 */
bool below_wants_whiteout(int below, const char *path);

#endif
