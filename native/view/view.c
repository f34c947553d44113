// Views and the way into them. Overlay is mounted with the new mount API, one `lowerdir+` a layer
// (Linux 6.7), else with mount(2) in a private mount namespace, its layers named by descriptor numbers so
// that hundreds fit into the one page of options.
#define _GNU_SOURCE
#include "view/view.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespace/scratch.h"
#include "namespace/userns.h"
#include "util/kernel.h"

#define LAYERS_MAX 499  // the kernel's OVL_MAX_STACK is 500; one may be needed for an empty layer
#define OPEN_DIRECTORY (O_RDONLY | O_DIRECTORY | O_CLOEXEC)

struct view_spec view_take(struct cursor *cursor) {
  struct view_spec spec = {0};
  for (;;) {
    const char *value;
    if ((value = cursor_take(cursor, "dir")) != NULL) {
      spec.dir = value;
    } else if ((value = cursor_take(cursor, "layer")) != NULL) {
      spec.layers = xreallocarray(spec.layers, spec.layer_count + 1, sizeof *spec.layers);
      spec.layers[spec.layer_count++] = value;
    } else if ((value = cursor_take(cursor, "upper")) != NULL) {
      spec.upper = value;
    } else if ((value = cursor_take(cursor, "work")) != NULL) {
      spec.work = value;
    } else {
      break;
    }
  }
  if (spec.dir != NULL && (spec.layer_count > 0 || spec.upper != NULL))
    die("request", 0, spec.dir, "dir cannot be together with layer or upper");
  if (spec.layer_count > 0 && spec.upper != NULL && spec.work == NULL)
    die("request", 0, spec.upper, "upper needs work");
  return spec;
}

static int open_directory(const char *path) {
  int fd = open(path, OPEN_DIRECTORY);
  if (fd < 0) die("view", errno, path, "cannot open the directory");
  return fd;
}

/** What the kernel wrote about a failed mount, for the error message; "" when it wrote nothing. */
static const char *mount_log(int fs) {
  static char text[256];
  ssize_t got = read(fs, text, sizeof text - 1);
  if (got <= 0) return "";
  text[got] = '\0';
  char *end = strchr(text, '\n');
  if (end != NULL) *end = '\0';
  return strncmp(text, "e ", 2) == 0 ? text + 2 : text;
}

static bool set_overlay_options(int fs, bool writable) {
  if (k_fsconfig_string(fs, "source", "overlay") != 0) return false;
  // userxattr turns these off itself, and refuses to hear them named.
  const char *const off[][2] = {{"index", "off"}, {"metacopy", "off"}, {"redirect_dir", "nofollow"}};
  if (userns_nested()) {
    if (k_fsconfig_flag(fs, "userxattr") != 0) return false;
  } else {
    for (size_t i = 0; i < COUNT_OF(off); i++)
      if (k_fsconfig_string(fs, off[i][0], off[i][1]) != 0) return false;
  }
  // volatile: syncing is the client's business (the verb `sync`), once a build and not once a layer.
  return !writable || k_fsconfig_flag(fs, "volatile") == 0;
}

struct overlay {
  const int *lower;  // descriptors, topmost first
  size_t lower_count;
  int upper, work;  // -1: read-only
};

static int mount_new_way(const struct overlay *overlay, char **log) {
  int fs = k_fsopen("overlay");
  if (fs < 0) return -1;
  int mount = -1;
  if (!set_overlay_options(fs, overlay->upper >= 0)) goto done;
  for (size_t i = 0; i < overlay->lower_count; i++)
    if (k_fsconfig_string(fs, "lowerdir+", fd_path(overlay->lower[i]).text) != 0) goto done;
  if (overlay->upper >= 0 && (k_fsconfig_string(fs, "upperdir", fd_path(overlay->upper).text) != 0 ||
                              k_fsconfig_string(fs, "workdir", fd_path(overlay->work).text) != 0))
    goto done;
  if (k_fsconfig_create(fs) == 0) mount = k_fsmount(fs, 0);
done:
  if (mount < 0) {
    int saved = errno;
    *log = xstrdup(mount_log(fs));
    errno = saved;
  }
  close_quietly(fs);
  return mount;
}

/** Linux before 6.7. Layers are named relative to /proc/self/fd: "4:5:6". */
static int mount_old_way(const struct overlay *overlay) {
  struct buffer options = {0};
  buffer_string(&options, userns_nested() ? "userxattr" : "index=off,metacopy=off,redirect_dir=nofollow");
  for (size_t i = 0; i < overlay->lower_count; i++)
    buffer_format(&options, "%s%d", i == 0 ? ",lowerdir=" : ":", overlay->lower[i]);
  if (overlay->upper >= 0)
    buffer_format(&options, ",upperdir=%d,workdir=%d,volatile", overlay->upper, overlay->work);
  if (options.length > 4095) {
    errno = E2BIG;
    return -1;
  }
  const char *name = scratch_name();
  int mount_point = scratch_directory(0700);
  int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (here < 0 || chdir("/proc/self/fd") != 0) return -1;
  int mount = -1;
  if (k_mount("overlay", fd_path(mount_point).text, "overlay", 0, options.bytes) == 0)
    mount = k_open_tree(scratch_root(), name, OPEN_TREE_CLONE);
  int saved = errno;
  if (fchdir(here) != 0) die("view", errno, NULL, "cannot return to the working directory");
  close(here);
  close(mount_point);
  errno = saved;
  return mount;
}

