// Passing members of an earlier tar on (pack_earlier.h). Its bytes are taken in order, block by block of its
// compression; each is passed on or left out, but for those of a header, which wait until its path is known.
#define _GNU_SOURCE
#include "layer/pack_earlier.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "layer/tar_pax.h"
#include "layer/tar_read.h"
#include "tree/walk.h"
#include "util/map.h"

#define WINDOW ((size_t)4 * BLOB_BLOCK)
#define PACKED_MAX (BLOB_BLOCK + BLOB_BLOCK / 4)  // more than a block can become

struct earlier {
  struct blob *blob;
  const char *file;
  int fd;
  struct sha256 digest;  // of what was read
  char *window;  // compressed bytes: `packed` and its length are those of the block, up to `end` more are there
  char *packed;
  size_t packed_length;
  char *end;
  char *plain;  // the block
  size_t plain_length;
  size_t taken;      // of it
  uint64_t begin;    // of the block in the tar
  uint64_t decided;  // up to here the tar is passed on or left out
  struct buffer head;
  uint64_t size;        // of the member's data, with its padding
  struct map changes;   // path -> what its member sorts as; NULL: it is gone
  const char *without;  // what begins like this is gone, too; or NULL
};

static const char NOT_OURS[] = "the blob has no tar as it is written here";

static _Noreturn void refuse(const struct earlier *earlier, int error, const char *why) {
  die("earlier", error, earlier->file, "%s", why);
}

/** More of the blob, at most `room` bytes; none at its end. */
static size_t read_more(struct earlier *earlier, char *to, size_t room) {
  ssize_t got = read_full(earlier->fd, to, room);
  if (got < 0) refuse(earlier, errno, "cannot read the blob");
  sha256_add(&earlier->digest, to, (size_t)got);
  return (size_t)got;
}

/** Looks at all of the blob: the CRCs that were checked leave out headers, and bits of padding. */
static void prove(struct earlier *earlier, const char *digest) {
  unsigned char found[SHA256_SIZE];
  while (read_more(earlier, earlier->window, WINDOW) > 0) {
  }
  sha256_end(&earlier->digest, found);
  if (strcmp(sha256_text(found).text, digest) != 0) refuse(earlier, 0, "the blob is damaged on disk");
}

/** The next block. */
static void load(struct earlier *earlier) {
  if (earlier->decided != earlier->begin + earlier->plain_length) blob_forget(earlier->blob);
  earlier->begin += earlier->plain_length;
  earlier->packed += earlier->packed_length;
  size_t rest = (size_t)(earlier->end - earlier->packed);
  if (rest < PACKED_MAX) {
    memmove(earlier->window, earlier->packed, rest);
    earlier->packed = earlier->window;
    earlier->end = earlier->window + rest + read_more(earlier, earlier->window + rest, WINDOW - rest);
  }
  earlier->packed_length = (size_t)(earlier->end - earlier->packed);
  earlier->plain_length = BLOB_BLOCK;
  earlier->taken = 0;
  if (!blob_codec_expand(earlier->packed, &earlier->packed_length, earlier->plain, &earlier->plain_length)) {
    refuse(earlier, 0, "the blob is no sequence of small gzip members");
  }
}

/** The next bytes, at most `length`. */
static const char *take(struct earlier *earlier, uint64_t length, size_t *part) {
  while (earlier->taken == earlier->plain_length) load(earlier);
  const char *bytes = earlier->plain + earlier->taken;
  size_t rest = earlier->plain_length - earlier->taken;
  *part = length < rest ? (size_t)length : rest;
  earlier->taken += *part;
  return bytes;
}

/** Passes bytes on, which are of the present block, or of those before it and then of this. */
static void pass(struct earlier *earlier, const char *bytes, size_t length) {
  if (earlier->decided < earlier->begin) {
    size_t before = (size_t)(earlier->begin - earlier->decided);
    if (before > length) before = length;
    blob_write(earlier->blob, bytes, before);
    earlier->decided += before;
    bytes += before;
    length -= before;
  }
  if (earlier->decided == earlier->begin)
    blob_know(earlier->blob, earlier->plain_length, earlier->packed, earlier->packed_length);
  blob_write(earlier->blob, bytes, length);
  earlier->decided += length;
}

static void leave_out(struct earlier *earlier, uint64_t length) {
  blob_forget(earlier->blob);
  earlier->decided += length;
}

/** More of the header. Gives where it is; valid until the next. */
static const char *take_head(struct earlier *earlier, size_t length) {
  size_t at = earlier->head.length;
  while (length > 0) {
    size_t part;
    const char *bytes = take(earlier, length, &part);
    buffer_append(&earlier->head, bytes, part);
    length -= part;
  }
  return earlier->head.bytes + at;
}

static uint64_t size_in(const struct earlier *earlier, const char *header) {
  uint64_t size;
  if (memcmp(header + 257, "ustar", 6) != 0 || !tar_number(header + 124, 12, &size))
    refuse(earlier, 0, NOT_OURS);
  return size;
}

