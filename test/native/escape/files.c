// Reaching files and devices of the host by the paths and descriptors that a process has.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "attempts.h"

static int canary_below(const char *prefix) {
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s%s/canary", prefix, planted.directory);
  return reads_canary(AT_FDCWD, path);
}

static int by_path(void) { return canary_below(""); }
static int by_dots(void) { return canary_below("/../../../../../../../.."); }
static int by_root_of_init(void) { return canary_below("/proc/1/root"); }
static int by_root_of_starter(void) {
  char prefix[64];
  snprintf(prefix, sizeof prefix, "/proc/%d/root", planted.pid);
  return canary_below(prefix);
}
static int by_working_directory(void) { return reads_canary(AT_FDCWD, "canary"); }
static int by_working_directory_of_starter(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/cwd/canary", planted.pid);
  return reads_canary(AT_FDCWD, path);
}

static int by_symlink(void) {
  char target[PATH_MAX];
  snprintf(target, sizeof target, "../../../../../../../..%s/canary", planted.directory);
  const char *link = "/dev/shm/" CANARY;
  unlink(link);
  if (symlink(target, link) != 0) return errno;
  int result = reads_canary(AT_FDCWD, link);
  unlink(link);
  return result;
}

static int by_leaked_descriptor(void) {
  for (int fd = 3; fd < 1024; fd++)
    if (reads_canary(fd, "canary") == ESCAPED) return ESCAPED;
  return EBADF;
}

static int by_descriptor_of_starter(void) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd/9/canary", planted.pid);
  return reads_canary(AT_FDCWD, path);
}

static int by_descriptors_of_init(void) {
  int result = ENOENT;
  for (int fd = 0; fd < 64; fd++) {
    char path[64];
    snprintf(path, sizeof path, "/proc/1/fd/%d", fd);
    int opened = opens(path, O_PATH);
    if (opened != ENOENT) result = opened;
    if (opened == ESCAPED) break;
  }
  return result;
}

/** Out of a root that is no mount: a directory outside is kept open, and is no longer below the root. */
static int by_chroot(void) {
  int outside = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (mkdir("/jail", 0755) != 0 && errno != EEXIST) return errno;
  if (chroot("/jail") != 0 || fchdir(outside) != 0) return errno;
  for (int up = 0; up < 64; up++)
    if (chdir("..") != 0) return errno;
  if (chroot(".") != 0) return errno;
  return canary_below("");
}

/** The handle of a file on a file system of the host, which a cache mount shows a part of. */
static int by_file_handle(void) {
  union {
    struct file_handle handle;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } file = {.handle.handle_bytes = MAX_HANDLE_SZ};
  int mount_id, mount = open("/cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (mount < 0) return errno;
  if (name_to_handle_at(mount, "canary", &file.handle, &mount_id, 0) != 0) return errno;
  int fd = open_by_handle_at(mount, &file.handle, O_RDONLY | O_CLOEXEC);
  return passed(fd);
}

static int device_at(const char *path, mode_t type, unsigned major, unsigned minor) {
  unlink(path);
  if (mknod(path, type | 0600, makedev(major, minor)) != 0) return errno;
  int result = opens(path, O_RDONLY);
  unlink(path);
  return result;
}

static int disk_at(const char *path) {
  return device_at(path, S_IFBLK, planted.disk_major, planted.disk_minor);
}
static int disk_in_root(void) { return disk_at("/" CANARY); }
static int disk_in_dev(void) { return disk_at("/dev/" CANARY); }
static int disk_in_shm(void) { return disk_at("/dev/shm/" CANARY); }
static int disk_in_cache(void) { return disk_at("/cache/" CANARY); }
static int disk_in_tmpfs(void) { return disk_at("/scratch/" CANARY); }
static int kernel_log_device(void) { return device_at("/" CANARY, S_IFCHR, 1, 11); }
static int port_device(void) { return device_at("/" CANARY, S_IFCHR, 1, 4); }
static int fuse_device(void) { return device_at("/" CANARY, S_IFCHR, 10, 229); }
static int loop_control_device(void) { return device_at("/" CANARY, S_IFCHR, 10, 237); }

static int write_readonly_bind(void) { return opens("/readonly/canary", O_WRONLY); }

static int mountinfo_tells_paths(void) {
  FILE *file = fopen("/proc/self/mountinfo", "re");
  char line[8192], place[PATH_MAX];
  int result = ENOENT;
  if (file == NULL) return errno;
  // Layers lie beside what was planted.
  snprintf(place, sizeof place, "%s", planted.directory);
  *strrchr(place, '/') = 0;
  while (fgets(line, sizeof line, file) != NULL) {
    // What is mounted on purpose names its root, not where the engine keeps its layers.
    char *options = strstr(line, " - ");
    if (options != NULL && strstr(options, place) != NULL) result = ESCAPED;
  }
  fclose(file);
  return result;
}

const struct attempt file_attempts[] = {
    {"path", by_path},
    {"dots", by_dots},
    {"symlink", by_symlink},
    {"root-of-init", by_root_of_init},
    {"working-directory", by_working_directory},
    {"working-directory-of-starter", by_working_directory_of_starter},
    {"root-of-starter", by_root_of_starter},
    {"descriptor-of-starter", by_descriptor_of_starter},
    {"leaked-descriptor", by_leaked_descriptor},
    {"descriptors-of-init", by_descriptors_of_init},
    {"chroot", by_chroot},
    {"file-handle", by_file_handle},
    {"disk-in-root", disk_in_root},
    {"disk-in-dev", disk_in_dev},
    {"disk-in-shm", disk_in_shm},
    {"disk-in-cache", disk_in_cache},
    {"disk-in-tmpfs", disk_in_tmpfs},
    {"kernel-log-device", kernel_log_device},
    {"port-device", port_device},
    {"fuse-device", fuse_device},
    {"loop-control-device", loop_control_device},
    {"write-readonly-bind", write_readonly_bind},
    {"mountinfo-paths", mountinfo_tells_paths},
    {NULL, NULL},
};