static const char *overlay_api = "none";

static int mount_some_way(const struct overlay *overlay, char **log) {
  int mount = getenv("TSBUILD_HELPER_OLD_MOUNT") == NULL ? mount_new_way(overlay, log) : -1;
  if (mount >= 0) {
    overlay_api = "fsopen";
    return mount;
  }
  mount = mount_old_way(overlay);
  if (mount >= 0) overlay_api = "mount";
  return mount;
}

const char *view_overlay_api(void) {
  return overlay_api;
}

int view_try_overlay(int lower, int upper, int work) {
  struct overlay overlay = {.lower = &lower, .lower_count = 1, .upper = upper, .work = work};
  char *log = NULL;
  int mount = mount_some_way(&overlay, &log);
  int error = mount < 0 ? errno : 0;
  close_quietly(mount);
  return error;
}

/** The merged root shows the upper directory's owner and mode: they must be those of the root below. */
static void inherit_root(int lower, int upper) {
  struct stat below, own;
  if (fstat(lower, &below) != 0 || fstat(upper, &own) != 0) return;
  if (own.st_uid != below.st_uid || own.st_gid != below.st_gid)
    (void)!fchown(upper, below.st_uid, below.st_gid);
  if (((own.st_mode ^ below.st_mode) & 07777) != 0) (void)!fchmod(upper, below.st_mode & 07777);
}

static int mount_overlay(const struct view_spec *spec) {
  userns_require();
  if (spec->layer_count > LAYERS_MAX)
    die("view", E2BIG, NULL, "%zu layers are more than overlay can stack (%d)", spec->layer_count, LAYERS_MAX);
  int *lower = xcalloc(spec->layer_count + 1, sizeof *lower);
  struct overlay overlay = {.lower = lower, .lower_count = spec->layer_count, .upper = -1, .work = -1};
  if (spec->upper == NULL && spec->layer_count == 1)
    lower[overlay.lower_count++] = scratch_directory(0755);  // overlay wants two layers when none is writable
  for (size_t i = 0; i < spec->layer_count; i++) lower[i] = open_directory(spec->layers[i]);
  if (spec->upper != NULL) {
    overlay.upper = open_directory(spec->upper);
    overlay.work = open_directory(spec->work);
    inherit_root(lower[0], overlay.upper);
  }
  char *log = NULL;
  int mount = mount_some_way(&overlay, &log);
  if (mount < 0)
    die("view", errno, spec->upper, "cannot mount an overlay of %zu layers%s%s", spec->layer_count,
        log == NULL || *log == '\0' ? "" : ": ", log == NULL ? "" : log);
  for (size_t i = 0; i < overlay.lower_count; i++) close(lower[i]);
  close_quietly(overlay.upper);
  close_quietly(overlay.work);
  return mount;
}

static int mount_empty(void) {
  userns_require();
  int fs = k_fsopen("tmpfs");
  if (fs < 0 || k_fsconfig_string(fs, "mode", "0755") != 0 || k_fsconfig_create(fs) != 0)
    die("view", errno, NULL, "cannot make an empty tmpfs");
  int mount = k_fsmount(fs, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  if (mount < 0) die("view", errno, NULL, "cannot mount an empty tmpfs");
  close(fs);
  return mount;
}

int view_mount(const struct view_spec *spec) {
  if (spec->layer_count > 0) return mount_overlay(spec);
  const char *path = spec->dir != NULL ? spec->dir : spec->upper;
  if (path == NULL) return mount_empty();
  userns_require();
  // Recursive: in a user namespace the host's mounts below cannot be left out.
  int fd = open(path, O_PATH | O_CLOEXEC);
  int mount = fd < 0 ? -1 : k_open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | AT_RECURSIVE);
  if (mount < 0) die("view", errno, path, "cannot bind the directory");
  close(fd);
  return mount;
}

int view_open(const struct view_spec *spec) {
  if (spec->layer_count == 0 && (spec->dir != NULL || spec->upper != NULL))
    return open_directory(spec->dir != NULL ? spec->dir : spec->upper);
  // The mount lives as long as the descriptor of it, which stays open until the worker ends.
  int root = openat(view_mount(spec), ".", OPEN_DIRECTORY);
  if (root < 0) die("view", errno, NULL, "cannot open the root of the view");
  return root;
}

int view_create_in_root(int root, const char *path, int flags, mode_t mode) {
  if (*path == '\0') path = ".";
  for (int tries = 0;; tries++) {
    uint64_t permissions = (flags & (O_CREAT | O_TMPFILE)) != 0 ? mode : 0;
    int fd = k_openat2(root, path, (unsigned)flags | O_CLOEXEC, permissions, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
    // EAGAIN: something was renamed during the look-up, so the kernel could not prove that `..` stayed inside.
    if (fd >= 0 || errno != EAGAIN || tries == 64) return fd;
  }
}

int view_open_in_root(int root, const char *path, int flags) {
  return view_create_in_root(root, path, flags, 0);
}

const char *view_opaque_xattr(void) {
  return userns_nested() ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

const char *view_overlay_prefix(void) {
  return userns_nested() ? "user.overlay." : "trusted.overlay.";
}
