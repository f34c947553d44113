// Writing eStargz (estargz.h). Entries are written as text at once; the offsets, which the compressing threads decide,
// are put in between when the table is made.
#define _GNU_SOURCE
#include "layer/estargz.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TABLE_NAME "stargz.index.json"
#define LANDMARK ".no.prefetch.landmark"
#define OTHER_LANDMARK ".prefetch.landmark"
#define TABLE_END "]}"
#define FOOTER_SIZE ((size_t)51)

/** The length of the UTF-8 sequence that `text` begins with; 0: it is none. */
static size_t utf8_length(const unsigned char *text) {
  if (text[0] < 0x80) return 1;
  size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
  if (text[0] < 0xc2 || text[0] > 0xf4) return 0;
  for (size_t i = 1; i < length; i++) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  bool overlong = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xf0 && text[1] < 0x90);
  bool surrogate = text[0] == 0xed && text[1] > 0x9f;
  bool beyond = text[0] == 0xf4 && text[1] > 0x8f;
  return overlong || surrogate || beyond ? 0 : length;
}

/** JSON has no other bytes than UTF-8: what is none is told as U+FFFD, as by every writer of this format. */
static void put_text(struct buffer *out, const char *key, const char *value) {
  buffer_format(out, ",\"%s\":\"", key);
  for (const unsigned char *at = (const unsigned char *)value; *at != 0;) {
    size_t length = utf8_length(at);
    if (length == 0) {
      buffer_string(out, "\\ufffd");
      length = 1;
    } else if (*at == '"' || *at == '\\') {
      buffer_format(out, "\\%c", *at);
    } else if (*at < 0x20) {
      buffer_format(out, "\\u%04x", *at);
    } else {
      buffer_append(out, at, length);
    }
    at += length;
  }
  buffer_string(out, "\"");
}

static void put_base64(struct buffer *out, const char *bytes, size_t length) {
  static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (size_t i = 0; i < length; i += 3) {
    uint32_t group = 0;
    for (size_t k = 0; k < 3; k++) group = group << 8 | (i + k < length ? (unsigned char)bytes[i + k] : 0);
    char text[4];
    for (size_t k = 0; k < 4; k++) {
      text[k] = '=';
      if (i + k <= length) text[k] = DIGITS[group >> (18 - 6 * k) & 63];
    }
    buffer_append(out, text, sizeof text);
  }
}

static void put_xattrs(struct buffer *out, const struct xattrs *xattrs) {
  if (xattrs->count == 0) return;
  buffer_string(out, ",\"xattrs\":{");
  for (size_t i = 0; i < xattrs->count; i++) {
    buffer_format(out, "%s\"%s\":\"", i == 0 ? "" : ",", xattrs->list[i].name);
    put_base64(out, xattrs->list[i].value, xattrs->list[i].length);
    buffer_string(out, "\"");
  }
  buffer_string(out, "}");
}

static const char *type_name(enum tar_type type) {
  switch (type) {
    case TAR_FILE:
      return "reg";
    case TAR_HARD_LINK:
      return "hardlink";
    case TAR_SYMLINK:
      return "symlink";
    case TAR_CHARACTER:
      return "char";
    case TAR_BLOCK_DEVICE:
      return "block";
    case TAR_DIRECTORY:
      return "dir";
    case TAR_FIFO:
      return "fifo";
  }
  abort();
}

/** RFC 3339 has years of four digits; another time is not told. */
static void put_time(struct buffer *out, time_t seconds) {
  struct tm parts;
  if (gmtime_r(&seconds, &parts) == NULL || parts.tm_year < -1900 || parts.tm_year > 9999 - 1900) return;
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  // Years before 1000 come without their zeros.
  buffer_format(out, ",\"modtime\":\"%0*d%s\"", 4, parts.tm_year + 1900, strchr(text, '-'));
}

static void begin_entry(struct buffer *out, const char *type) {
  buffer_format(out, "%s{\"type\":\"%s\"", out->bytes[out->length - 1] == '[' ? "" : ",", type);
}

