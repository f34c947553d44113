// SHA-256 (FIPS 180-4). Our own, because the helper links nothing but libc; uses the SHA instructions of
// x86-64 processors where they exist (1.8 GB/s instead of 0.3).
#ifndef TSBUILD_SHA256_H
#define TSBUILD_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA256_BLOCK 64

struct sha256 {
  uint32_t state[8];
  uint64_t length;                    // bytes so far
  unsigned char block[SHA256_BLOCK];  // the first length % 64 bytes are waiting
};

void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t length);
void sha256_end(struct sha256 *hash, unsigned char digest[SHA256_SIZE]);

/** "sha256:" and 64 lower-case hex digits. */
struct sha256_text {
  char text[7 + 2 * SHA256_SIZE + 1];
};
struct sha256_text sha256_text(const unsigned char digest[SHA256_SIZE]);

#endif
