// Directories around the walk that are as they were below. One gets a header when something in it is written, as in
// BuildKit: its time has changed then, and docker unpacks a layer by itself, where a parent without a header would get
// a mode of docker's choice.
#ifndef TSBUILD_PACK_HELD_H
#define TSBUILD_PACK_HELD_H

#include "layer/tar.h"

struct held {
  struct tar_member *members;  // outermost first
  size_t count;
};

/** Takes a directory over that was entered, with its attributes; the path is copied. */
void held_push(struct held *held, struct tar_member member);
/** A directory was left. All around a written one were written, so the last one that is held is the one that ends. */
void held_pop(struct held *held);
/** The same for all that are not around `path`. */
void held_leave(struct held *held, const char *path);
/** Writes all that are held. */
void held_put(struct held *held, void (*put)(void *context, const struct tar_member *member), void *context);

#endif
