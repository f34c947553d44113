// The kernel shows each process the parameters of its own namespaces under the same paths as those of the machine, so
// the list is what keeps a sandbox of root from changing its host: docker's and its runtimes'.
#define _GNU_SOURCE
#include "namespace/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/kernel.h"

#define NETWORK "net/"

static bool is_of_namespace(const char *path) {
  static const char *const of_ipc[] = {"kernel/msgmax", "kernel/msgmnb", "kernel/msgmni", "kernel/sem",
                                       "kernel/shmall", "kernel/shmmax", "kernel/shmmni", "kernel/shm_rmid_forced"};
  if (strstr(path, "/..") != NULL) return false;
  if (strncmp(path, NETWORK, strlen(NETWORK)) == 0 || strncmp(path, "fs/mqueue/", 10) == 0) return true;
  for (size_t i = 0; i < COUNT_OF(of_ipc); i++)
    if (strcmp(path, of_ipc[i]) == 0) return true;
  return false;
}

void sysctl_add(struct sysctls *sysctls, const char *text) {
  char *value = xstrdup(text), *path = strsep(&value, ":");
  if (value == NULL || !is_of_namespace(path))
    die("request", 0, NULL, "sysctl=%.80s: expected PATH:VALUE, of a namespace of the sandbox", text);
  sysctls->all = xreallocarray(sysctls->all, sysctls->count + 1, sizeof *sysctls->all);
  sysctls->all[sysctls->count++] = (struct sysctl){.path = path, .value = value};
}

void sysctl_require_network(const struct sysctls *sysctls, bool is_own) {
  for (size_t i = 0; i < sysctls->count; i++)
    if (!is_own && strncmp(sysctls->all[i].path, NETWORK, strlen(NETWORK)) == 0)
      die("sysctl", 0, NULL, "%s cannot be set: the network is the host's", sysctls->all[i].path);
}

void sysctl_set(const struct sysctls *sysctls, int proc) {
  for (size_t i = 0; i < sysctls->count; i++) {
    const struct sysctl *one = &sysctls->all[i];
    int fd = k_openat2(proc, xformat("sys/%s", one->path), O_WRONLY | O_CLOEXEC, 0,
                       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    size_t length = strlen(one->value);
    // In one write: the kernel takes each as a whole value.
    if (fd < 0 || write(fd, one->value, length) != (ssize_t)length)
      die("sysctl", errno, one->path, fd < 0 && errno == ENOENT ? "this kernel, or this network, has no %s"
                                                               : "cannot set %s to \"%.80s\"",
          one->path, one->value);
    close(fd);
  }
}
