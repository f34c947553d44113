// Compressing one block with the libraries that were there at build time. The gzip header is our own, with
// nothing in it that varies: no name, no time, no operating system.
#define _GNU_SOURCE
#include "blob/blob.h"

#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif
#ifdef HAVE_LIBZSTD
#include <zstd.h>
#endif

#define GZIP_LEVEL 6
#define ZSTD_LEVEL 3
#define GZIP_HEADER_SIZE ((size_t)10)
#define GZIP_TRAILER_SIZE ((size_t)8)

struct blob_codec {
  enum blob_format format;
  int level;
  void *state;
};

const char *compress_capabilities(void) {
#if defined(HAVE_LIBDEFLATE) && defined(HAVE_LIBZSTD)
  return "none,gzip,estargz,zstd";
#elif defined(HAVE_LIBDEFLATE)
  return "none,gzip,estargz";
#elif defined(HAVE_LIBZSTD)
  return "none,zstd";
#else
  return "none";
#endif
}

static const char *const needed[] = {
    [BLOB_GZIP] = "libdeflate: it cannot compress with gzip",
    [BLOB_ZSTD] = "libzstd: it cannot compress with zstd",
};

static int level_of(enum blob_format format, int level) {
  return level != BLOB_LEVEL_USUAL ? level : format == BLOB_GZIP ? GZIP_LEVEL : ZSTD_LEVEL;
}

const char *blob_compressor(enum blob_format format, int level) {
#ifdef HAVE_LIBDEFLATE
  if (format == BLOB_GZIP) return xformat("libdeflate-" LIBDEFLATE_VERSION_STRING "-%d", level_of(format, level));
#endif
  (void)format, (void)level;
  return NULL;
}

static void *new_state(enum blob_format format, int level) {
  (void)level;  // without libdeflate
#ifdef HAVE_LIBDEFLATE
  if (format == BLOB_GZIP) return libdeflate_alloc_compressor(level);
#endif
#ifdef HAVE_LIBZSTD
  if (format == BLOB_ZSTD) return ZSTD_createCCtx();
#endif
  die("unsupported", 0, NULL, "this helper was built without %s", needed[format]);
}

struct blob_codec *blob_codec_new(enum blob_format format, int level) {
  struct blob_codec *codec = xcalloc(1, sizeof *codec);
  codec->format = format;
  codec->level = level_of(format, level);
  codec->state = new_state(format, codec->level);
  if (codec->state == NULL) die("request", 0, NULL, "the compression level %d does not exist", codec->level);
  return codec;
}

size_t blob_codec_bound(const struct blob_codec *codec, size_t length) {
  size_t bound = 0;
#ifdef HAVE_LIBDEFLATE
  if (codec->format == BLOB_GZIP) {
    bound =
        libdeflate_deflate_compress_bound(codec->state, length) + GZIP_HEADER_SIZE + GZIP_TRAILER_SIZE;
  }
#endif
#ifdef HAVE_LIBZSTD
  if (codec->format == BLOB_ZSTD) bound = ZSTD_compressBound(length);
#endif
  (void)codec, (void)length;
  return bound;
}

#ifdef HAVE_LIBDEFLATE
static size_t compress_gzip(struct blob_codec *codec, const void *from, size_t length, unsigned char *to,
                            size_t room) {
  static const unsigned char HEADER[GZIP_HEADER_SIZE] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
  memcpy(to, HEADER, sizeof HEADER);
  size_t body = libdeflate_deflate_compress(codec->state, from, length, to + GZIP_HEADER_SIZE,
                                            room - GZIP_HEADER_SIZE - GZIP_TRAILER_SIZE);
  if (body == 0) abort();  // the room is what the library itself said is enough
  put_u32(to + GZIP_HEADER_SIZE + body, libdeflate_crc32(0, from, length));
  put_u32(to + GZIP_HEADER_SIZE + body + 4, (uint32_t)length);
  return GZIP_HEADER_SIZE + body + GZIP_TRAILER_SIZE;
}
#endif

size_t blob_codec_compress(struct blob_codec *codec, const void *from, size_t length, void *to, size_t room) {
#ifdef HAVE_LIBDEFLATE
  if (codec->format == BLOB_GZIP) return compress_gzip(codec, from, length, to, room);
#endif
#ifdef HAVE_LIBZSTD
  if (codec->format == BLOB_ZSTD) {
    size_t made = ZSTD_compressCCtx(codec->state, to, room, from, length, codec->level);
    if (ZSTD_isError(made)) abort();
    return made;
  }
#endif
  (void)codec, (void)from, (void)length, (void)to, (void)room;
  abort();
}

bool blob_codec_expand(const void *from, size_t *length, void *to, size_t *room) {
#ifdef HAVE_LIBDEFLATE
  static struct libdeflate_decompressor *state;
  if (state == NULL) state = libdeflate_alloc_decompressor();
  return libdeflate_gzip_decompress_ex(state, from, *length, to, *room, length, room) == LIBDEFLATE_SUCCESS;
#endif
  (void)from, (void)length, (void)to, (void)room;
  return false;
}
