// What every sandbox has on top of its image. The lists of masked and read-only paths are those that docker
// gives to its OCI runtime (moby, daemon/pkg/oci/defaults.go).
#define _GNU_SOURCE
#include "sandbox/rootfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespace/scratch.h"
#include "namespace/userns.h"
#include "sandbox/devices.h"
#include "sandbox/mounts.h"
#include "sandbox/stubs.h"
#include "util/kernel.h"

#define HIDDEN_BASE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

static const char *const proc_masked[] = {"acpi",        "asound",        "interrupts", "kcore",
                                          "keys",        "latency_stats", "timer_list", "timer_stats",
                                          "sched_debug", "scsi",          NULL};
static const char *const proc_readonly[] = {"bus", "fs", "irq", "sys", "sysrq-trigger", NULL};
static const char *const sys_masked[] = {"firmware", "devices/virtual/powercap", NULL};

static int cgroup_mount_point = -1;
static int mask_file = -1, mask_directory = -1;  // what masked paths show
static bool own_sys;                             // of this sandbox's network, and not the host's

static const char *const made_proc = "proc";  // in the scratch tmpfs, for another process mounts it
static int made_dev = -1, made_sys = -1;

uint64_t rootfs_attributes(const struct rootfs_options *options) {
  return options->insecure ? 0 : MOUNT_ATTR_NODEV;
}

