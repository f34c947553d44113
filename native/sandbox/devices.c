// /dev: a tmpfs with the six harmless devices, a terminal multiplexer, shared memory and message queues of its own.
#define _GNU_SOURCE
#include "sandbox/devices.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "namespace/scratch.h"
#include "namespace/userns.h"
#include "sandbox/mounts.h"
#include "util/kernel.h"

#define DEVICE_BASE (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC)

static const struct {
  const char *name;
  unsigned major, minor;
} nodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
             {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

static const char *const links[][2] = {{"fd", "/proc/self/fd"},       {"stdin", "/proc/self/fd/0"},
                                       {"stdout", "/proc/self/fd/1"}, {"stderr", "/proc/self/fd/2"},
                                       {"ptmx", "pts/ptmx"},          {"core", "/proc/kcore"}};

/** A place for nodes that can be opened: everything else in a sandbox is nodev. */
static int nodes_directory(void) {
  const char *const options[] = {"mode", "755", NULL};
  int mount = mount_fresh("tmpfs", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, options);
  if (mount < 0) die("mounts", errno, "/dev", "cannot make a tmpfs");
  mount_attach(mount, scratch_directory(0700), "/dev");
  return mount;
}

/**
 * The devices are bound one by one. /dev itself is nodev as all of the sandbox is, or its root could make the
 * node of the host's disk and open it: CAP_MKNOD is one of docker's capabilities, but docker also has a
 * device cgroup.
 */
static void bind_nodes(int dev) {
  int own = userns_nested() ? -1 : nodes_directory();
  for (size_t i = 0; i < COUNT_OF(nodes); i++) {
    const char *name = nodes[i].name;
    char *host = xformat("/dev/%s", name);
    // User namespaces may not make device nodes, but may bind the host's. Root must not, its chmod would
    // reach the host.
    if (own >= 0 && mknodat(own, name, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)) != 0)
      die("mounts", errno, host, "cannot make a device");
    int node = own >= 0 ? mount_clone(own, name) : mount_clone(AT_FDCWD, host);
    if (mknodat(dev, name, S_IFREG | 0666, 0) != 0) die("mounts", errno, host, "cannot make a mount point");
    mount_attach(node, openat(dev, name, O_PATH | O_CLOEXEC), host);
    close(node);
  }
  close_quietly(own);
}

static void make_contents(int dev) {
  mode_t mask = umask(0);
  bind_nodes(dev);
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

int devices_mount(int mount_point, const char *shm_size, uint64_t attributes) {
  const char *const dev_options[] = {"mode", "755", "size", "65536k", NULL};
  const char *const shm_options[] = {"source", "shm", "mode", "1777", "size", shm_size, NULL};
  int dev = mount_fresh("tmpfs", (unsigned)(MOUNT_ATTR_NOSUID | attributes), dev_options);
  if (dev < 0) die("mounts", errno, "/dev", "cannot make a tmpfs");
  mount_attach(dev, mount_point, "/dev");
  make_contents(dev);
  mount_below(dev, "pts", mount_terminals());
  mount_below(dev, "shm", mount_fresh("tmpfs", DEVICE_BASE | MOUNT_ATTR_NODEV, shm_options));
  int queues = mount_fresh("mqueue", DEVICE_BASE | MOUNT_ATTR_NODEV, NULL);
  if (queues >= 0) mount_below(dev, "mqueue", queues);  // not every kernel has message queues
  return dev;
}
