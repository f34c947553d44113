// Views: the trees that requests read and change. A view is a directory descriptor; everything inside is
// opened relative to it with RESOLVE_IN_ROOT, so that no symlink in an image leads out of it. Stacks of
// layers are mounted as an overlay that hangs on a descriptor alone (fsmount) and ends with the process.
#ifndef TSBUILD_VIEW_H
#define TSBUILD_VIEW_H

#include "protocol/request.h"

struct view_spec {
  const char *dir;      // a plain directory, or NULL
  const char **layers;  // topmost first
  size_t layer_count;
  const char *upper;  // a tree that is changed: the new layer
  const char *work;
};

/** Takes the run of `dir`, `layer`, `upper`, `work` arguments at the cursor (maybe none: an empty tree). */
struct view_spec view_take(struct cursor *cursor);

/**
 * Opens the root of a view: O_RDONLY|O_DIRECTORY|O_CLOEXEC. Dies (phase `view`) when it cannot.
 * dir: that directory. upper without layers: the upper directory. layers: an overlay, writable if upper is
 * given. Nothing: an empty read-only directory.
 */
int view_open(const struct view_spec *spec);

/** The same, as a mount that is attached nowhere (O_PATH), for move_mount; a plain directory is a bind mount of it. */
int view_mount(const struct view_spec *spec);

/**
 * openat2 in the root: symlinks (absolute ones too) and `..` stay inside `root`. O_CLOEXEC is added.
 * The descriptor, or -1 with errno. An empty path and "/" mean the root itself.
 */
int view_open_in_root(int root, const char *path, int flags);
int view_create_in_root(int root, const char *path, int flags, mode_t mode);

/**
 * The parent directory of `path` (symlinks followed, in the root; never the last component) as O_PATH
 * descriptor, and the last component in *name (allocated; "." for the root itself). With `make`, missing
 * parents are made with that mode, owned by uid:gid. -1 with errno.
 */
struct make_parents {
  mode_t mode;
  uid_t uid;
  gid_t gid;
  /** Called before each directory is made, or NULL: `parent` may be O_PATH. */
  void (*before)(void *context, int parent, const char *name);
  void *context;
};
int view_open_parent(int root, const char *path, const struct make_parents *make, char **name);

/** For `probe`: 0 or the errno of mounting an overlay; and which way worked, "fsopen" or "mount". */
int view_try_overlay(int lower, int upper, int work);
const char *view_overlay_api(void);

/** The xattr by which overlay marks opaque directories: trusted.overlay.opaque or user.overlay.opaque. */
const char *view_opaque_xattr(void);
/** The prefix of overlay's own xattrs here, which never belong to an image: "trusted.overlay." or "user.overlay.". */
const char *view_overlay_prefix(void);

#endif
