// Canonical Huffman codes of deflate (RFC 1951, 3.2.2).
#ifndef TSBUILD_HUFFMAN_H
#define TSBUILD_HUFFMAN_H

#include "util/util.h"

#define HUFFMAN_FAST_BITS 10
#define HUFFMAN_BITS_MAX 15

/** Codes up to HUFFMAN_FAST_BITS by one look-up, longer ones bit by bit. */
struct huffman {
  uint16_t fast[1 << HUFFMAN_FAST_BITS];  // symbol << 4 | length; 0: longer than HUFFMAN_FAST_BITS or unused
  uint16_t count[HUFFMAN_BITS_MAX + 1];
  uint16_t symbols[288];  // in the order of their codes
};

/** Builds a code from the lengths of its symbols. False: more codes than there is room for. */
bool huffman_build(struct huffman *code, const unsigned char *lengths, size_t symbols);

#endif