void estargz_member(struct estargz *estargz, const struct tar_member *member) {
  struct buffer *out = &estargz->text;
  begin_entry(out, type_name(member->type));
  static struct buffer name;
  name.length = 0;
  buffer_string(&name, member->path);
  if (member->type == TAR_DIRECTORY) buffer_string(&name, "/");
  put_text(out, "name", name.bytes);
  if (*member->link != 0) put_text(out, "linkName", member->link);
  put_time(out, member->mtime.tv_sec);
  buffer_format(out, ",\"mode\":%u", (unsigned)member->mode);
  buffer_format(out, ",\"uid\":%" PRIu64 ",\"gid\":%" PRIu64, member->uid, member->gid);
  if (member->type == TAR_CHARACTER || member->type == TAR_BLOCK_DEVICE) {
    buffer_format(out, ",\"devMajor\":%u,\"devMinor\":%u", member->device_major, member->device_minor);
  }
  put_xattrs(out, &member->xattrs);
  if (member->type == TAR_FILE && member->size > 0) {
    buffer_format(out, ",\"size\":%" PRIu64, member->size);
    return;  // estargz_data ends it
  }
  if (member->type == TAR_FILE) {
    struct sha256 nothing;
    unsigned char digest[SHA256_SIZE];
    sha256_begin(&nothing);
    sha256_end(&nothing, digest);
    buffer_format(out, ",\"digest\":\"%s\"", sha256_text(digest).text);
  }
  buffer_string(out, "}");
}

/** `"offset":` and, at the end, where the block begins. */
static void put_offset(struct estargz *estargz) {
  buffer_string(&estargz->text, ",\"offset\":");
  if (estargz->place_count == estargz->place_capacity) {
    estargz->place_capacity = estargz->place_capacity == 0 ? 1024 : 2 * estargz->place_capacity;
    estargz->places = xreallocarray(estargz->places, estargz->place_capacity, sizeof *estargz->places);
  }
  estargz->places[estargz->place_count++] =
      (struct estargz_place){.at = estargz->text.length, .block = blob_cut(estargz->blob)};
}

/** One piece of the file, at most a block: that is what a member holds. */
static int put_piece(struct estargz *estargz, int fd, size_t length, struct sha256 *whole) {
  static LARGE char piece[BLOB_BLOCK];
  errno = 0;
  if (read_full(fd, piece, length) != (ssize_t)length) return -1;
  struct sha256 hash;
  unsigned char digest[SHA256_SIZE];
  sha256_begin(&hash);
  sha256_add(&hash, piece, length);
  sha256_end(&hash, digest);
  if (whole != NULL) sha256_add(whole, piece, length);
  put_offset(estargz);
  buffer_format(&estargz->text, ",\"chunkDigest\":\"%s\"", sha256_text(digest).text);
  if (whole == NULL) buffer_format(&estargz->text, ",\"digest\":\"%s\"", sha256_text(digest).text);
  blob_write(estargz->blob, piece, length);
  return 0;
}

int estargz_data(struct estargz *estargz, const char *path, int fd, uint64_t size) {
  struct buffer *out = &estargz->text;
  if (size <= BLOB_BLOCK) {
    if (put_piece(estargz, fd, (size_t)size, NULL) != 0) return -1;
    buffer_string(out, "}");
    return 0;
  }
  // The digest of the whole belongs into the first entry, which is written before the data is known.
  buffer_format(out, ",\"digest\":\"sha256:%064d\"", 0);
  size_t digest_at = out->length - 1 - 64;
  struct sha256 whole;
  sha256_begin(&whole);
  for (uint64_t done = 0; done < size;) {
    size_t length = size - done < BLOB_BLOCK ? (size_t)(size - done) : BLOB_BLOCK;
    if (done > 0) {
      begin_entry(out, "chunk");
      put_text(out, "name", path);
      buffer_format(out, ",\"chunkOffset\":%" PRIu64, done);
    }
    buffer_format(out, ",\"chunkSize\":%zu", length);
    if (put_piece(estargz, fd, length, &whole) != 0) return -1;
    buffer_string(out, "}");
    done += length;
  }
  unsigned char digest[SHA256_SIZE];
  sha256_end(&whole, digest);
  memcpy(out->bytes + digest_at, sha256_text(digest).text + strlen("sha256:"), 64);
  return 0;
}

