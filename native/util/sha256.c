// SHA-256: the compression function twice (portable C; the SHA-NI instructions of x86-64), chosen at run
// time, and the padding of FIPS 180-4 section 5.1.1 around it.
#define _GNU_SOURCE
#include "util/sha256.h"

#include <stdbool.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

static const uint32_t ROUND_CONSTANTS[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate_right(uint32_t word, int count) {
  return (word >> count) | (word << (32 - count));
}

static inline uint32_t load_big_endian(const unsigned char *from) {
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static inline void store_big_endian(unsigned char *to, uint32_t word) {
  to[0] = (unsigned char)(word >> 24);
  to[1] = (unsigned char)(word >> 16);
  to[2] = (unsigned char)(word >> 8);
  to[3] = (unsigned char)word;
}

/** The 16 words of a block extended to 64 (section 6.2.2, step 1). */
static void message_schedule(uint32_t words[64], const unsigned char *block) {
  for (size_t i = 0; i < 16; i++) words[i] = load_big_endian(block + 4 * i);
  for (int i = 16; i < 64; i++) {
    uint32_t a = words[i - 15];
    uint32_t b = words[i - 2];
    uint32_t small_0 = rotate_right(a, 7) ^ rotate_right(a, 18) ^ (a >> 3);
    uint32_t small_1 = rotate_right(b, 17) ^ rotate_right(b, 19) ^ (b >> 10);
    words[i] = words[i - 16] + small_0 + words[i - 7] + small_1;
  }
}

static void compress_portable(uint32_t state[8], const unsigned char *blocks, size_t count) {
  for (; count > 0; count--, blocks += SHA256_BLOCK) {
    uint32_t words[64];
    message_schedule(words, blocks);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
      uint32_t big_1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
      uint32_t choice = (e & f) ^ (~e & g);
      uint32_t one = h + big_1 + choice + ROUND_CONSTANTS[i] + words[i];
      uint32_t big_0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
      uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
      h = g;
      g = f;
      f = e;
      e = d + one;
      d = c;
      c = b;
      b = a;
      a = one + big_0 + majority;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
  }
}

#if defined(__x86_64__)

/**
 * The same with SHA-NI: sha256rnds2 does two rounds on the state held as (A,B,E,F) and (C,D,G,H); sha256msg1
 * and sha256msg2 do four words of the schedule (Intel SDM volume 2, SHA256RNDS2).
 */
__attribute__((target("sha,sse4.1,ssse3"))) static void compress_instructions(uint32_t state[8],
                                                                              const unsigned char *blocks,
                                                                              size_t count) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)&state[0]);
  __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)&state[4]);
  __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1);
  __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1b);
  __m128i abef = _mm_alignr_epi8(cdab, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);

  for (; count > 0; count--, blocks += SHA256_BLOCK) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i words[4];
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++) {
      words[i] = _mm_loadu_si128((const __m128i *)(const void *)(blocks + 16 * i));
      words[i] = _mm_shuffle_epi8(words[i], swap);
    }
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++) {
      __m128i constants = _mm_loadu_si128((const __m128i *)(const void *)&ROUND_CONSTANTS[4 * i]);
      __m128i sum = _mm_add_epi32(words[i & 3], constants);
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
      if (i < 12) {
        __m128i next = _mm_sha256msg1_epu32(words[i & 3], words[(i + 1) & 3]);
        next = _mm_add_epi32(next, _mm_alignr_epi8(words[(i + 3) & 3], words[(i + 2) & 3], 4));
        words[i & 3] = _mm_sha256msg2_epu32(next, words[(i + 3) & 3]);
      }
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }

  __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128((__m128i *)(void *)&state[0], _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128((__m128i *)(void *)&state[4], _mm_alignr_epi8(dchg, feba, 8));
}

/** CPUID leaf 7, EBX bit 29: SHA; gcc 12's __builtin_cpu_supports does not know it. */
static bool has_instructions(void) {
  unsigned int a, b, c, d;
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0), "c"(0));
  if (a < 7) return false;
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(1), "c"(0));
  if ((c & (1u << 9)) == 0 || (c & (1u << 19)) == 0) return false;  // SSSE3, SSE4.1
  __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(7), "c"(0));
  return (b & (1u << 29)) != 0;
}

#endif

typedef void compress_function(uint32_t state[8], const unsigned char *blocks, size_t count);

static compress_function *choose(void) {
#if defined(__x86_64__)
  if (has_instructions()) return compress_instructions;
#endif
  return compress_portable;
}

static compress_function *compress_chosen;

void sha256_begin(struct sha256 *hash) {
  static const uint32_t INITIAL[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(hash->state, INITIAL, sizeof INITIAL);
  hash->length = 0;
  // Threads may race here; they all store the same pointer.
  if (__atomic_load_n(&compress_chosen, __ATOMIC_RELAXED) == NULL) {
    __atomic_store_n(&compress_chosen, choose(), __ATOMIC_RELAXED);
  }
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t length) {
  compress_function *compress = __atomic_load_n(&compress_chosen, __ATOMIC_RELAXED);
  const unsigned char *from = bytes;
  size_t waiting = hash->length % SHA256_BLOCK;
  hash->length += length;
  if (waiting > 0) {
    size_t missing = SHA256_BLOCK - waiting;
    if (length < missing) {
      memcpy(hash->block + waiting, from, length);
      return;
    }
    memcpy(hash->block + waiting, from, missing);
    compress(hash->state, hash->block, 1);
    from += missing;
    length -= missing;
  }
  size_t blocks = length / SHA256_BLOCK;
  if (blocks > 0) compress(hash->state, from, blocks);
  size_t rest = length % SHA256_BLOCK;
  if (rest > 0) memcpy(hash->block, from + blocks * SHA256_BLOCK, rest);
}

void sha256_end(struct sha256 *hash, unsigned char digest[SHA256_SIZE]) {
  static const unsigned char PADDING[SHA256_BLOCK] = {0x80};
  uint64_t bits = hash->length * 8;
  size_t waiting = hash->length % SHA256_BLOCK;
  size_t padding = waiting < 56 ? 56 - waiting : 120 - waiting;
  sha256_add(hash, PADDING, padding);
  unsigned char length[8];
  store_big_endian(length, (uint32_t)(bits >> 32));
  store_big_endian(length + 4, (uint32_t)bits);
  sha256_add(hash, length, sizeof length);
  for (size_t i = 0; i < 8; i++) store_big_endian(digest + 4 * i, hash->state[i]);
}

struct sha256_text sha256_text(const unsigned char digest[SHA256_SIZE]) {
  static const char HEX[] = "0123456789abcdef";
  struct sha256_text out;
  memcpy(out.text, "sha256:", 7);
  for (size_t i = 0; i < SHA256_SIZE; i++) {
    out.text[7 + 2 * i] = HEX[digest[i] >> 4];
    out.text[8 + 2 * i] = HEX[digest[i] & 15];
  }
  out.text[7 + 2 * SHA256_SIZE] = 0;
  return out;
}
