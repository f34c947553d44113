// One action of the verb `copy`: where it reads, where it writes, and by whose ownership and mode.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "blob/stream.h"
#include "copy/copy.h"
#include "layer/extract.h"
#include "util/path.h"
#include "view/identity.h"
#include "view/view.h"

#define LINKS_MAX 40  // as the kernel
#define DIRECTORY_MODE 0755
#define FILE_MODE 0644

static char *link_target(const struct place *place) {
  char target[PATH_MAX];
  ssize_t length = readlinkat(place->parent, place->name, target, sizeof target - 1);
  if (length < 0) die("copy", errno, place->text, "cannot read the symlink");
  target[length] = 0;
  if (*target == '/') return xstrdup(target);
  size_t parent = (size_t)(path_base(place->text) - place->text);
  return xformat("%.*s%s", (int)parent, place->text, target);
}

/** Finds what `path` names, following symlinks to the end, also when there is nothing; `make` as in
 * view_open_parent. */
static struct place locate(int root, const char *path, const struct make_parents *make) {
  struct place place = {.text = xstrdup(path)};
  for (int links = 0; links < LINKS_MAX; links++) {
    place.parent = view_open_parent(root, place.text, make, &place.name);
    if (place.parent < 0) {
      if (make == NULL && (errno == ENOENT || errno == ENOTDIR)) return place;
      die("copy", errno, path, "cannot open the path");
    }
    place.exists = fstatat(place.parent, place.name, &place.status, AT_SYMLINK_NOFOLLOW) == 0;
    if (!place.exists && errno != ENOENT) die("copy", errno, path, "cannot open the path");
    if (!place.exists || !S_ISLNK(place.status.st_mode)) return place;
    place.text = link_target(&place);
    close(place.parent);
  }
  die("copy", ELOOP, path, "cannot open the path");
}

static int open_directory(int parent, const char *name, const char *path) {
  int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) die("copy", errno, path, "cannot open the directory");
  return fd;
}

static void resolve_owner(struct copier *copier, const struct copy_action *action) {
  copier->context = action->context_owner;
  copier->has_owner = action->owner != NULL || action->context_owner;
  copier->uid = 0;
  copier->gid = 0;
  if (action->owner == NULL) return;
  struct identity identity;
  char *problem;
  if (identity_resolve(copier->root, action->owner, IDENTITY_SAME_GROUP, &identity, &problem) == 0) {
    copier->uid = identity.uid;
    copier->gid = identity.gid;
  } else if (!action->unknown_owner_is_root) {
    die("owner", 0, NULL, "%s", problem);
  }
}

static void resolve_mode(struct copier *copier, const struct copy_action *action) {
  copier->has_mode = action->mode_text != NULL;
  if (copier->has_mode && !chmod_parse(action->mode_text, &copier->mode)) {
    die("request", 0, NULL, "\"%s\" is not a mode", action->mode_text);
  }
}

/** How missing parents are made: 0755 or the octal mode, root's or the given owner's (BuildKit: not a
 * symbolic mode). */
static struct make_parents parents_of(struct copier *copier, const struct copy_action *action) {
  struct make_parents make = {
      .mode = DIRECTORY_MODE, .before = stamps_before_making, .context = &copier->stamps};
  if (copier->has_mode && copier->mode.numeric && !action->unpack) make.mode = copier->mode.mode;
  if (action->owner != NULL) {
    make.uid = copier->uid;
    make.gid = copier->gid;
  }
  return make;
}

/** Makes the directory that `path` names with all its parents. Existing ones stay as they are. */
static int make_directory(struct copier *copier, const char *path, const struct make_parents *make) {
  char *name;
  int fd = view_open_parent(copier->root, xformat("%s/.", path), make, &name);
  if (fd < 0) die("copy", errno, path, "cannot make the directory");
  return fd;
}

/**
 * Where a file goes: the destination itself, or, when that is a directory or named like one, `name` in it. A
 * symlink at the destination is followed, one in the directory is not: it will be replaced.
 */
static struct place file_place(struct copier *copier, const struct copy_action *action, const char *name,
                               const struct make_parents *make) {
  char *clean = path_clean(action->destination);
  if (path_names_directory(action->destination)) close(make_directory(copier, clean, make));
  struct place place = locate(copier->root, clean, make);
  if (place.exists && S_ISDIR(place.status.st_mode)) {
    int directory = open_directory(place.parent, place.name, place.text);
    close(place.parent);
    place.parent = directory;
    place.name = xstrdup(name);
    place.text = path_join(path_clean(place.text), name);
    place.exists = fstatat(directory, name, &place.status, AT_SYMLINK_NOFOLLOW) == 0;
  }
  stamps_keep(&copier->stamps, place.parent);
  return place;
}

/** The listed paths and every directory on the way to them. */
static void read_includes(struct copier *copier, const struct copy_action *action) {
  copier->included = (struct map){0};
  for (size_t i = 0; i < action->include_count; i++) {
    char *path = path_clean(action->includes[i]);
    size_t length = strlen(path);
    for (bool added = true; added && length > 0; length = path_parent_length(path)) {
      path[length] = 0;
      map_put(&copier->included, path, length, &added);
    }
  }
}

