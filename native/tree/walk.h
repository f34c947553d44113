// Walks a directory tree depth first in byte order, without recursion and with a bounded number of
// descriptors. The walk only lists; its caller looks at each entry and decides whether to enter it.
#ifndef TSBUILD_WALK_H
#define TSBUILD_WALK_H

#include "tree/chain.h"
#include "util/util.h"

enum walk_order {
  WALK_BY_NAME,
  /**
   * As the members of a layer tar: directories sort with their slash, so that depth first is byte order of
   * the member paths; whiteouts (character devices 0/0) appear as `.wh.NAME` of type WALK_WHITEOUT, and an
   * opaque directory begins with a `.wh..wh..opq` of the same type.
   */
  WALK_AS_LAYER,
};

#define WALK_WHITEOUT 0xfe

enum walk_step {
  WALK_ENTRY,  // name, path and type are those of the next entry
  WALK_UP,     // an entered directory is finished; name and path are its own again, walk_dir is its parent
  WALK_DONE,
};

struct walk_entry {
  uint64_t prefix;  // the first eight bytes of the sort name, big-endian: most comparisons end here
  size_t name;      // offset in `names`
  unsigned char type;
};

struct walk_level {
  size_t names_length;  // of the shared arrays, before this level
  size_t entry_count;
  size_t next;  // index into `entries`
  size_t end;
  size_t path_length;
};

struct walk {
  enum walk_order order;
  const char *name;    // valid until the next call
  unsigned char type;  // DT_..., DT_UNKNOWN where the file system does not say, WALK_WHITEOUT
  struct buffer path;  // relative to the root the walk began with; "" while in no entry
  struct chain chain;
  struct buffer names;
  struct walk_entry *entries;
  size_t entry_count;
  size_t entry_capacity;
  struct walk_level *levels;
  size_t level_count;
  size_t level_capacity;
};

/** Begins in `directory` (taken over). Paths begin with `prefix` ("" for none). 0, or -1 with errno. */
int walk_begin(struct walk *walk, int directory, const char *prefix, enum walk_order order);
/** Dies when the tree changed under the walk. */
enum walk_step walk_next(struct walk *walk);
/** Descends into the entry just given, never through a symlink. 0, or -1 with errno (the walk goes on). */
int walk_enter(struct walk *walk);
/** The same when the caller has opened the directory itself; takes it over. */
int walk_enter_directory(struct walk *walk, int directory);
/** The directory that holds the entry just given. */
int walk_dir(const struct walk *walk);
void walk_end(struct walk *walk);

#endif
