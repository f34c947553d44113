// Directory walks: one list of sorted names per level, all in two arrays that grow and shrink as a stack.
#define _GNU_SOURCE
#include "tree/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "view/view.h"

static const char WHITEOUT_PREFIX[] = ".wh.";
static const char OPAQUE_MARKER[] = ".wh..wh..opq";

static void add_entry(struct walk *walk, const char *prefix, const char *name, unsigned char type) {
  if (walk->entry_count == walk->entry_capacity) {
    walk->entry_capacity = walk->entry_capacity == 0 ? 256 : walk->entry_capacity * 2;
    walk->entries = xreallocarray(walk->entries, walk->entry_capacity, sizeof *walk->entries);
  }
  struct walk_entry *entry = &walk->entries[walk->entry_count++];
  entry->name = walk->names.length;
  entry->type = type;
  buffer_string(&walk->names, prefix);
  // The NUL that ends the name is part of the arena.
  buffer_append(&walk->names, name, strlen(name) + 1);

  unsigned char first[8] = {0};
  const char *stored = walk->names.bytes + entry->name;
  size_t length = strnlen(stored, sizeof first);
  memcpy(first, stored, length);
  bool slash = walk->order == WALK_AS_LAYER && type == DT_DIR;
  if (slash && length < sizeof first) first[length] = '/';
  entry->prefix = 0;
  for (size_t i = 0; i < sizeof first; i++) entry->prefix = entry->prefix << 8 | first[i];
}

/** WALK_AS_LAYER needs to know directories and whiteouts before sorting. */
static int add_layer_entry(struct walk *walk, int directory, const char *name, unsigned char type) {
  if (type == DT_UNKNOWN || type == DT_CHR) {
    struct stat status;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0) return -1;
    if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(0, 0)) {
      add_entry(walk, WHITEOUT_PREFIX, name, WALK_WHITEOUT);
      return 0;
    }
    type = IFTODT(status.st_mode);
  }
  add_entry(walk, "", name, type);
  return 0;
}

static bool is_opaque(int directory) {
  char value[2];
  return fgetxattr(directory, view_opaque_xattr(), value, sizeof value) == 1 && value[0] == 'y';
}

struct sort_key {
  const char *names;
  bool slash;
};

static int compare_entries(const void *left, const void *right, void *context) {
  const struct walk_entry *a = left;
  const struct walk_entry *b = right;
  if (a->prefix != b->prefix) return a->prefix < b->prefix ? -1 : 1;
  const struct sort_key *key = context;
  const unsigned char *p = (const unsigned char *)key->names + a->name;
  const unsigned char *q = (const unsigned char *)key->names + b->name;
  while (*p == *q && *p != 0) {
    p++;
    q++;
  }
  int last_p = *p == 0 && key->slash && a->type == DT_DIR ? '/' : *p;
  int last_q = *q == 0 && key->slash && b->type == DT_DIR ? '/' : *q;
  return last_p - last_q;
}

/** Reads all names of `directory` onto the arrays. */
static int list_names(struct walk *walk, int directory) {
  _Alignas(struct dirent64) static LARGE char block[64 * 1024];
  if (walk->order == WALK_AS_LAYER && is_opaque(directory)) add_entry(walk, "", OPAQUE_MARKER, WALK_WHITEOUT);
  for (;;) {
    ssize_t length = getdents64(directory, block, sizeof block);
    if (length == 0) return 0;
    if (length < 0) return -1;
    for (ssize_t at = 0; at < length;) {
      const struct dirent64 *dirent = (const struct dirent64 *)(const void *)(block + at);
      at += dirent->d_reclen;
      const char *name = dirent->d_name;
      if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0))) continue;
      if (walk->order == WALK_BY_NAME) {
        add_entry(walk, "", name, dirent->d_type);
      } else if (add_layer_entry(walk, directory, name, dirent->d_type) != 0) {
        return -1;
      }
    }
  }
}

static int push_level(struct walk *walk, int directory) {
  if (walk->level_count == walk->level_capacity) {
    walk->level_capacity = walk->level_capacity == 0 ? 32 : walk->level_capacity * 2;
    walk->levels = xreallocarray(walk->levels, walk->level_capacity, sizeof *walk->levels);
  }
  struct walk_level level = {
      .names_length = walk->names.length,
      .entry_count = walk->entry_count,
      .next = walk->entry_count,
      .path_length = walk->path.length,
  };
  if (list_names(walk, directory) != 0) {
    walk->names.length = level.names_length;
    walk->entry_count = level.entry_count;
    close_quietly(directory);
    return -1;
  }
  level.end = walk->entry_count;
  struct sort_key key = {walk->names.bytes, walk->order == WALK_AS_LAYER};
  if (level.end - level.next > 1) {
    qsort_r(walk->entries + level.next, level.end - level.next, sizeof *walk->entries, compare_entries, &key);
  }
  walk->levels[walk->level_count++] = level;
  chain_push(&walk->chain, directory);
  return 0;
}

static void set_path(struct walk *walk, size_t length) {
  walk->path.length = length;
  if (length > 0) buffer_append(&walk->path, "/", 1);
  buffer_string(&walk->path, walk->name);
}

static void truncate_path(struct walk *walk, size_t length) {
  buffer_reserve(&walk->path, 1);
  walk->path.length = length;
  walk->path.bytes[length] = 0;
}

int walk_begin(struct walk *walk, int directory, const char *prefix, enum walk_order order) {
  *walk = (struct walk){.order = order};
  buffer_string(&walk->path, prefix);
  return push_level(walk, directory);
}

enum walk_step walk_next(struct walk *walk) {
  if (walk->level_count == 0) return WALK_DONE;
  struct walk_level *level = &walk->levels[walk->level_count - 1];
  if (level->next < level->end) {
    const struct walk_entry *entry = &walk->entries[level->next++];
    walk->name = walk->names.bytes + entry->name;
    walk->type = entry->type;
    set_path(walk, level->path_length);
    return WALK_ENTRY;
  }
  walk->names.length = level->names_length;
  walk->entry_count = level->entry_count;
  truncate_path(walk, level->path_length);
  walk->level_count--;
  if (chain_pop(&walk->chain) != 0) {
    die("walk", errno, walk->path.bytes, "the directory above was moved during the walk");
  }
  if (walk->level_count == 0) return WALK_DONE;
  const struct walk_level *parent = &walk->levels[walk->level_count - 1];
  walk->name = walk->names.bytes + walk->entries[parent->next - 1].name;
  walk->type = DT_DIR;
  return WALK_UP;
}

int walk_enter(struct walk *walk) {
  int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
  int directory = openat(walk_dir(walk), walk->name, flags);
  return directory < 0 ? -1 : push_level(walk, directory);
}

int walk_enter_directory(struct walk *walk, int directory) {
  return push_level(walk, directory);
}

int walk_dir(const struct walk *walk) {
  return chain_top(&walk->chain);
}

void walk_end(struct walk *walk) {
  while (walk->chain.depth > 0) {
    if (chain_pop(&walk->chain) != 0) break;
  }
  free(walk->chain.links);
  free(walk->names.bytes);
  free(walk->path.bytes);
  free(walk->entries);
  free(walk->levels);
  *walk = (struct walk){0};
}
