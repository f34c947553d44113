// The mounts of a run. All are made detached and then moved to their mount points, so that no path of the
// host is ever looked up inside of the image or the other way round.
#define _GNU_SOURCE
#include "sandbox/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "namespace/scratch.h"
#include "namespace/userns.h"
#include "sandbox/stubs.h"
#include "util/kernel.h"

int mount_clone(int at, const char *path) {
  unsigned flags = OPEN_TREE_CLONE | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | (*path == '\0' ? AT_EMPTY_PATH : 0);
  int mount = k_open_tree(at, path, flags);
  if (mount < 0) die("mounts", errno, path, "cannot bind");
  return mount;
}

int mount_fresh(const char *type, unsigned attributes, const char *const *options) {
  int fs = k_fsopen(type);
  if (fs < 0) return -1;
  int mount = -1;
  const bool is_named = options != NULL && options[0] != NULL && strcmp(options[0], "source") == 0;
  if (!is_named && k_fsconfig_string(fs, "source", type) != 0) goto done;
  for (; options != NULL && *options != NULL; options += 2)
    if (k_fsconfig_string(fs, options[0], options[1]) != 0) goto done;
  if (k_fsconfig_create(fs) == 0) mount = k_fsmount(fs, attributes);
done:
  close_quietly(fs);
  return mount;
}

void mount_restrict(int mount, uint64_t attributes, const char *target) {
  if (attributes == 0) return;
  if (k_mount_setattr(mount, attributes, 0, AT_RECURSIVE) != 0)
    die("mounts", errno, target, "cannot restrict a mount");
}

void mount_attach(int mount, int mount_point, const char *target) {
  if (k_move_mount(mount, mount_point, "", MOVE_MOUNT_T_EMPTY_PATH) != 0)
    die("mounts", errno, target, "cannot mount");
  close(mount_point);
}

void mount_attach_at(int mount, const char *target) {
  struct stat stat;
  if (fstat(mount, &stat) != 0) die("mounts", errno, target, "cannot look at a mount");
  int mount_point = stubs_mount_point(target, S_ISDIR(stat.st_mode));
  if (mount_point < 0)
    die("mounts", errno, target, "cannot make the mount point (a %s)", S_ISDIR(stat.st_mode) ? "directory" : "file");
  mount_attach(mount, mount_point, target);
}

struct mount_request {
  const char *type, *target, *source, *size;
  bool has_content;
  struct buffer content;
  bool readonly, discard, noexec, suid;
  mode_t mode;
  uid_t uid;
  gid_t gid;
  struct view_spec view;
};

/** `content` is text; `hex` is for bytes that an argument cannot hold. */
static bool take_content(struct cursor *cursor, struct mount_request *mount) {
  const char *text = cursor_take(cursor, "content"), *hex = text == NULL ? cursor_take(cursor, "hex") : NULL;
  if (text == NULL && hex == NULL) return false;
  mount->has_content = true;
  mount->content.length = 0;
  if (text != NULL)
    buffer_string(&mount->content, text);
  else
    mount->content = argument_hex("hex", hex);
  return true;
}

static bool take_field(struct cursor *cursor, struct mount_request *mount) {
  const char *value;
  if (take_content(cursor, mount)) return true;
  if ((value = cursor_take(cursor, "target")) != NULL) {
    mount->target = value;
  } else if ((value = cursor_take(cursor, "source")) != NULL) {
    mount->source = value;
  } else if ((value = cursor_take(cursor, "ro")) != NULL) {
    mount->readonly = argument_bool("ro", value);
  } else if ((value = cursor_take(cursor, "noexec")) != NULL) {
    mount->noexec = argument_bool("noexec", value);
  } else if ((value = cursor_take(cursor, "suid")) != NULL) {
    mount->suid = argument_bool("suid", value);
  } else if (cursor_is(cursor, "rw")) {
    if (strcmp(cursor_peek(cursor)->value, "discard") != 0) cursor_unexpected(cursor);
    mount->discard = cursor_take(cursor, "rw") != NULL;
  } else if ((value = cursor_take(cursor, "size")) != NULL) {
    argument_u64("size", value, INT64_MAX);
    mount->size = value;
  } else if ((value = cursor_take(cursor, "mode")) != NULL) {
    mount->mode = argument_octal("mode", value);
  } else if ((value = cursor_take(cursor, "uid")) != NULL) {
    mount->uid = (uid_t)argument_u64("uid", value, UINT32_MAX - 1);
  } else if ((value = cursor_take(cursor, "gid")) != NULL) {
    mount->gid = (gid_t)argument_u64("gid", value, UINT32_MAX - 1);
  } else {
    return false;
  }
  return true;
}

