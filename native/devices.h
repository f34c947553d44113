// /dev of a sandbox.
#ifndef TSBUILD_DEVICES_H
#define TSBUILD_DEVICES_H

/** Mounts it on a mount point (and closes that); the mount's descriptor. */
int devices_mount(int mount_point, const char *shm_size);

#endif
