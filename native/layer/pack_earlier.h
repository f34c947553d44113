// A layer of which most is in the blob of an earlier one: its tar is that of the other with what changed in between, so
// the files that did not change are not read, and blocks without a change are not compressed again.
#ifndef TSBUILD_PACK_EARLIER_H
#define TSBUILD_PACK_EARLIER_H

#include "blob/blob.h"

/** What pack does, with its own context. Whatever it writes comes after blob_forget. */
struct earlier_acts {
  /** Writes what the topmost directory has at this path. */
  void (*put)(void *context, const char *path);
  /** A member of this path is about to be passed on: what belongs in front of it is written. */
  void (*pass)(void *context, const char *path);
  void *context;
};

/**
 * Writes all members of the layer that continues the one whose blob, in gzip, is the file `earlier`, with this digest
 * ("sha256:..."). `top` is the directory of what differs (taken over). Dies (phase `earlier`) where the blob is not as
 * pack writes it, or the directory has what no continuation has: then the layer has to be packed from its files.
 */
void earlier_put(struct blob *blob, const char *earlier, const char *digest, int top, const struct earlier_acts *acts);

#endif
