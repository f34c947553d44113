// The arguments of `pack`.
#define _GNU_SOURCE
#include "layer/pack_options.h"

#include <string.h>
#include <sys/resource.h>

static struct pack_part *take_part(struct cursor *cursor, struct pack_options *options) {
  options->parts = xreallocarray(options->parts, options->part_count + 1, sizeof *options->parts);
  struct pack_part *part = &options->parts[options->part_count++];
  *part = (struct pack_part){.view = view_take(cursor), .prefix = ""};
  return part;
}

static enum compare compare_of(const char *value) {
  if (strcmp(value, "metadata") == 0) return COMPARE_METADATA;
  if (strcmp(value, "content") == 0) return COMPARE_CONTENT;
  die("request", 0, NULL, "compare: expected metadata or content, got \"%.80s\"", value);
}

/** What is passed on of an earlier blob must be what would be written now. */
static void check_earlier(const struct pack_options *options) {
  bool other = options->flatten || options->squash || options->compare != COMPARE_NO || options->seekable ||
               options->clamped || options->allxattrs || options->root_member || *options->parts[0].prefix != 0;
  if (options->top != 2 || other) die("request", 0, NULL, "earlier needs top=2, and no other form");
  if (options->digest == NULL || options->compressor == NULL)
    die("request", 0, NULL, "earlier needs digest= and compressor=");
  const char *own = blob_compressor(options->format, options->level);
  if (own == NULL || strcmp(own, options->compressor) != 0)
    die("earlier", 0, options->earlier, "the blob was made by %.80s, which is not used now", options->compressor);
}

/** What does not go together. */
static void check(struct pack_options *options) {
  bool compared = options->compare != COMPARE_NO;
  if (compared && options->out == NULL) options->out = "/dev/null";
  if (options->out == NULL) die("request", 0, NULL, "pack needs out=");
  if (!options->flatten && options->part_count > 1) die("request", 0, NULL, "several views need flatten=1");
  if (options->part_count == 0) die("request", 0, NULL, "pack needs a view");
  if (options->earlier != NULL) check_earlier(options);
}

struct pack_options pack_options_take(struct cursor *cursor) {
  struct pack_options options = {.format = BLOB_PLAIN, .level = BLOB_LEVEL_USUAL, .top = 1};
  struct pack_part *part = cursor_is(cursor, "view") ? NULL : take_part(cursor, &options);
  for (const struct argument *argument; (argument = cursor_peek(cursor)) != NULL;) {
    const char *key = argument->key;
    const char *value = argument->value;
    cursor->next++;
    if (strcmp(key, "view") == 0) {
      part = take_part(cursor, &options);
    } else if (strcmp(key, "prefix") == 0 && part != NULL) {
      part->prefix = value;
    } else if (strcmp(key, "epoch") == 0) {
      options.epoch = argument_u64(key, value, INT64_MAX);
    } else if (strcmp(key, "out") == 0) {
      options.out = value;
    } else if (strcmp(key, "compress") == 0) {
      options.seekable = strcmp(value, "estargz") == 0;
      options.format = options.seekable ? BLOB_GZIP : blob_format_of(value);
    } else if (strcmp(key, "level") == 0) {
      options.level = (int)argument_u64(key, value, 22);
    } else if (strcmp(key, "latest") == 0) {
      options.clamped = true;
      options.latest = (time_t)argument_u64(key, value, INT64_MAX);
    } else if (strcmp(key, "base") == 0) {
      options.squash = true;
      options.base = (size_t)argument_u64(key, value, UINT32_MAX);
    } else if (strcmp(key, "top") == 0) {
      options.top = (size_t)argument_u64(key, value, UINT32_MAX);
    } else if (strcmp(key, "earlier") == 0) {
      options.earlier = value;
    } else if (strcmp(key, "digest") == 0) {
      options.digest = value;
    } else if (strcmp(key, "compressor") == 0) {
      options.compressor = value;
    } else if (strcmp(key, "flatten") == 0) {
      options.flatten = argument_bool(key, value);
    } else if (strcmp(key, "allxattrs") == 0) {
      options.allxattrs = argument_bool(key, value);
    } else if (strcmp(key, "compare") == 0) {
      options.compare = compare_of(value);
      options.allxattrs = options.root_member = true;
    } else if (strcmp(key, "nice") == 0) {
      // Before there are threads, which inherit it.
      setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + (int)argument_u64(key, value, 19));
    } else if (strcmp(key, "rootmember") == 0) {
      options.root_member = argument_bool(key, value);
    } else {
      cursor->next--;
      cursor_unexpected(cursor);
    }
  }
  check(&options);
  return options;
}
