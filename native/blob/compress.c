// The verb `compress`: the same tar in another compression.
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "blob/blob.h"
#include "blob/stream.h"
#include "protocol/reply.h"
#include "protocol/verbs.h"

static void copy_all(struct blob *blob, struct stream *input) {
  static LARGE char piece[65536];
  ssize_t length;
  while ((length = input->read(input, piece, sizeof piece)) > 0) blob_write(blob, piece, (size_t)length);
  if (length < 0) die("compress", 0, NULL, "cannot read the archive: %s", input->problem);
}

int verb_compress(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  const char *in = NULL;
  const char *out = NULL;
  enum blob_format format = BLOB_PLAIN;
  int level = BLOB_LEVEL_USUAL;
  for (const struct argument *argument; (argument = cursor_peek(&cursor)) != NULL; cursor.next++) {
    if (strcmp(argument->key, "in") == 0) {
      in = argument->value;
    } else if (strcmp(argument->key, "out") == 0) {
      out = argument->value;
    } else if (strcmp(argument->key, "compress") == 0) {
      format = blob_format_of(argument->value);
    } else if (strcmp(argument->key, "level") == 0) {
      level = (int)argument_u64(argument->key, argument->value, 22);
    } else {
      cursor_unexpected(&cursor);
    }
  }
  if (in == NULL || out == NULL) return reply_error("request", 0, NULL, "compress needs in= and out=");
  struct stream *input = stream_open_layer(in);
  int fd = blob_create("compress", out);
  struct blob blob;
  blob_begin(&blob, fd, format, level);
  copy_all(&blob, input);
  struct blob_result result = blob_end(&blob);
  blob_report(&result, fd >= 0);
  return 0;
}
