// Copying the contents of a directory, merged into what is there. The destination is followed by a chain of
// descriptors in step with the walk of the source, so that no path is ever looked up twice.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "copy/copy.h"
#include "tree/walk.h"

struct tree {
  struct copier *copier;
  struct walk walk;
  struct chain to;
  struct stat *statuses;  // of the source directories entered, for when they are finished
  size_t depth;
  size_t capacity;
  size_t prefix_length;  // of walk paths, up to the part below the source
};

static const char *path_below(const struct tree *tree) {
  return tree->walk.path.bytes + tree->prefix_length;
}

static bool is_selected(const struct tree *tree) {
  const struct copier *copier = tree->copier;
  return !copier->filtered || map_find(&copier->included, tree->walk.path.bytes, tree->walk.path.length) != NULL;
}

/** Makes or finds the directory's copy and goes into both. */
static void enter(struct tree *tree, const struct stat *status) {
  int to = chain_top(&tree->to);
  const char *name = tree->walk.name;
  const char *path = tree->walk.path.bytes;
  bool made = mkdirat(to, name, 0700) == 0;
  if (!made && errno != EEXIST) die("copy", errno, path, "cannot make the directory");
  int directory = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (directory < 0 && (errno == ENOTDIR || errno == ELOOP)) {
    const char *base = tree->copier->base_text;
    die("copy", 0, path, "cannot copy to non-directory: /%s%s%s", base, *base == 0 ? "" : "/", path_below(tree));
  }
  if (directory < 0) die("copy", errno, path, "cannot open the directory");
  if (!made && tree->copier->continues) copy_refuse_acl(directory, path);
  if (walk_enter(&tree->walk) != 0) die("copy", errno, path, "cannot list the directory");
  chain_push(&tree->to, directory);
  if (tree->depth == tree->capacity) {
    tree->capacity = tree->capacity == 0 ? 32 : tree->capacity * 2;
    tree->statuses = xreallocarray(tree->statuses, tree->capacity, sizeof *tree->statuses);
  }
  tree->statuses[tree->depth++] = *status;
}

/** A finished directory takes the source's metadata, also when it was there before (BuildKit: nested ones do). */
static void leave(struct tree *tree) {
  const struct stat *status = &tree->statuses[--tree->depth];
  // The walk stands in the parent again; the source's attributes need it open once more.
  int from = openat(walk_dir(&tree->walk), tree->walk.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  copy_metadata(tree->copier, from, chain_top(&tree->to), status, tree->walk.path.bytes);
  close_quietly(from);
  if (chain_pop(&tree->to) != 0)
    die("copy", errno, tree->walk.path.bytes, "the destination changed during the copy");
  tree->copier->count++;
}

static void copy_one(struct tree *tree) {
  if (!is_selected(tree)) return;
  struct walk *walk = &tree->walk;
  struct stat status;
  if (fstatat(walk_dir(walk), walk->name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    die("copy", errno, walk->path.bytes, "cannot read the metadata");
  }
  if (S_ISDIR(status.st_mode)) {
    enter(tree, &status);
    return;
  }
  struct copy_entry entry = {
      .from = walk_dir(walk),
      .from_name = walk->name,
      .from_path = walk->path.bytes,
      .status = &status,
      .to = chain_top(&tree->to),
      .to_name = walk->name,
      .to_path = path_below(tree),
  };
  copy_entry(tree->copier, &entry);
}

void copy_tree(struct copier *copier, int from, const char *from_path) {
  const char *prefix = strcmp(from_path, ".") == 0 ? "" : from_path;
  struct tree tree = {.copier = copier, .prefix_length = *prefix == 0 ? 0 : strlen(prefix) + 1};
  int to = openat(copier->base, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (to < 0) die("copy", errno, copier->base_text, "cannot open the directory");
  chain_push(&tree.to, to);
  if (walk_begin(&tree.walk, from, prefix, WALK_BY_NAME) != 0)
    die("copy", errno, from_path, "cannot list the directory");
  for (enum walk_step step; (step = walk_next(&tree.walk)) != WALK_DONE;) {
    if (step == WALK_UP) {
      leave(&tree);
    } else {
      copy_one(&tree);
    }
  }
  walk_end(&tree.walk);
  chain_pop(&tree.to);
  free(tree.to.links);
  free(tree.statuses);
}
