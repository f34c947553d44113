// The verb `pack`: a layer directory, or a whole merged tree (or several), as a canonical tar. The same tree
// gives the same bytes at any time and on any machine: members in byte order of their paths, whole seconds,
// no names of users, only attributes that images keep.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "blob/blob.h"
#include "layer/estargz.h"
#include "layer/pack_earlier.h"
#include "layer/pack_held.h"
#include "layer/pack_options.h"
#include "layer/pack_squash.h"
#include "layer/tar.h"
#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "tree/below.h"
#include "tree/walk.h"
#include "util/map.h"
#include "view/view.h"

struct pack {
  const struct pack_options *options;
  struct blob blob;
  struct estargz estargz;
  struct squash squash;
  struct map hard_links;  // {device, inode, part} -> the member path that has the data
  size_t part;            // the number of the tree that is written
  int below;  // root of the layers below, or -1
  int top;    // where most comes from an earlier blob: the layer's own directory
  struct held held;
  uint64_t count;
};

/** Attributes of the open file or directory. */
static struct xattrs attributes_of(const struct pack *pack, int fd) {
  return xattrs_read(fd, pack->options->allxattrs ? xattr_is_portable : xattr_is_kept);
}

static struct tar_member member_of(enum tar_type type, const char *path, const struct stat *status) {
  return (struct tar_member){
      .type = type,
      .path = path,
      .link = "",
      .mode = status->st_mode & 07777,
      .uid = status->st_uid,
      .gid = status->st_gid,
      .mtime = status->st_mtim,
  };
}

static void put_one(void *context, const struct tar_member *member) {
  static struct buffer header;
  struct pack *pack = context;
  header.length = 0;
  struct tar_member put = *member;
  if (pack->options->clamped && put.mtime.tv_sec > pack->options->latest) put.mtime.tv_sec = pack->options->latest;
  tar_put_header(&header, &put);
  blob_write(&pack->blob, header.bytes, header.length);
  if (pack->options->seekable) estargz_member(&pack->estargz, &put);
  pack->count++;
}

static void put_member(struct pack *pack, const struct tar_member *member) {
  held_put(&pack->held, put_one, pack);
  put_one(pack, member);
}

/** The data of the open file, whose header was just put. */
static void put_data(struct pack *pack, int fd, const struct tar_member *member) {
  static const char ZEROS[TAR_BLOCK];
  if (member->size == 0 || pack->options->compare == COMPARE_METADATA) return;
  int status = pack->options->seekable ? estargz_data(&pack->estargz, member->path, fd, member->size)
                              : blob_write_file(&pack->blob, fd, member->size);
  if (status != 0) {
    const char *problem = errno == 0 ? "the file shrank while it was packed" : "cannot read the file";
    die("pack", errno, member->path, "%s", problem);
  }
  blob_write(&pack->blob, ZEROS, tar_padding(member->size));
}

/** The member that already has the data of this file; NULL: this is the first name. */
static const char *first_name(struct pack *pack, const struct stat *status, const char *path) {
  if (status->st_nlink < 2 || S_ISSOCK(status->st_mode)) return NULL;
  struct {
    dev_t device;
    ino_t inode;
    size_t part;
  } key;
  memset(&key, 0, sizeof key);
  key.device = status->st_dev;
  key.inode = status->st_ino;
  key.part = pack->part;
  struct map_entry *entry = map_put(&pack->hard_links, &key, sizeof key, NULL);
  if (entry->value != NULL) return entry->value;
  entry->value = xstrdup(path);
  return NULL;
}

/** What a tar does not have: nanoseconds, and which kind of thing it is where there is no member for it. */
static void put_beyond_tar(struct pack *pack, const char *path, const struct stat *status) {
  if (pack->options->compare == COMPARE_NO) return;
  char text[64];
  int length = snprintf(text, sizeof text, "%o %ld %zu ", (unsigned)status->st_mode, status->st_mtim.tv_nsec,
                        strlen(path));
  blob_write(&pack->blob, text, (size_t)length);
  blob_write(&pack->blob, path, strlen(path));
}

static void put_file(struct pack *pack, int directory, const char *name, const char *path) {
  int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) die("pack", errno, path, "cannot read the file");
  struct tar_member member = member_of(TAR_FILE, path, &status);
  member.size = (uint64_t)status.st_size;
  member.xattrs = attributes_of(pack, fd);
  put_member(pack, &member);
  xattrs_free(&member.xattrs);
  put_data(pack, fd, &member);
  close(fd);
}

