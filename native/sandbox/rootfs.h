// The root file system of a sandbox: the view, and what every process expects on top of it (/dev, /proc, /sys).
#ifndef TSBUILD_ROOTFS_H
#define TSBUILD_ROOTFS_H

#include "namespace/sysctl.h"
#include "view/view.h"

#define SHM_BYTES_DEFAULT "67108864"

struct rootfs_options {
  bool insecure;  // nothing masked, nothing read-only
  bool readonly;  // of the root itself: what is mounted below it is not meant
  const char *shm_size;
  struct sysctls sysctls;
};

/** Mounts the view out of sight and makes it the root for mount points; its descriptor. */
int rootfs_open(const struct view_spec *spec, const struct rootfs_options *options);

/** The MOUNT_ATTR_* flags of everything that the processes of the sandbox can write to. */
uint64_t rootfs_attributes(const struct rootfs_options *options);

/** Makes ahead what rootfs_furnish needs when the options are the usual ones. */
void rootfs_prepare(void);

/** /dev, /sys and the place of /proc. */
void rootfs_furnish(const struct rootfs_options *options);

/** In a process of the new pid and cgroup namespaces: /proc with what it hides, /sys/fs/cgroup, parameters of the
 * kernel. */
void rootfs_mount_proc(const struct rootfs_options *options);

/** In the worker, once its sandbox has a process: what is kept for that one's /proc would keep the root's overlay. */
void rootfs_end(void);

/** Makes it the root of this process; the host's root is gone for good. */
void rootfs_enter(void);

#endif
