// Open addressing over indices into an array of entries; keys live in blocks that never move.
#define _GNU_SOURCE
#include "util/map.h"

#include <string.h>

#define BLOCK_SIZE ((size_t)64 * 1024)

/** FNV-1a, finished with a multiply-shift so that the low bits are good. */
static uint64_t hash_of(const void *key, size_t length) {
  const unsigned char *bytes = key;
  uint64_t hash = 0xcbf29ce484222325u;
  for (size_t i = 0; i < length; i++) hash = (hash ^ bytes[i]) * 0x100000001b3u;
  hash ^= hash >> 32;
  hash *= 0x9e3779b97f4a7c15u;
  return hash ^ hash >> 29;
}

static uint32_t *slot_of(const struct map *map, uint64_t hash, const void *key, size_t length) {
  for (size_t at = hash & (map->slot_count - 1);; at = (at + 1) & (map->slot_count - 1)) {
    uint32_t index = map->slots[at];
    if (index == 0) return &map->slots[at];
    const struct map_entry *entry = &map->entries[index - 1];
    if (entry->hash == hash && entry->length == length && memcmp(entry->key, key, length) == 0)
      return &map->slots[at];
  }
}

static void grow(struct map *map) {
  map->slot_count = map->slot_count == 0 ? 64 : map->slot_count * 2;
  map->slots = xcalloc(map->slot_count, sizeof *map->slots);
  for (size_t i = 0; i < map->count; i++) {
    const struct map_entry *entry = &map->entries[i];
    *slot_of(map, entry->hash, entry->key, entry->length) = (uint32_t)i + 1;
  }
}

static const char *store_key(struct map *map, const void *key, size_t length) {
  if (map->arena == NULL || map->arena->capacity - map->arena->length < length + 2) {
    map->arena = xcalloc(1, sizeof *map->arena);
    buffer_reserve(map->arena, length + 2 > BLOCK_SIZE ? length + 2 : BLOCK_SIZE);
  }
  size_t at = map->arena->length;
  buffer_append(map->arena, key, length);
  buffer_append(map->arena, "", 1);
  return map->arena->bytes + at;
}

struct map_entry *map_find(const struct map *map, const void *key, size_t length) {
  if (map->count == 0) return NULL;
  uint32_t index = *slot_of(map, hash_of(key, length), key, length);
  return index == 0 ? NULL : &map->entries[index - 1];
}

struct map_entry *map_put(struct map *map, const void *key, size_t length, bool *added) {
  if (map->count * 2 >= map->slot_count) grow(map);
  uint64_t hash = hash_of(key, length);
  uint32_t *slot = slot_of(map, hash, key, length);
  if (added != NULL) *added = *slot == 0;
  if (*slot != 0) return &map->entries[*slot - 1];
  if (map->count == map->capacity) {
    map->capacity = map->capacity == 0 ? 32 : map->capacity * 2;
    map->entries = xreallocarray(map->entries, map->capacity, sizeof *map->entries);
  }
  map->entries[map->count] = (struct map_entry){store_key(map, key, length), length, hash, NULL};
  *slot = (uint32_t)++map->count;
  return &map->entries[map->count - 1];
}
