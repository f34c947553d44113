// Who we are: the host's root, or root of a user namespace of our own.
#ifndef TSBUILD_USERNS_H
#define TSBUILD_USERNS_H

#include <stdbool.h>

enum userns_mode {
  USERNS_ROOT,    // root of the initial user namespace
  USERNS_OUTER,   // root of a user namespace that somebody else made (a rootless container)
  USERNS_RANGES,  // our own user namespace, with subordinate ids
  USERNS_SINGLE,  // a user namespace with one id, mostly our own: everything belongs to root
};

/**
 * Ordinary users become root of a new user and mount namespace; root stays as it is. A failure is kept:
 * requests that need the namespace die with it (userns_require), so that the long-lived helper can say why.
 */
void userns_enter(void);

/** Dies (phase `namespaces` or `id-maps`) when userns_enter failed. */
void userns_require(void);

enum userns_mode userns_mode(void);
const char *userns_mode_name(void);
/** Not root of the initial namespace: overlay uses user.* xattrs, device nodes are bound from the host. */
bool userns_nested(void);
/** Whether our namespace of that kind (a name below /proc/self/ns) belongs to our user namespace: we are root in it. */
bool userns_owns(const char *kind);

#endif
