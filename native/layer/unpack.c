// The verb `unpack`: a layer's tar becomes a layer directory.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "layer/extract.h"
#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "util/sha256.h"

/** The bytes of the tar, for its digest. */
struct hashed {
  struct stream stream;
  struct stream *input;
  struct sha256 hash;
};

static ssize_t hashed_read(struct stream *stream, void *to, size_t length) {
  struct hashed *self = (struct hashed *)stream;
  ssize_t got = self->input->read(self->input, to, length);
  if (got > 0) sha256_add(&self->hash, to, (size_t)got);
  stream->problem = self->input->problem;
  return got;
}

/** What follows the end of the archive is read too: it counts for the digest, and the writer never sees a
 * broken pipe. */
static bool drain(struct stream *input) {
  static LARGE char block[65536];
  ssize_t got;
  while ((got = input->read(input, block, sizeof block)) > 0) {
  }
  return got == 0;
}

/** Directories that no member described, as `data`. */
static uint64_t report_implied(const struct extract *extract) {
  struct buffer names = {0};
  uint64_t count = 0;
  for (size_t i = 0; i < extract->directories.count; i++) {
    const struct map_entry *entry = &extract->directories.entries[i];
    const struct directory_note *note = entry->value;
    if (note == NULL || !note->implied) continue;
    buffer_append(&names, entry->key, entry->length + 1);
    count++;
  }
  if (names.length > 0) reply_data(names.bytes, names.length);
  return count;
}

int verb_unpack(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  const char *in = NULL;
  const char *dir = NULL;
  for (const struct argument *argument; (argument = cursor_peek(&cursor)) != NULL; cursor.next++) {
    if (strcmp(argument->key, "in") == 0) {
      in = argument->value;
    } else if (strcmp(argument->key, "dir") == 0) {
      dir = argument->value;
    } else {
      cursor_unexpected(&cursor);
    }
  }
  if (in == NULL || dir == NULL) return reply_error("request", 0, NULL, "unpack needs in= and dir=");
  if (mkdir(dir, 0755) != 0 && errno != EEXIST)
    return reply_error("unpack", errno, dir, "cannot make the directory");
  struct extract extract = {.phase = "unpack", .layer = true};
  extract.root = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (extract.root < 0) return reply_error("unpack", errno, dir, "cannot open the directory");

  struct hashed input = {.stream.read = hashed_read, .input = stream_open_layer(in)};
  sha256_begin(&input.hash);
  struct tar_reader reader = {.input = &input.stream};
  struct tar_member member;
  int status = tar_next(&reader, &member);
  if (status < 0) return reply_error("unpack", 0, NULL, "cannot read the archive: %s", reader.problem);
  if (status == 1) extract_all(&extract, &reader, &member);
  if (!drain(&input.stream))
    return reply_error("unpack", 0, NULL, "cannot read the archive: %s", input.stream.problem);
  unsigned char diff_id[SHA256_SIZE];
  sha256_end(&input.hash, diff_id);

  uint64_t implied = report_implied(&extract);
  if (extract.missing_links.length > 0) reply_data(extract.missing_links.bytes, extract.missing_links.length);
  reply_result("diffid", "%s", sha256_text(diff_id).text);
  reply_result("count", "%llu", (unsigned long long)extract.count);
  reply_result("bytes", "%llu", (unsigned long long)extract.bytes);
  reply_result("implied", "%llu", (unsigned long long)implied);
  reply_result("links", "%llu", (unsigned long long)extract.missing_link_count);
  reply_result("skipped", "%llu", (unsigned long long)extract.skipped);
  reply_result("unmapped", "%llu", (unsigned long long)extract.unmapped);
  return 0;
}
