// What a request to pack says.
#ifndef TSBUILD_PACK_OPTIONS_H
#define TSBUILD_PACK_OPTIONS_H

#include "blob/blob.h"
#include "view/view.h"

/** A tree of the tar. */
struct pack_part {
  struct view_spec view;
  const char *prefix;  // the directory its members lie in; "" is the root
};

/** What is written is no tar: it has what a step can see of the layer's own directory, for its digest to be compared. */
enum compare { COMPARE_NO, COMPARE_METADATA, COMPARE_CONTENT };

struct pack_options {
  struct pack_part *parts;
  size_t part_count;
  uint64_t epoch;
  const char *out;
  const char *earlier;     // blob of the layer's second directory
  const char *digest;      // its digest
  const char *compressor;  // what it was made by
  enum blob_format format;
  bool seekable;  // as eStargz
  int level;
  bool flatten;
  size_t base;  // layers that a squashed layer lies on
  size_t top;   // directories that the layer has
  bool squash;
  bool clamped;
  time_t latest;  // where clamped: no member is younger
  bool allxattrs;
  bool root_member;
  enum compare compare;
};

/** A view, then what is to be done with it; or several, each begun by `view=`. Dies (phase `request`) on nonsense. */
struct pack_options pack_options_take(struct cursor *cursor);

#endif
