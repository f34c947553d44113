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

/** What rootfs_furnish needs: /dev and /sys; and /proc, in the first process of the new pid namespace. */
void rootfs_prepare(const struct rootfs_options *options);
void rootfs_prepare_proc(const struct rootfs_options *options);

/** Puts /dev and /sys in their places; and /proc, when the mounts of the request are made: none is behind its links. */
void rootfs_furnish(void);
void rootfs_finish(void);

/** In a process of the new cgroup namespace: /sys/fs/cgroup. */
void rootfs_mount_cgroup(const struct rootfs_options *options);

/** Makes it the root of this process; the host's root is gone for good. */
void rootfs_enter(void);

#endif