static struct mount_request take_request(struct cursor *cursor) {
  struct mount_request mount = {.type = cursor_take(cursor, "mount")};
  mount.mode = strcmp(mount.type, "tmpfs") == 0 ? 01777 : 0444;
  for (;;) {
    if (cursor_is(cursor, "dir") || cursor_is(cursor, "layer"))
      mount.view = view_take(cursor);
    else if (!take_field(cursor, &mount))
      break;
  }
  if (mount.target == NULL) die("request", 0, NULL, "mount=%s has no target", mount.type);
  if (mount.source != NULL && mount.source[strspn(mount.source, "/.")] == '\0' && strstr(mount.source, "..") == NULL)
    mount.source = NULL;  // the whole
  return mount;
}

/** Writable, but what is written is forgotten: an overlay whose upper layer is on the hidden tmpfs. */
static int mount_discarding(const struct mount_request *request) {
  struct view_spec spec = request->view;
  int upper = scratch_directory(0755), work = scratch_directory(0700);
  if (spec.dir == NULL && spec.layer_count == 0) return mount_clone(upper, "");
  if (spec.dir != NULL) {
    const char **layers = xcalloc(1, sizeof *layers);
    layers[0] = spec.dir;
    spec.layers = layers;
    spec.layer_count = 1;
    spec.dir = NULL;
  }
  struct fd_path upper_path = fd_path(upper), work_path = fd_path(work);
  spec.upper = upper_path.text;
  spec.work = work_path.text;
  return view_mount(&spec);
}

static int mount_bind(const struct mount_request *request) {
  const struct view_spec *view = &request->view;
  int mount, top;
  if (request->discard) {
    mount = mount_discarding(request);
  } else if (view->dir != NULL) {
    mount = open(view->dir, O_PATH | O_CLOEXEC);
    if (mount < 0) die("mounts", errno, view->dir, "cannot open the source");
    top = request->source == NULL ? mount : view_open_in_root(mount, request->source, O_PATH);
    if (top < 0) die("mounts", errno, request->source, "cannot open the source");
    return mount_clone(top, "");
  } else {
    mount = view_mount(view);
  }
  if (request->source == NULL) return mount;
  // A part of a mount can be bound only where the mount is attached.
  mount_attach(mount, scratch_directory(0700), request->target);
  top = view_open_in_root(mount, request->source, O_PATH);
  if (top < 0) die("mounts", errno, request->source, "cannot open the source");
  return mount_clone(top, "");
}

/** Owner and mode as requested. With one id everything is root's, who the run is then, too. */
static int give(int fd, const struct mount_request *request) {
  if (fchownat(fd, "", request->uid, request->gid, AT_EMPTY_PATH) != 0 &&
      !(errno == EINVAL && userns_mode() == USERNS_SINGLE))
    return -1;
  return chmod(fd_path(fd).text, request->mode);
}

static int mount_text(const struct mount_request *request) {
  if (!request->has_content) die("request", 0, request->target, "mount=text has no content");
  const char *name = scratch_name();
  int fd = openat(scratch_root(), name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0 || write_full(fd, request->content.bytes, request->content.length) != 0 || give(fd, request) != 0)
    die("mounts", errno, request->target, "cannot write the mounted file");
  close(fd);
  return mount_clone(scratch_root(), name);
}

/** A socket that was made for this run, and becomes its user's. */
static int mount_socket(const struct mount_request *request) {
  int mount = mount_bind(request);
  if (give(mount, request) != 0)
    die("mounts", errno, request->target, "cannot give the socket to the user of the run");
  return mount;
}

static int mount_tmpfs(const struct mount_request *request) {
  const char *const options[] = {"mode", xformat("%o", request->mode), request->size != NULL ? "size" : NULL,
                                 request->size, NULL};
  unsigned attributes = (request->suid ? 0 : MOUNT_ATTR_NOSUID) | (request->noexec ? MOUNT_ATTR_NOEXEC : 0);
  int mount = mount_fresh("tmpfs", attributes, options);
  if (mount < 0) die("mounts", errno, request->target, "cannot make a tmpfs");
  return mount;
}

void mount_take(struct cursor *cursor, uint64_t attributes) {
  struct mount_request request = take_request(cursor);
  if (request.readonly) attributes |= MOUNT_ATTR_RDONLY;
  int mount;
  if (strcmp(request.type, "bind") == 0 || strcmp(request.type, "cache") == 0) {
    mount = mount_bind(&request);
  } else if (strcmp(request.type, "tmpfs") == 0) {
    mount = mount_tmpfs(&request);
  } else if (strcmp(request.type, "text") == 0) {
    mount = mount_text(&request);
    attributes |= MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
  } else if (strcmp(request.type, "socket") == 0) {
    mount = mount_socket(&request);
  } else {
    die("request", 0, request.target, "unknown mount type \"%s\"", request.type);
  }
  mount_restrict(mount, attributes, request.target);
  mount_attach_at(mount, request.target);
  close(mount);
}
