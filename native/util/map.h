// A hash map from byte strings to pointers that remembers the order of insertion. Keys are copied. Nothing is
// ever taken out; a value of NULL can stand for that.
#ifndef TSBUILD_MAP_H
#define TSBUILD_MAP_H

#include "util/util.h"

struct map_entry {
  const char *key;  // followed by a NUL
  size_t length;
  uint64_t hash;
  void *value;
};

struct map {
  struct map_entry *entries;  // in the order of insertion
  size_t count;
  size_t capacity;
  uint32_t *slots;  // index into entries + 1, 0: free; a power of two of them
  size_t slot_count;
  struct buffer *arena;  // the keys' current block
};

/** The entry of a key, or NULL. Valid until the next map_put. */
struct map_entry *map_find(const struct map *map, const void *key, size_t length);
/** The entry of a key, made with value NULL when there is none (*added tells, and may be NULL). */
struct map_entry *map_put(struct map *map, const void *key, size_t length, bool *added);

#endif