static void put_link(struct pack *pack, struct tar_member member, int directory, const char *name) {
  static LARGE char target[PATH_MAX];
  ssize_t length = readlinkat(directory, name, target, sizeof target - 1);
  if (length < 0) die("pack", errno, member.path, "cannot read the symlink");
  target[length] = 0;
  member.link = target;
  put_member(pack, &member);
}

static void put_device(struct pack *pack, struct tar_member member, const struct stat *status) {
  member.device_major = major(status->st_rdev);
  member.device_minor = minor(status->st_rdev);
  put_member(pack, &member);
}

/** A directory's header; it must be open for its attributes, which are the caller's. */
static struct tar_member directory_member(struct pack *pack, int fd, const char *path) {
  struct stat status;
  if (fstat(fd, &status) != 0) die("pack", errno, path, "cannot read the metadata");
  if (strcmp(path, ".") == 0) put_beyond_tar(pack, path, &status);
  struct tar_member member = member_of(TAR_DIRECTORY, path, &status);
  member.xattrs = attributes_of(pack, fd);
  return member;
}

static void put_directory(struct pack *pack, int fd, const char *path) {
  struct tar_member member = directory_member(pack, fd, path);
  put_member(pack, &member);
  xattrs_free(&member.xattrs);
}

static void put_whiteout(void *context, const char *path) {
  struct stat status = {0};
  struct tar_member member = member_of(TAR_FILE, path, &status);
  put_member(context, &member);
}

/** What is no directory. */
static void put_leaf(struct pack *pack, int directory, const char *name, const char *path, const struct stat *status) {
  const char *first = first_name(pack, status, path);
  if (first != NULL) {
    struct tar_member member = member_of(TAR_HARD_LINK, path, status);
    member.link = first;
    put_member(pack, &member);
    return;
  }
  switch (status->st_mode & S_IFMT) {
    case S_IFREG:
      put_file(pack, directory, name, path);
      return;
    case S_IFLNK:
      put_link(pack, member_of(TAR_SYMLINK, path, status), directory, name);
      return;
    case S_IFCHR:
      put_device(pack, member_of(TAR_CHARACTER, path, status), status);
      return;
    case S_IFBLK:
      put_device(pack, member_of(TAR_BLOCK_DEVICE, path, status), status);
      return;
    case S_IFIFO: {
      struct tar_member member = member_of(TAR_FIFO, path, status);
      put_member(pack, &member);
      return;
    }
    default:
      return;  // tar has no sockets
  }
}

