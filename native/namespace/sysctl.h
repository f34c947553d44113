// Kernel parameters of a sandbox's own namespaces.
#ifndef TSBUILD_SYSCTL_H
#define TSBUILD_SYSCTL_H

#include "util/util.h"

struct sysctls {
  struct sysctl {
    const char *path, *value;  // path: below proc/sys
  } *all;
  size_t count;
};

/** `PATH:VALUE`; dies on one that is not of a namespace of its own, and on one of the network's unless that is. */
void sysctl_add(struct sysctls *sysctls, const char *text);
void sysctl_require_network(const struct sysctls *sysctls, bool is_own);

/** In a process of the namespaces, which has privileges there: the descriptor is that of /proc. */
void sysctl_set(const struct sysctls *sysctls, int proc);

#endif
