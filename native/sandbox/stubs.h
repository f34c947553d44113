// Mount points that an image does not have: made before the run, gone after it, as if they had never been. A
// directory that had to be copied into the new layer only to hold one is taken out again, unless the run
// changed it too.
#ifndef TSBUILD_STUBS_H
#define TSBUILD_STUBS_H

#include "util/util.h"

/** The merged root in which mount points are made, and the upper directory below it (-1: none). */
void stubs_begin(int root, int upper);

/**
 * The mount point at `path` in the root, as O_PATH descriptor; made (0755 directories, empty files) and
 * remembered when missing. -1 with errno; ENOTDIR and EISDIR when it is of the wrong kind.
 */
int stubs_mount_point(const char *path, bool directory);

/** The descriptor of that root. */
int stubs_root(void);
/** Whether there is anything to remove. */
bool stubs_made(void);

/**
 * Removes what was made and is still empty, after mounts and processes are gone, and lets go of the root. What fails is
 * recorded as the request's error; the rest is removed all the same.
 */
void stubs_remove(void);

/** Then, with the overlay unmounted: takes directories that were copied up for stubs alone out of the upper
 * directory. */
void stubs_remove_copies(void);

#endif