static void put_entry(struct pack *pack, struct walk *walk) {
  int directory = walk_dir(walk);
  const char *path = walk->path.bytes;
  struct stat status;
  if (pack->options->seekable && estargz_reserves(path)) return;
  if (walk->type == WALK_WHITEOUT) {
    if (below_wants_whiteout(pack->below, path)) put_whiteout(pack, path);
    return;
  }
  if (!squash_touches(&pack->squash, path)) return;
  if (fstatat(directory, walk->name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    die("pack", errno, path, "cannot read the metadata");
  }
  put_beyond_tar(pack, path, &status);
  bool same = below_same(pack->below, path, directory, walk->name, &status);
  if (!S_ISDIR(status.st_mode)) {
    // Overlayfs brings a file up under one name: one that has several here was given them here.
    if (!same || status.st_nlink > 1) put_leaf(pack, directory, walk->name, path, &status);
    return;
  }
  if (walk_enter(walk) != 0) die("pack", errno, path, "cannot list the directory");
  if (same) {
    held_push(&pack->held, directory_member(pack, walk_dir(walk), walk->path.bytes));
  } else {
    put_directory(pack, walk_dir(walk), walk->path.bytes);
  }
  squash_whiteouts(&pack->squash, pack->below, walk->path.bytes, walk_dir(walk), put_whiteout, pack);
}

/** What the directory of a layer that continues another has at `path`. */
static void put_changed(void *context, const char *path) {
  struct pack *pack = context;
  struct stat status;
  if (fstatat(pack->top, path, &status, AT_SYMLINK_NOFOLLOW) != 0) die("pack", errno, path, "cannot read the metadata");
  held_leave(&pack->held, path);
  bool same = below_same(pack->below, path, pack->top, path, &status);
  if (!S_ISDIR(status.st_mode)) {
    if (!same || status.st_nlink > 1) put_leaf(pack, pack->top, path, path, &status);
    return;
  }
  int fd = openat(pack->top, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) die("pack", errno, path, "cannot read the directory");
  if (same) {
    held_push(&pack->held, directory_member(pack, fd, path));
  } else {
    put_directory(pack, fd, path);
  }
  close(fd);
}

static void pass_member(void *context, const char *path) {
  struct pack *pack = context;
  held_leave(&pack->held, path);
  if (pack->held.count > 0) blob_forget(&pack->blob);
  held_put(&pack->held, put_one, pack);
  pack->count++;
}

static void put_tree(struct pack *pack, int root, const char *prefix) {
  struct walk walk;
  if (pack->options->root_member) put_directory(pack, root, ".");
  squash_whiteouts(&pack->squash, pack->below, "", root, put_whiteout, pack);
  if (walk_begin(&walk, root, prefix, WALK_AS_LAYER) != 0) die("pack", errno, NULL, "cannot list the layer");
  for (enum walk_step step; (step = walk_next(&walk)) != WALK_DONE;) {
    if (step == WALK_ENTRY) put_entry(pack, &walk);
    if (step == WALK_UP) held_pop(&pack->held);
  }
  walk_end(&walk);
}

/** The directory that a part lies in: nobody's but the tar's own. */
static void put_prefix(struct pack *pack, const char *prefix, uint64_t epoch) {
  struct stat status = {.st_mode = S_IFDIR | 0755, .st_mtim = {.tv_sec = (time_t)epoch}};
  struct tar_member member = member_of(TAR_DIRECTORY, prefix, &status);
  put_member(pack, &member);
}

/**
 * What a layer is compared with. A layer is packed from its own directory: in a mount its whiteouts could not be seen.
 * One of several directories is a copy and its continuation, which together hide nothing of what is below. A squashed
 * one is the merged tree against that of the layers it lies on.
 */
static void open_below(struct pack *pack, const struct pack_options *options) {
  if (options->flatten) return;
  struct view_spec *top = &options->parts[0].view;
  if (options->squash) {
    if (options->base >= top->layer_count) die("request", 0, NULL, "base leaves no layer to squash");
    size_t above = top->layer_count - options->base;
    squash_begin(&pack->squash, top->layers, above);
    struct view_spec base = {.layers = top->layers + above, .layer_count = options->base};
    if (base.layer_count > 0) pack->below = view_open(&base);
    return;
  }
  if (top->layer_count == 0) return;
  size_t own = options->top;
  if (own == 0 || own > top->layer_count) die("request", 0, NULL, "top is no number of the layers");
  struct view_spec below = {.layers = top->layers + own, .layer_count = top->layer_count - own};
  if (below.layer_count > 0) pack->below = view_open(&below);
  if (own == 1 || options->earlier != NULL)
    *top = (struct view_spec){.dir = top->layers[0]};
  else
    top->layer_count = own;
}

static void put_parts(struct pack *pack, const struct pack_options *options, const int *roots) {
  static const char END[2 * TAR_BLOCK];
  if (pack->options->seekable) estargz_begin(&pack->estargz, &pack->blob);
  for (; pack->part < options->part_count; pack->part++) {
    const char *prefix = options->parts[pack->part].prefix;
    if (*prefix != '\0') put_prefix(pack, prefix, options->epoch);
    if (options->earlier == NULL) {
      put_tree(pack, roots[pack->part], prefix);
      continue;
    }
    pack->top = roots[pack->part];
    const struct earlier_acts acts = {.put = put_changed, .pass = pass_member, .context = pack};
    earlier_put(&pack->blob, options->earlier, options->digest, dup(pack->top), &acts);
  }
  if (pack->options->seekable) {
    unsigned char digest[SHA256_SIZE];
    estargz_end(&pack->estargz, digest);
    reply_result("table", "%s", sha256_text(digest).text);
  } else {
    blob_write(&pack->blob, END, sizeof END);
  }
}

int verb_pack(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  struct pack_options options = pack_options_take(&cursor);
  struct pack pack = {.options = &options, .below = -1};
  open_below(&pack, &options);
  int *roots = xcalloc(options.part_count, sizeof *roots);
  for (size_t i = 0; i < options.part_count; i++) roots[i] = view_open(&options.parts[i].view);
  int fd = blob_create("pack", options.out);
  blob_begin(&pack.blob, fd, options.format, options.level);
  put_parts(&pack, &options, roots);
  struct blob_result result = blob_end(&pack.blob);
  reply_result("count", "%llu", (unsigned long long)pack.count);
  blob_report(&result, fd >= 0);
  const char *compressor = options.seekable ? NULL : blob_compressor(options.format, options.level);
  if (compressor != NULL && fd >= 0) reply_result("compressor", "%s", compressor);
  return 0;
}
