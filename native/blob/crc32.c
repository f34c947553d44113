// CRC-32 of gzip (RFC 1952 section 8), eight bytes at a time with eight tables.
#define _GNU_SOURCE
#include "blob/inflate.h"

static LARGE uint32_t tables[8][256];

__attribute__((constructor)) static void fill_tables(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; bit++) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
    tables[0][byte] = value;
  }
  for (int table = 1; table < 8; table++) {
    for (int byte = 0; byte < 256; byte++) {
      uint32_t before = tables[table - 1][byte];
      tables[table][byte] = before >> 8 ^ tables[0][before & 255];
    }
  }
}

uint32_t crc32_add(uint32_t crc, const void *bytes, size_t length) {
  const unsigned char *from = bytes;
  crc = ~crc;
  for (; length >= 8; length -= 8, from += 8) {
    uint32_t low = get_u32(from) ^ crc;
    uint32_t high = get_u32(from + 4);
    crc = tables[7][low & 255] ^ tables[6][low >> 8 & 255] ^ tables[5][low >> 16 & 255] ^
          tables[4][low >> 24] ^ tables[3][high & 255] ^ tables[2][high >> 8 & 255] ^
          tables[1][high >> 16 & 255] ^ tables[0][high >> 24];
  }
  for (; length > 0; length--, from++) crc = crc >> 8 ^ tables[0][(crc ^ *from) & 255];
  return ~crc;
}