bool estargz_reserves(const char *path) {
  return strcmp(path, TABLE_NAME) == 0 || strcmp(path, LANDMARK) == 0 || strcmp(path, OTHER_LANDMARK) == 0;
}

void estargz_begin(struct estargz *estargz, struct blob *blob) {
  static const char CONTENT = 0xf;
  static const char ZEROS[TAR_BLOCK];
  *estargz = (struct estargz){.blob = blob};
  buffer_string(&estargz->text, "{\"version\":1,\"entries\":[");
  struct tar_member member = {.type = TAR_FILE, .path = LANDMARK, .link = "", .size = sizeof CONTENT};
  struct buffer header = {0};
  tar_put_header(&header, &member);
  blob_write(blob, header.bytes, header.length);
  estargz_member(estargz, &member);
  unsigned char digest[SHA256_SIZE];
  struct sha256 hash;
  sha256_begin(&hash);
  sha256_add(&hash, &CONTENT, sizeof CONTENT);
  sha256_end(&hash, digest);
  struct sha256_text text = sha256_text(digest);
  put_offset(estargz);
  buffer_format(&estargz->text, ",\"chunkDigest\":\"%s\",\"digest\":\"%s\"}", text.text, text.text);
  blob_write(blob, &CONTENT, sizeof CONTENT);
  blob_write(blob, ZEROS, tar_padding(sizeof CONTENT));
}

/** The table with all offsets. */
static struct buffer finished_table(const struct estargz *estargz) {
  struct buffer table = {0};
  size_t done = 0;
  for (size_t i = 0; i < estargz->place_count; i++) {
    const struct estargz_place *place = &estargz->places[i];
    buffer_append(&table, estargz->text.bytes + done, place->at - done);
    buffer_format(&table, "%" PRIu64, estargz->blob->offsets[place->block]);
    done = place->at;
  }
  buffer_append(&table, estargz->text.bytes + done, estargz->text.length - done);
  buffer_string(&table, TABLE_END);
  return table;
}

/** An empty gzip member whose extra field (RFC 1952 §2.3.1.1) says where the table's member begins. */
static void put_footer(struct blob *blob, uint64_t table_offset) {
  unsigned char footer[FOOTER_SIZE] = {0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 26, 0, 'S', 'G', 22, 0};
  char text[23];
  snprintf(text, sizeof text, "%016" PRIx64 "STARGZ", table_offset);
  memcpy(footer + 16, text, 22);
  static const unsigned char EMPTY_BLOCK[] = {1, 0, 0, 0xff, 0xff};
  memcpy(footer + 38, EMPTY_BLOCK, sizeof EMPTY_BLOCK);
  blob_store(blob, footer, sizeof footer);
}

void estargz_end(struct estargz *estargz, unsigned char table_digest[SHA256_SIZE]) {
  static const char ZEROS[3 * TAR_BLOCK];
  blob_settle(estargz->blob);
  struct buffer table = finished_table(estargz);
  struct sha256 hash;
  sha256_begin(&hash);
  sha256_add(&hash, table.bytes, table.length);
  sha256_end(&hash, table_digest);
  // Readers take one member for the whole table, and the end of the tar is in it.
  struct tar_member member = {.type = TAR_FILE, .path = TABLE_NAME, .link = "", .size = table.length};
  struct buffer archive = {0};
  tar_put_header(&archive, &member);
  buffer_append(&archive, table.bytes, table.length);
  buffer_append(&archive, ZEROS, tar_padding(table.length) + 2 * (size_t)TAR_BLOCK);
  free(table.bytes);
  free(estargz->text.bytes);
  uint64_t offset = estargz->blob->stored_size;
  blob_write_member(estargz->blob, archive.bytes, archive.length);
  put_footer(estargz->blob, offset);
}
