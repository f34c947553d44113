// Parsing of PAX records and of header numbers.
#define _GNU_SOURCE
#include "layer/tar_pax.h"

#include <string.h>

#define XATTR_KEY "SCHILY.xattr."
#define RUNS_MAX ((size_t)1 << 20)

bool tar_signed_number(const char *field, size_t length, int64_t *value) {
  const unsigned char *bytes = (const unsigned char *)field;
  if (bytes[0] & 0x80) {
    bool negative = (bytes[0] & 0x40) != 0;
    // Two's complement over the whole field without its topmost bit.
    uint64_t number = negative ? UINT64_MAX : 0;
    for (size_t i = 0; i < length; i++) {
      unsigned char byte = i == 0 ? (unsigned char)((bytes[0] & 0x7f) | (negative ? 0x80 : 0)) : bytes[i];
      if (number >> 55 != (negative ? 0x1ff : 0)) return false;
      number = number << 8 | byte;
    }
    *value = (int64_t)number;
    return true;
  }
  size_t at = 0;
  while (at < length && field[at] == ' ') at++;
  uint64_t number = 0;
  for (; at < length && field[at] >= '0' && field[at] <= '7'; at++) {
    if (number >> 60 != 0) return false;
    number = number << 3 | (uint64_t)(field[at] - '0');
  }
  bool empty = at == 0 || field[at - 1] == ' ';
  while (at < length && field[at] == ' ') at++;
  while (empty && at < length && field[at] == 0) at++;
  *value = (int64_t)number;
  return (at == length || (!empty && field[at] == 0)) && (int64_t)number >= 0;
}

bool tar_number(const char *field, size_t length, uint64_t *value) {
  int64_t number;
  if (!tar_signed_number(field, length, &number) || number < 0) return false;
  *value = (uint64_t)number;
  return true;
}

bool tar_add_run(struct tar_extension *extension, uint64_t offset, uint64_t length) {
  struct tar_extension *to = extension;
  if (to->run_count >= RUNS_MAX) return false;
  if ((to->run_count & (to->run_count + 1)) == 0) {
    to->runs = xreallocarray(to->runs, 2 * (to->run_count + 1), sizeof *to->runs);
  }
  to->runs[to->run_count++] = (struct tar_run){offset, length};
  return true;
}

/** "offset,length,offset,length…" (GNU sparse format 0.1). */
static bool parse_map(struct tar_extension *extension, char *text) {
  char *rest = text;
  for (char *offset_text; (offset_text = strsep(&rest, ",")) != NULL;) {
    const char *length_text = strsep(&rest, ",");
    uint64_t offset, length;
    if (length_text == NULL) return false;
    if (!parse_u64(offset_text, INT64_MAX, &offset) || !parse_u64(length_text, INT64_MAX, &length))
      return false;
    if (!tar_add_run(extension, offset, length)) return false;
  }
  return true;
}

static bool add_xattr(struct tar_extension *extension, const char *name, const char *value, size_t length) {
  struct xattrs *xattrs = &extension->xattrs;
  xattrs->list = xreallocarray(xattrs->list, xattrs->count + 1, sizeof *xattrs->list);
  xattrs->list[xattrs->count++] = (struct xattr){name, value, length};
  return true;
}

/** GNU.sparse.*, without that prefix. */
static bool apply_sparse(struct tar_extension *extension, const char *key, char *value) {
  extension->sparse = true;
  if (*value == 0) return true;
  uint64_t number;
  if (strcmp(key, "name") == 0) {
    extension->sparse_name = value;
    return true;
  }
  if (strcmp(key, "map") == 0) return parse_map(extension, value);
  if (!parse_u64(value, INT64_MAX, &number)) return false;
  if (strcmp(key, "major") == 0) extension->sparse_major = number;
  if (strcmp(key, "minor") == 0) extension->sparse_minor = number;
  if (strcmp(key, "size") == 0 || strcmp(key, "realsize") == 0) {
    extension->has_sparse_size = true;
    extension->sparse_size = number;
  }
  // Format 0.0: pairs of records, each run an offset and then its length.
  if (strcmp(key, "offset") == 0 && !tar_add_run(extension, number, 0)) return false;
  if (strcmp(key, "numbytes") == 0) {
    if (extension->run_count == 0) return false;
    extension->runs[extension->run_count - 1].length = number;
  }
  return true;
}

/** A decimal time with any number of fractional digits. */
static bool parse_pax_time(const char *text, struct timespec *time) {
  char copy[64];
  size_t length = strlen(text);
  const char *dot = strchr(text, '.');
  // Digits beyond nanoseconds are cut off.
  if (dot != NULL && length > (size_t)(dot - text) + 10) length = (size_t)(dot - text) + 10;
  if (dot != NULL && dot[1] == 0) length--;
  if (length >= sizeof copy) return false;
  memcpy(copy, text, length);
  copy[length] = 0;
  return parse_time(copy, time);
}

static bool take_number(const char *value, bool *said, uint64_t *number) {
  *said = *value != 0;
  return !*said || parse_u64(value, INT64_MAX, number);
}

static bool apply_record(struct tar_extension *extension, const char *key, char *value, size_t length) {
  if (strncmp(key, XATTR_KEY, strlen(XATTR_KEY)) == 0) {
    return add_xattr(extension, key + strlen(XATTR_KEY), value, length);
  }
  bool known = strcmp(key, "path") == 0 || strcmp(key, "linkpath") == 0 || strncmp(key, "GNU.sparse.", 11) == 0;
  if (known && strlen(value) != length) return false;  // a NUL in a name
  if (strncmp(key, "GNU.sparse.", 11) == 0) return apply_sparse(extension, key + 11, value);
  // An empty value says nothing: what the header says counts.
  bool said = length > 0;
  if (strcmp(key, "path") == 0) extension->path = said ? value : NULL;
  if (strcmp(key, "linkpath") == 0) extension->link = said ? value : NULL;
  if (strcmp(key, "size") == 0) return take_number(value, &extension->has_size, &extension->size);
  if (strcmp(key, "uid") == 0) return take_number(value, &extension->has_uid, &extension->uid);
  if (strcmp(key, "gid") == 0) return take_number(value, &extension->has_gid, &extension->gid);
  if (strcmp(key, "mtime") == 0) {
    extension->has_mtime = said;
    return !said || parse_pax_time(value, &extension->mtime);
  }
  return true;
}

bool tar_pax_records(struct tar_extension *extension, char *records, size_t length) {
  while (length > 0) {
    size_t digits = 0;
    size_t total = 0;
    for (; digits < length && digits < 10 && records[digits] >= '0' && records[digits] <= '9'; digits++) {
      total = total * 10 + (size_t)(records[digits] - '0');
    }
    if (digits == 0 || digits >= length || records[digits] != ' ') return false;
    if (total > length || total < digits + 4 || records[total - 1] != '\n') return false;
    char *key = records + digits + 1;
    size_t rest = total - digits - 2;
    char *equals = memchr(key, '=', rest);
    if (equals == NULL || equals == key) return false;
    *equals = records[total - 1] = 0;
    if (!apply_record(extension, key, equals + 1, rest - (size_t)(equals - key) - 1)) return false;
    records += total;
    length -= total;
  }
  return true;
}
