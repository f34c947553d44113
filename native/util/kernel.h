// System calls that the C library of older distributions has no wrapper for, called by number. The one place
// that includes <linux/mount.h>, which cannot be mixed with the C library's <sys/mount.h> everywhere.
#ifndef TSBUILD_KERNEL_H
#define TSBUILD_KERNEL_H

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef MNT_DETACH
#define MNT_DETACH 2
#endif
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif

static inline int k_openat2(int at, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
  struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
  return (int)syscall(SYS_openat2, at, path, &how, sizeof how);
}

static inline int k_fsopen(const char *type) {
  return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

static inline int k_fsconfig_string(int fs, const char *key, const char *value) {
  return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, key, value, 0);
}

static inline int k_fsconfig_flag(int fs, const char *key) {
  return (int)syscall(SYS_fsconfig, fs, FSCONFIG_SET_FLAG, key, NULL, 0);
}

static inline int k_fsconfig_create(int fs) {
  return (int)syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

static inline int k_fsmount(int fs, unsigned attributes) {
  return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, attributes);
}

static inline int k_open_tree(int at, const char *path, unsigned flags) {
  return (int)syscall(SYS_open_tree, at, path, flags | OPEN_TREE_CLOEXEC);
}

static inline int k_move_mount(int from, int to, const char *path, unsigned flags) {
  return (int)syscall(SYS_move_mount, from, "", to, path, flags | MOVE_MOUNT_F_EMPTY_PATH);
}

static inline int k_mount_setattr(int fd, uint64_t set, uint64_t clear, unsigned flags) {
  struct mount_attr attributes = {.attr_set = set, .attr_clr = clear};
  return (int)syscall(SYS_mount_setattr, fd, "", flags | AT_EMPTY_PATH, &attributes, sizeof attributes);
}

static inline int k_mount(const char *source, const char *target, const char *type, unsigned long flags,
                          const char *data) {
  return (int)syscall(SYS_mount, source, target, type, flags, data);
}

static inline int k_umount(const char *target, int flags) {
  return (int)syscall(SYS_umount2, target, flags);
}

static inline int k_pivot_root(const char *new_root, const char *put_old) {
  return (int)syscall(SYS_pivot_root, new_root, put_old);
}

static inline int k_close_from(unsigned first) {
  return (int)syscall(SYS_close_range, first, ~0u, 0);
}

/** Not the C library's, for which the kernel's page of code and two of data would have to be mapped. */
static inline void k_clock_gettime(int clock, struct timespec *time) {
  syscall(SYS_clock_gettime, clock, time);
}

static inline int k_pidfd_open(int pid) {
  return (int)syscall(SYS_pidfd_open, pid, 0);
}

static inline int k_pidfd_signal(int pidfd, int signal) {
  return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

#endif
