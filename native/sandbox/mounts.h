// Attaching mounts to the sandbox's root: those of the request, in its order, and the pieces all sandboxes share.
#ifndef TSBUILD_MOUNTS_H
#define TSBUILD_MOUNTS_H

#include "view/view.h"

/** A detached copy of what is at `path` below `at` (with what is mounted below it); dies. */
int mount_clone(int at, const char *path);

/** A fresh file system with string options ("key", "value", ..., NULL; "source" first), detached; -1 with errno. */
int mount_fresh(const char *type, unsigned attributes, const char *const *options);

/** Sets MOUNT_ATTR_* flags on a detached mount and all below it; dies. */
void mount_restrict(int mount, uint64_t attributes, const char *target);

/** Attaches to a mount point, given as descriptor, and closes that; dies. */
void mount_attach(int mount, int mount_point, const char *target);

/** Attaches at `target` in the root, making the mount point (a directory or a file, as the mount is one). */
void mount_attach_at(int mount, const char *target);

/** Takes one `mount=…` group at the cursor and attaches it, with these MOUNT_ATTR_* flags and its own. */
void mount_take(struct cursor *cursor, uint64_t attributes);

#endif