int rootfs_open(const struct view_spec *spec, const struct rootfs_options *options) {
  int root = view_mount(spec);
  mount_restrict(root, rootfs_attributes(options), "/");
  mount_attach(root, scratch_directory(0700), "/");
  int upper = spec->layer_count > 0 && spec->upper != NULL ? open(spec->upper, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
  if (upper < 0 && spec->layer_count > 0 && spec->upper != NULL)
    die("view", errno, spec->upper, "cannot open the new layer");
  stubs_begin(fcntl(root, F_DUPFD_CLOEXEC, 16), upper);
  return root;
}

/** What stands at a path of proc or sys, or -1: this kernel does not have it. */
static int look_up(int mount, const char *path) {
  int at = openat(mount, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  if (at < 0 && errno != ENOENT) die("mounts", errno, path, "cannot restrict a path");
  return at;
}

/** A copy of `what` on top of `at`. */
static void cover(int what, uint64_t attributes, int at, const char *path) {
  int mount = mount_clone(what, "");
  mount_restrict(mount, attributes, path);
  mount_attach(mount, at, path);
  close(mount);
}

/** Where this kernel has it. */
static void mask(int mount, const char *path) {
  struct stat stat;
  int at = look_up(mount, path);
  if (at < 0) return;
  if (fstat(at, &stat) != 0) die("mounts", errno, path, "cannot look at a path to mask");
  cover(S_ISDIR(stat.st_mode) ? mask_directory : mask_file, MOUNT_ATTR_RDONLY, at, path);
}

static void mask_all(int mount, const char *const *paths) {
  for (; *paths != NULL; paths++) mask(mount, *paths);
}

/** How often each processor became too hot tells what else it is computing. Numbers are missing where one is off. */
static void mask_throttling(int sys) {
  const char *place = "devices/system/cpu";
  int fd = openat(sys, place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return;
  DIR *processors = fd < 0 ? NULL : fdopendir(fd);
  for (struct dirent *entry; processors != NULL;) {
    errno = 0;
    if ((entry = readdir(processors)) == NULL) break;
    if (strncmp(entry->d_name, "cpu", 3) != 0 || entry->d_name[3] < '0' || entry->d_name[3] > '9') continue;
    char *path = xformat("%s/%s/thermal_throttle", place, entry->d_name);
    mask(sys, path);
    free(path);
  }
  if (processors == NULL || errno != 0) die("mounts", errno, place, "cannot look for paths to mask");
  closedir(processors);
}

static void make_readonly(int mount, const char *const *paths) {
  for (; *paths != NULL; paths++) {
    int at = look_up(mount, *paths);
    if (at >= 0) cover(at, MOUNT_ATTR_RDONLY | HIDDEN_BASE, at, *paths);
  }
}

static int real_directory(const char *name) {
  // Not through a symlink: an image must not choose where the kernel's file systems go.
  int at = stubs_mount_point(name, true);
  struct stat stat;
  int root = at < 0 ? -1 : stubs_root();
  if (at < 0 || fstatat(root, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
    die("rootfs", errno, name, "cannot make the mount point");
  if (!S_ISDIR(stat.st_mode)) die("rootfs", ENOTDIR, name, "the image has a symlink where a mount belongs");
  return at;
}

/** Its descriptor. */
static int mount_sys(const struct rootfs_options *options, int mount_point) {
  uint64_t attributes = HIDDEN_BASE | (options->insecure ? 0 : MOUNT_ATTR_RDONLY);
  int sys = mount_fresh("sysfs", (unsigned)attributes, NULL);
  own_sys = sys >= 0;
  if (!own_sys) {
    // sysfs belongs to a network namespace, and the host's is not ours in a user namespace.
    sys = mount_clone(AT_FDCWD, "/sys");
    mount_restrict(sys, attributes, "/sys");
  }
  mount_attach(sys, mount_point, "/sys");
  if (!options->insecure) {
    mask_all(sys, sys_masked);
    mask_throttling(sys);
  }
  return sys;
}

static int mount_dev(const struct rootfs_options *options, int mount_point) {
  int dev = devices_mount(mount_point, options->shm_size, rootfs_attributes(options));
  mask_file = openat(dev, "null", O_PATH | O_CLOEXEC);
  if (mask_file < 0) die("mounts", errno, "/dev/null", "cannot open");
  return dev;
}

static int made_proc_place(void) {
  return openat(scratch_root(), made_proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

void rootfs_prepare(const struct rootfs_options *options) {
  mask_directory = scratch_directory(0555);  // first, so that the sandbox reads the same name for it in /proc/mounts
  made_dev = mount_dev(options, scratch_directory(0700));
  made_sys = mount_sys(options, scratch_directory(0700));
  if (mkdirat(scratch_root(), made_proc, 0700) != 0) die("mounts", errno, "/proc", "cannot make a directory on tmpfs");
}

void rootfs_prepare_proc(const struct rootfs_options *options) {
  int proc = mount_fresh("proc", HIDDEN_BASE, NULL);
  if (proc < 0)
    die("mounts", errno, "/proc", userns_nested() ? "cannot mount proc (is part of the host's own /proc hidden?)"
                        : "cannot mount proc");
  mount_attach(proc, made_proc_place(), "/proc");
  sysctl_set(&options->sysctls, proc);
  if (!options->insecure) {
    mask_all(proc, proc_masked);
    make_readonly(proc, proc_readonly);
  }
  close(proc);
}

/** Copies, so that the root is the first of the mounts that a process finds listed. */
static int put(int made, const char *name) {
  int copy = mount_clone(made, "");
  mount_attach(copy, real_directory(name), name);
  close(made);
  return copy;
}

void rootfs_furnish(void) {
  close(put(made_dev, "dev"));
  int sys = put(made_sys, "sys");
  cgroup_mount_point = openat(sys, "fs/cgroup", O_PATH | O_DIRECTORY | O_CLOEXEC);
  close(sys);
}

void rootfs_finish(void) {
  close(put(made_proc_place(), "proc"));
}

void rootfs_mount_cgroup(const struct rootfs_options *options) {
  // Best effort: programs read their limits there. Without cgroup v2 the directory is empty: below the host's /sys
  // lie the groups of everybody, of both versions.
  uint64_t attributes = HIDDEN_BASE | (options->insecure ? 0 : MOUNT_ATTR_RDONLY);
  if (cgroup_mount_point < 0) return;
  int cgroup = mount_fresh("cgroup2", (unsigned)attributes, NULL);
  if (cgroup < 0 && !own_sys) cover(mask_directory, MOUNT_ATTR_RDONLY, cgroup_mount_point, "/sys/fs/cgroup");
  if (cgroup < 0) return;
  mount_attach(cgroup, cgroup_mount_point, "/sys/fs/cgroup");
  close(cgroup);
}

void rootfs_enter(void) {
  // The scratch tmpfs lies on the old root: put into it, for they end together then, and each end waits for the kernel.
  mount_attach(scratch_root(), open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), "/proc");
  if (fchdir(stubs_root()) != 0 || k_pivot_root(".", ".") != 0) die("rootfs", errno, NULL, "cannot change the root");
  // Now the old root lies on top of the new one.
  if (k_umount(".", MNT_DETACH) != 0) die("rootfs", errno, NULL, "cannot leave the old root");
  if (chdir("/") != 0) die("rootfs", errno, NULL, "cannot enter the new root");
}