static void copy_directory(struct copier *copier, const struct copy_action *action,
                           const struct place *source, const struct make_parents *make) {
  char *clean = path_clean(action->destination);
  if (path_names_directory(action->destination)) close(make_directory(copier, clean, make));
  struct place place = locate(copier->root, clean, make);
  if (place.exists && !S_ISDIR(place.status.st_mode)) {
    die("copy", 0, clean, "cannot copy to non-directory: /%s", clean);
  }
  int directory = make_directory(copier, place.text, make);
  copier->base = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copier->base < 0) die("copy", errno, clean, "cannot open the directory");
  close(directory);
  stamps_keep(&copier->stamps, copier->base);
  copier->base_text = strcmp(clean, ".") == 0 ? "" : clean;
  copier->hard_links = (struct map){0};
  copier->filtered = action->only;
  if (action->only) read_includes(copier, action);
  copy_tree(copier, open_directory(source->parent, source->name, action->source), path_clean(action->source));
  close(copier->base);
}

/** ADD of an archive. False: the file is none, and is to be copied. */
static bool unpack_archive(struct copier *copier, const struct copy_action *action,
                           const struct place *source, const struct make_parents *make) {
  int fd = openat(source->parent, source->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) die("copy", errno, action->source, "cannot read the file");
  const char *problem = NULL;
  struct tar_reader reader = {.input = stream_decompressed(fd, &problem)};
  if (reader.input == NULL) die("copy", 0, action->source, "%s", problem);
  struct tar_member member;
  // Docker: the content decides, and content that has no valid first header is just a file.
  bool archive = tar_next(&reader, &member) == 1;
  if (archive) {
    struct extract extract = {
        .phase = "copy",
        .has_owner = action->owner != NULL,
        .uid = copier->uid,
        .gid = copier->gid,
        .rule = &copier->rule,
    };
    extract.root = make_directory(copier, path_clean(action->destination), make);
    extract_all(&extract, &reader, &member);
    copier->count += extract.count;
    copier->bytes += extract.bytes;
    close(extract.root);
  }
  close(fd);
  return archive;
}

static void copy_file(struct copier *copier, const struct copy_action *action, const struct place *source,
                      const struct make_parents *make) {
  const char *name = action->name != NULL ? action->name : path_base(path_clean(action->source));
  struct place place = file_place(copier, action, name, make);
  copier->base = place.parent;
  copier->hard_links = (struct map){0};
  struct copy_entry entry = {
      .from = source->parent,
      .from_name = source->name,
      .from_path = action->source,
      .status = &source->status,
      .to = place.parent,
      .to_name = place.name,
      .to_path = path_clean(place.text),
  };
  copy_entry(copier, &entry);
  close(place.parent);
}

static void perform_copy(struct copier *copier, const struct copy_action *action) {
  if (action->source == NULL || action->destination == NULL || action->view < 0) {
    die("request", 0, NULL, "action=copy needs view=, source= and destination=");
  }
  struct place source = locate(action->view, path_clean(action->source), NULL);
  if (!source.exists) {
    if (!action->require) return;
    die("copy", ENOENT, action->source, "cannot find the source");
  }
  struct make_parents make = parents_of(copier, action);
  if (S_ISDIR(source.status.st_mode)) {
    copy_directory(copier, action, &source, &make);
  } else if (!action->unpack || !S_ISREG(source.status.st_mode) || !unpack_archive(copier, action, &source, &make)) {
    copy_file(copier, action, &source, &make);
  }
  close(source.parent);
}

static void perform_file(struct copier *copier, const struct copy_action *action) {
  if (action->destination == NULL || action->content == NULL || action->name == NULL) {
    die("request", 0, NULL, "action=file needs destination=, name= and content=");
  }
  struct make_parents make = parents_of(copier, action);
  struct place place = file_place(copier, action, action->name, &make);
  copy_clear(copier, place.parent, place.name, path_clean(place.text));
  struct stat status = {.st_mode = S_IFREG | FILE_MODE};
  mode_t mode = copy_mode(copier, status.st_mode) & 0777;
  int fd = openat(place.parent, place.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
  size_t length = strlen(action->content);
  if (fd < 0 || write_full(fd, action->content, length) != 0)
    die("copy", errno, place.text, "cannot write the file");
  if (copier->rule.active) {
    status.st_mtim = copier->rule.epoch;
  } else {
    clock_gettime(CLOCK_REALTIME, &status.st_mtim);
  }
  copy_metadata(copier, -1, fd, &status, place.text);
  close(fd);
  close(place.parent);
  copier->count++;
  copier->bytes += length;
}

static void perform_attributes(struct copier *copier, const struct copy_action *action) {
  struct place place = locate(copier->root, path_clean(action->destination), NULL);
  if (!place.exists) die("copy", ENOENT, action->destination, "cannot change the attributes");
  if (action->owner != NULL) {
    copy_set_owner(place.parent, place.name, copier->uid, copier->gid, action->destination);
  }
  if (copier->has_mode && fchmodat(place.parent, place.name, copy_mode(copier, place.status.st_mode), 0) != 0) {
    die("copy", errno, action->destination, "cannot set the mode");
  }
  close(place.parent);
  copier->count++;
}

void copy_perform(struct copier *copier, const struct copy_action *action) {
  copier->base_text = "";
  resolve_owner(copier, action);
  resolve_mode(copier, action);
  if (strcmp(action->kind, "copy") == 0) {
    perform_copy(copier, action);
    return;
  }
  if (strcmp(action->kind, "file") == 0) {
    perform_file(copier, action);
    return;
  }
  if (action->destination == NULL) die("request", 0, NULL, "action=%s needs path=", action->kind);
  if (strcmp(action->kind, "mkdir") == 0) {
    struct make_parents make = parents_of(copier, action);
    close(make_directory(copier, path_clean(action->destination), &make));
    copier->count++;
  } else if (strcmp(action->kind, "attributes") == 0) {
    perform_attributes(copier, action);
  } else if (strcmp(action->kind, "remove") == 0) {
    copy_take_away(copier, action);
  } else {
    die("request", 0, NULL, "copy: unknown action \"%s\"", action->kind);
  }
}
