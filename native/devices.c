// /dev: a tmpfs with the six harmless devices, a terminal multiplexer, shared memory and message queues of
// its own.
#define _GNU_SOURCE
#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "kernel.h"
#include "mounts.h"

#define DEVICE_BASE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

static const struct {
  const char *name;
  unsigned major, minor;
} nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
             {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

static const char *const links[][2] = {{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
                                       {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
                                       {"ptmx", "pts/ptmx"},          {"core", "/proc/kcore"}};

/** User namespaces may not make device nodes, but may bind the host's. */
static void bind_node(int dev, const char *name) {
  if (mknodat(dev, name, S_IFREG | 0666, 0) != 0) die("mounts", errno, name, "cannot make a device");
  char *host = xformat("/dev/%s", name);
  int node = mount_clone(AT_FDCWD, host);
  mount_attach(node, openat(dev, name, O_PATH | O_CLOEXEC), host);
  close(node);
}

static void make_nodes(int dev) {
  mode_t mask = umask(0);
  for (size_t i = 0; i < COUNT_OF(nodes); i++) {
    if (mknodat(dev, nodes[i].name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) == 0) continue;
    if (errno != EPERM) die("mounts", errno, nodes[i].name, "cannot make a device");
    bind_node(dev, nodes[i].name);
  }
  for (size_t i = 0; i < COUNT_OF(links); i++)
    if (symlinkat(links[i][1], dev, links[i][0]) != 0)
      die("mounts", errno, links[i][0], "cannot make a link");
  umask(mask);
}

static void mount_below(int dev, const char *name, int mount) {
  if (mount < 0) die("mounts", errno, name, "cannot mount below /dev");
  if (mkdirat(dev, name, 0755) != 0) die("mounts", errno, name, "cannot make a directory in /dev");
  mount_attach(mount, openat(dev, name, O_PATH | O_DIRECTORY | O_CLOEXEC), name);
  close(mount);
}

static int mount_terminals(void) {
  // Group 5 is tty everywhere; a namespace with a single id does not have it.
  const char *const options[] = {"ptmxmode", "0666", "mode", "0620", "gid", "5", NULL};
  const char *const without_group[] = {"ptmxmode", "0666", "mode", "0620", NULL};
  int mount = mount_fresh("devpts", DEVICE_BASE, options);
  return mount >= 0 ? mount : mount_fresh("devpts", DEVICE_BASE, without_group);
}

int devices_mount(int mount_point, const char *shm_size) {
  const char *const dev_options[] = {"mode", "755", "size", "65536k", NULL};
  const char *const shm_options[] = {"mode", "1777", "size", shm_size, NULL};
  int dev = mount_fresh("tmpfs", MOUNT_ATTR_NOSUID, dev_options);
  if (dev < 0) die("mounts", errno, "/dev", "cannot make a tmpfs");
  mount_attach(dev, mount_point, "/dev");
  make_nodes(dev);
  mount_below(dev, "pts", mount_terminals());
  mount_below(dev, "shm", mount_fresh("tmpfs", DEVICE_BASE | MOUNT_ATTR_NODEV, shm_options));
  int queues = mount_fresh("mqueue", DEVICE_BASE | MOUNT_ATTR_NODEV, NULL);
  if (queues >= 0) mount_below(dev, "mqueue", queues);  // not every kernel has message queues
  return dev;
}
