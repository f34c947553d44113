// The private mount namespace and the hidden tmpfs.
#define _GNU_SOURCE
#include "namespace/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/kernel.h"

static bool entered;
static int root = -1;
static unsigned names;

void scratch_enter(int flags) {
  if (entered) return;
  if (unshare(CLONE_NEWNS | flags) != 0) die("namespaces", errno, NULL, "cannot make the namespaces");
  // Nothing that is mounted here reaches the host, and nothing the host mounts from now on comes in.
  if (k_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    die("namespaces", errno, "/", "cannot make the mounts private");
  entered = true;
}

void scratch_left(void) {
  entered = false;
  root = -1;
  names = 0;
}

int scratch_root(void) {
  if (root >= 0) return root;
  scratch_enter(0);
  int fs = k_fsopen("tmpfs");
  if (fs < 0 || k_fsconfig_string(fs, "mode", "0700") != 0 || k_fsconfig_create(fs) != 0)
    die("mounts", errno, NULL, "cannot make a tmpfs");
  root = k_fsmount(fs, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  if (root < 0 || k_move_mount(root, AT_FDCWD, "/", 0) != 0)
    die("mounts", errno, NULL, "cannot mount a tmpfs");
  close(fs);
  return root;
}

const char *scratch_name(void) {
  static char name[16];
  snprintf(name, sizeof name, "%u", ++names);
  return name;
}

int scratch_directory(mode_t mode) {
  const char *name = scratch_name();
  int parent = scratch_root();
  if (mkdirat(parent, name, mode) != 0) die("mounts", errno, NULL, "cannot make a directory on tmpfs");
  int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) die("mounts", errno, NULL, "cannot open a directory on tmpfs");
  return fd;
}
