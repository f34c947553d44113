// /dev of a sandbox.
#ifndef TSBUILD_DEVICES_H
#define TSBUILD_DEVICES_H

#include <stdint.h>

/** Mounts it on a mount point (and closes that) with some more MOUNT_ATTR_* flags; the mount's descriptor. */
int devices_mount(int mount_point, const char *shm_size, uint64_t attributes);

#endif
