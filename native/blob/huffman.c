// Building the look-up tables of a Huffman code.
#define _GNU_SOURCE
#include "blob/huffman.h"

#include <string.h>

static unsigned int reverse_bits(unsigned int value, unsigned int count) {
  unsigned int result = 0;
  for (; count > 0; count--, value >>= 1) result = result << 1 | (value & 1);
  return result;
}

bool huffman_build(struct huffman *code, const unsigned char *lengths, size_t symbols) {
  memset(code->count, 0, sizeof code->count);
  memset(code->fast, 0, sizeof code->fast);
  for (size_t i = 0; i < symbols; i++) code->count[lengths[i]]++;
  code->count[0] = 0;
  unsigned int first[HUFFMAN_BITS_MAX + 1];  // code of the first symbol of each length
  unsigned int index[HUFFMAN_BITS_MAX + 1];  // its place in `symbols`
  unsigned int next = 0;
  unsigned int place = 0;
  for (unsigned int length = 1; length <= HUFFMAN_BITS_MAX; length++) {
    next <<= 1;
    first[length] = next;
    index[length] = place;
    next += code->count[length];
    place += code->count[length];
    if (next > 1u << length) return false;
  }
  for (size_t symbol = 0; symbol < symbols; symbol++) {
    unsigned int length = lengths[symbol];
    if (length == 0) continue;
    unsigned int value = first[length]++;
    code->symbols[index[length]++] = (uint16_t)symbol;
    if (length > HUFFMAN_FAST_BITS) continue;
    unsigned int step = 1u << length;
    for (unsigned int at = reverse_bits(value, length); at < 1u << HUFFMAN_FAST_BITS; at += step) {
      code->fast[at] = (uint16_t)(symbol << 4 | length);
    }
  }
  return true;
}