/** The next member's path, its header being taken; NULL at the end. Valid until the next. */
static const char *next_path(struct earlier *earlier) {
  static struct buffer path;
  static struct buffer records;
  struct tar_extension extension = {0};
  earlier->head.length = path.length = records.length = 0;
  const char *header = take_head(earlier, TAR_BLOCK);
  if (*header == 0) return NULL;
  if (header[156] == 'x') {
    size_t length = (size_t)size_in(earlier, header);
    if (length > BLOB_BLOCK) refuse(earlier, 0, "a tar extension header is too large");
    buffer_append(&records, take_head(earlier, length + tar_padding(length)), length);
    if (!tar_pax_records(&extension, records.bytes, length)) refuse(earlier, 0, "invalid PAX header");
    free(extension.xattrs.list);
    header = take_head(earlier, TAR_BLOCK);
  }
  earlier->size = size_in(earlier, header);
  // Its other name may be gone, or another file now.
  if (header[156] == TAR_HARD_LINK) refuse(earlier, 0, "the blob has hard links");
  if (extension.has_size) earlier->size = extension.size;
  if (header[156] != TAR_FILE) earlier->size = 0;
  earlier->size += tar_padding(earlier->size);
  if (extension.path != NULL) return extension.path;
  if (header[345] != 0) buffer_format(&path, "%.155s/", header + 345);
  buffer_format(&path, "%.100s", header);
  if (path.length == 0) refuse(earlier, 0, NOT_OURS);
  return path.bytes;
}

/** Whether the member is another one now, or gone. */
static bool is_changed(struct earlier *earlier, const char *path) {
  size_t length = strlen(path);
  bool is_directory = path[length - 1] == '/';
  if (earlier->without != NULL && strncmp(path, earlier->without, strlen(earlier->without)) == 0) return true;
  const struct map_entry *change = map_find(&earlier->changes, path, is_directory ? length - 1 : length);
  if (change == NULL) return false;
  if (is_directory && (change->value == NULL || strcmp(change->value, path) != 0)) earlier->without = xstrdup(path);
  return true;
}

static void list_changes(struct earlier *earlier, int top) {
  static const char WHITEOUT[] = ".wh.";
  struct walk walk;
  if (walk_begin(&walk, top, "", WALK_AS_LAYER) != 0) die("pack", errno, NULL, "cannot list the layer");
  for (enum walk_step step; (step = walk_next(&walk)) != WALK_DONE;) {
    const char *path = walk.path.bytes;
    if (step == WALK_UP) continue;
    if (walk.path.length >= PATH_MAX) refuse(earlier, 0, "a path is too long");  // put opens what is there by it
    if (walk.type == WALK_WHITEOUT) {
      const char *name = walk.name + strlen(WHITEOUT);
      if (strcmp(name, ".wh..opq") == 0) refuse(earlier, 0, "a directory is opaque");
      path = xformat("%.*s%s", (int)(strlen(path) - strlen(walk.name)), path, name);
    }
    struct map_entry *change = map_put(&earlier->changes, path, strlen(path), NULL);
    if (walk.type != WALK_WHITEOUT) change->value = xformat("%s%s", path, walk.type == DT_DIR ? "/" : "");
    if (walk.type == DT_DIR && walk_enter(&walk) != 0) die("pack", errno, path, "cannot list the directory");
  }
  walk_end(&walk);
}

void earlier_put(struct blob *blob, const char *file, const char *digest, int top, const struct earlier_acts *acts) {
  struct earlier earlier = {.blob = blob, .file = file};
  earlier.fd = open(file, O_RDONLY | O_CLOEXEC);
  if (earlier.fd < 0) refuse(&earlier, errno, "cannot open the blob");
  sha256_begin(&earlier.digest);
  earlier.window = earlier.packed = earlier.end = xmalloc(WINDOW);
  earlier.plain = xmalloc(BLOB_BLOCK);
  list_changes(&earlier, top);
  const struct map *changes = &earlier.changes;
  size_t next = 0;
  for (bool more = true; more;) {
    const char *path = next_path(&earlier);
    more = path != NULL;
    for (; next < changes->count; next++) {
      const struct map_entry *change = &changes->entries[next];
      if (change->value == NULL) continue;
      if (more && strcmp(change->value, path) >= 0) break;
      blob_forget(blob);
      acts->put(acts->context, change->key);
    }
    bool passed = more && !is_changed(&earlier, path);
    if (passed) {
      acts->pass(acts->context, path);
      pass(&earlier, earlier.head.bytes, earlier.head.length);
    } else {
      leave_out(&earlier, earlier.head.length);
    }
    for (uint64_t rest = more ? earlier.size : 0; rest > 0;) {
      size_t part;
      const char *bytes = take(&earlier, rest, &part);
      if (passed)
        pass(&earlier, bytes, part);
      else
        leave_out(&earlier, part);
      rest -= part;
    }
  }
  prove(&earlier, digest);
  close(earlier.fd);
}
