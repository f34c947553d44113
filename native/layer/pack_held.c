// Directories that wait for what is in them (pack_held.h).
#define _GNU_SOURCE
#include "layer/pack_held.h"

#include <stdlib.h>
#include <string.h>

static void drop(struct tar_member *member) {
  xattrs_free(&member->xattrs);
  free((char *)member->path);
}

void held_push(struct held *held, struct tar_member member) {
  member.path = xstrdup(member.path);
  held->members = xreallocarray(held->members, held->count + 1, sizeof *held->members);
  held->members[held->count++] = member;
}

void held_pop(struct held *held) {
  if (held->count > 0) drop(&held->members[--held->count]);
}

void held_leave(struct held *held, const char *path) {
  for (; held->count > 0; held_pop(held)) {
    const char *around = held->members[held->count - 1].path;
    size_t length = strlen(around);
    if (strncmp(path, around, length) == 0 && path[length] == '/') return;
  }
}

void held_put(struct held *held, void (*put)(void *context, const struct tar_member *member), void *context) {
  for (size_t i = 0; i < held->count; i++) {
    put(context, &held->members[i]);
    drop(&held->members[i]);
  }
  held->count = 0;
}
