// gzip decompression (RFC 1951, RFC 1952), streaming, several members one after the other. Our own, so that a
// layer or an ADDed archive never depends on a program or library of the host.
#ifndef TSBUILD_INFLATE_H
#define TSBUILD_INFLATE_H

#include "blob/stream.h"

/** Decompresses what `input` holds, which begins with a gzip header. */
struct stream *stream_gunzip(struct stream *input);

/** The CRC of gzip over more bytes; begin with 0. */
uint32_t crc32_add(uint32_t crc, const void *bytes, size_t length);

#endif
