// Writing tar headers. Canonical: user and group names stay empty, device fields are those of devices only,
// PAX headers have fixed metadata, and their records come in a fixed order.
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "layer/tar.h"
#include "util/path.h"

#define NAME_SIZE 100
#define PREFIX_SIZE 155
#define ID_MAX ((uint64_t)07777777)
#define NUMBER_MAX ((uint64_t)077777777777)

// Offsets of ustar fields.
enum {
  AT_NAME = 0, AT_MODE = 100, AT_UID = 108, AT_GID = 116, AT_SIZE = 124, AT_MTIME = 136,
  AT_CHECKSUM = 148, AT_TYPE = 156, AT_LINK = 157, AT_MAGIC = 257, AT_MAJOR = 329, AT_MINOR = 337,
  AT_PREFIX = 345
};

/** `digits` octal digits and a NUL. */
static void put_octal(char *to, int digits, uint64_t value) {
  for (int i = digits - 1; i >= 0; i--, value >>= 3) to[i] = (char)('0' + (value & 7));
}

static bool is_ascii(const char *text) {
  for (; *text != 0; text++) {
    if ((unsigned char)*text >= 0x80) return false;
  }
  return true;
}

/** One PAX record: "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
static void put_record(struct buffer *records, const char *key, const char *value, size_t length) {
  size_t rest = strlen(key) + length + 3;  // space, equals sign, newline
  size_t total = rest + 1;
  for (size_t before = 0; before != total;) {
    before = total;
    total = rest;
    for (size_t digits = before; digits > 0; digits /= 10) total++;
  }
  buffer_format(records, "%zu %s=", total, key);
  buffer_append(records, value, length);
  buffer_append(records, "\n", 1);
}

static void put_number_record(struct buffer *records, const char *key, uint64_t value) {
  char text[24];
  int length = snprintf(text, sizeof text, "%" PRIu64, value);
  put_record(records, key, text, (size_t)length);
}

/** Where ustar can divide a long path: the length of the prefix, or 0. */
static size_t split_path(const char *path, size_t length) {
  if (length > PREFIX_SIZE + 1 + NAME_SIZE) return 0;
  size_t first = length > NAME_SIZE + 1 ? length - NAME_SIZE - 1 : 1;
  // The slash at the very end of a directory's path cannot be the one that divides.
  for (size_t at = first; at + 1 < length && at <= PREFIX_SIZE; at++) {
    if (path[at] == '/') return at;
  }
  return 0;
}

/** The path field(s); a PAX record when they cannot hold it. */
static void put_path(char *block, struct buffer *records, const char *path) {
  size_t length = strlen(path);
  bool ascii = is_ascii(path);
  size_t prefix = length > NAME_SIZE ? split_path(path, length) : 0;
  if (ascii && prefix > 0) {
    memcpy(block + AT_PREFIX, path, prefix);
    memcpy(block + AT_NAME, path + prefix + 1, length - prefix - 1);
    return;
  }
  memcpy(block + AT_NAME, path, length > NAME_SIZE ? NAME_SIZE : length);
  if (!ascii || length > NAME_SIZE) put_record(records, "path", path, length);
}

static void put_link(char *block, struct buffer *records, const char *link) {
  size_t length = strlen(link);
  memcpy(block + AT_LINK, link, length > NAME_SIZE ? NAME_SIZE : length);
  if (!is_ascii(link) || length > NAME_SIZE) put_record(records, "linkpath", link, length);
}

static void put_id(char *field, struct buffer *records, const char *key, uint64_t id) {
  put_octal(field, 7, id <= ID_MAX ? id : 0);
  if (id > ID_MAX) put_number_record(records, key, id);
}

static void put_mtime(char *block, struct buffer *records, int64_t seconds) {
  bool fits = seconds >= 0 && (uint64_t)seconds <= NUMBER_MAX;
  put_octal(block + AT_MTIME, 11, fits ? (uint64_t)seconds : 0);
  if (fits) return;
  char text[24];
  int length = snprintf(text, sizeof text, "%" PRId64, seconds);
  put_record(records, "mtime", text, (size_t)length);
}

static void put_size(char *block, struct buffer *records, uint64_t size) {
  put_octal(block + AT_SIZE, 11, size <= NUMBER_MAX ? size : 0);
  if (size > NUMBER_MAX) put_number_record(records, "size", size);
}

static void put_xattrs(struct buffer *records, const struct xattrs *xattrs) {
  for (size_t i = 0; i < xattrs->count; i++) {
    char key[16 + 256];
    snprintf(key, sizeof key, "SCHILY.xattr.%s", xattrs->list[i].name);
    put_record(records, key, xattrs->list[i].value, xattrs->list[i].length);
  }
}

static void finish_block(char *block, char type) {
  block[AT_TYPE] = type;
  memcpy(block + AT_MAGIC, "ustar\0" "00", 8);
  memset(block + AT_CHECKSUM, ' ', 8);
  unsigned int sum = 0;
  for (size_t i = 0; i < TAR_BLOCK; i++) sum += (unsigned char)block[i];
  put_octal(block + AT_CHECKSUM, 6, sum);
  block[AT_CHECKSUM + 6] = 0;
}

/** The extended header in front of a member: named after it, as pax(1) does, so that old tools leave a trace of it. */
static void put_extended(struct buffer *out, const char *path, const struct buffer *records) {
  char block[TAR_BLOCK] = {0};
  snprintf(block + AT_NAME, NAME_SIZE, "PaxHeaders.0/%s", path_base(path));
  put_octal(block + AT_MODE, 7, 0644);
  put_octal(block + AT_UID, 7, 0);
  put_octal(block + AT_GID, 7, 0);
  put_octal(block + AT_SIZE, 11, records->length);
  put_octal(block + AT_MTIME, 11, 0);
  finish_block(block, 'x');
  static const char ZEROS[TAR_BLOCK];
  buffer_append(out, block, sizeof block);
  buffer_append(out, records->bytes, records->length);
  buffer_append(out, ZEROS, tar_padding(records->length));
}

void tar_put_header(struct buffer *out, const struct tar_member *member) {
  static struct buffer records;
  static struct buffer path;
  records.length = 0;
  path.length = 0;
  buffer_string(&path, member->path);
  if (member->type == TAR_DIRECTORY) buffer_string(&path, "/");

  char block[TAR_BLOCK] = {0};
  put_path(block, &records, path.bytes);
  put_link(block, &records, member->link);
  put_octal(block + AT_MODE, 7, member->mode & 07777);
  put_id(block + AT_UID, &records, "uid", member->uid);
  put_id(block + AT_GID, &records, "gid", member->gid);
  put_size(block, &records, member->size);
  put_mtime(block, &records, member->mtime.tv_sec);
  if (member->type == TAR_CHARACTER || member->type == TAR_BLOCK_DEVICE) {
    put_octal(block + AT_MAJOR, 7, member->device_major);
    put_octal(block + AT_MINOR, 7, member->device_minor);
  }
  put_xattrs(&records, &member->xattrs);
  finish_block(block, (char)member->type);
  if (records.length > 0) put_extended(out, member->path, &records);
  buffer_append(out, block, sizeof block);
}
