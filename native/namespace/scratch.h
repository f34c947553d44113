// A private mount namespace with a tmpfs in it that no path leads to: room for mounts, files and layers that
// live as long as the worker. It is mounted over "/", where path lookups (which start at the root below it)
// never see it.
#ifndef TSBUILD_SCRATCH_H
#define TSBUILD_SCRATCH_H

#include "util/util.h"

/**
 * Leaves the host's mount namespace (and unshares what else `flags` name), once; later calls do nothing.
 * Descriptors opened before cannot be bound or be overlay layers afterwards. Must be called before any thread
 * is made.
 */
void scratch_enter(int flags);

/** To be called in the host's mount namespace again, when no descriptor of the other one is left: all begins anew. */
void scratch_left(void);

/** The tmpfs, as O_PATH descriptor; enters first if need be. */
int scratch_root(void);

/** A fresh name in it ("7"), and a fresh empty directory (O_PATH). */
const char *scratch_name(void);
int scratch_directory(mode_t mode);

#endif
