// Deflate and its gzip frame as a state machine that can stop after any symbol when the output buffer is
// full. The buffer keeps the last 32 KiB of output in front of what the caller has not taken yet, as the
// window for matches.
#define _GNU_SOURCE
#include "blob/inflate.h"

#include <string.h>

#include "blob/huffman.h"

#define WINDOW ((size_t)32 * 1024)
#define OUTPUT_SIZE (WINDOW + (size_t)128 * 1024)
#define INPUT_SIZE ((size_t)64 * 1024)
#define MATCH_MAX 258

enum state { AT_HEADER, AT_BLOCK, IN_STORED, IN_CODED, AT_TRAILER, AT_END };

struct gunzip {
  struct stream stream;
  struct stream *input;
  unsigned char in[INPUT_SIZE];
  size_t in_next;
  size_t in_end;
  uint64_t bits;  // the next bit is the lowest
  unsigned int bit_count;
  bool in_ended;
  enum state state;
  bool last_block;
  size_t stored;  // bytes left of a stored block
  struct huffman lengths;
  struct huffman distances;
  unsigned char out[OUTPUT_SIZE];
  size_t out_taken;
  size_t out_end;
  size_t out_hashed;
  size_t out_begin;  // of this member: matches may not reach in front of it
  uint64_t members;
  uint32_t crc;
  uint32_t size;
};

static bool fail(struct gunzip *gz, const char *problem) {
  if (gz->stream.problem == NULL) gz->stream.problem = problem;
  return false;
}

static bool refill_input(struct gunzip *gz) {
  if (gz->in_ended) return false;
  ssize_t length = gz->input->read(gz->input, gz->in, sizeof gz->in);
  if (length < 0) return fail(gz, gz->input->problem);
  gz->in_next = 0;
  gz->in_end = (size_t)length;
  gz->in_ended = length == 0;
  return length > 0;
}

/** At least `wanted` (at most 56) bits in `bits`, as far as there are any. */
static void fill_bits(struct gunzip *gz, unsigned int wanted) {
  if (gz->bit_count >= wanted) return;
  if (gz->in_end - gz->in_next >= 8) {
    uint64_t next = get_u32(gz->in + gz->in_next) | (uint64_t)get_u32(gz->in + gz->in_next + 4) << 32;
    gz->bits |= next << gz->bit_count;
    gz->in_next += (63 - gz->bit_count) / 8;
    gz->bit_count |= 56;
    return;
  }
  while (gz->bit_count < wanted) {
    if (gz->in_next == gz->in_end && !refill_input(gz)) return;
    gz->bits |= (uint64_t)gz->in[gz->in_next++] << gz->bit_count;
    gz->bit_count += 8;
  }
}

static bool take_bits(struct gunzip *gz, unsigned int count, uint32_t *value) {
  fill_bits(gz, count);
  if (gz->bit_count < count) return fail(gz, "unexpected EOF in compressed data");
  *value = (uint32_t)(gz->bits & ((UINT64_C(1) << count) - 1));
  gz->bits >>= count;
  gz->bit_count -= count;
  return true;
}

static int slow_symbol(struct gunzip *gz, const struct huffman *code) {
  unsigned int value = 0;
  unsigned int first = 0;
  unsigned int index = 0;
  for (unsigned int length = 1; length <= HUFFMAN_BITS_MAX; length++) {
    if (length > gz->bit_count) {
      fail(gz, "unexpected EOF in compressed data");
      return -1;
    }
    value |= (unsigned int)(gz->bits >> (length - 1)) & 1;
    unsigned int count = code->count[length];
    if (value < first + count) {
      gz->bits >>= length;
      gz->bit_count -= length;
      return code->symbols[index + (value - first)];
    }
    index += count;
    first = (first + count) << 1;
    value <<= 1;
  }
  fail(gz, "invalid compressed data");
  return -1;
}

/** The next symbol; -1 on bad or missing input. */
static int take_symbol(struct gunzip *gz, const struct huffman *code) {
  fill_bits(gz, HUFFMAN_BITS_MAX);
  unsigned int entry = code->fast[gz->bits & ((1u << HUFFMAN_FAST_BITS) - 1)];
  unsigned int length = entry & 15;
  if (length == 0 || length > gz->bit_count) return slow_symbol(gz, code);
  gz->bits >>= length;
  gz->bit_count -= length;
  return (int)(entry >> 4);
}

static bool fixed_codes(struct gunzip *gz) {
  unsigned char lengths[288];
  memset(lengths, 8, 144);
  memset(lengths + 144, 9, 112);
  memset(lengths + 256, 7, 24);
  memset(lengths + 280, 8, 8);
  unsigned char distances[30];
  memset(distances, 5, sizeof distances);
  return huffman_build(&gz->lengths, lengths, 288) && huffman_build(&gz->distances, distances, 30);
}

/** The code lengths of a dynamic block, themselves run-length and Huffman coded (RFC 1951, 3.2.7). */
static bool read_code_lengths(struct gunzip *gz, unsigned char *lengths, size_t total) {
  for (size_t done = 0; done < total;) {
    int symbol = take_symbol(gz, &gz->lengths);
    if (symbol < 0) return false;
    if (symbol < 16) {
      lengths[done++] = (unsigned char)symbol;
      continue;
    }
    static const unsigned char EXTRA[] = {2, 3, 7};
    static const unsigned char LEAST[] = {3, 3, 11};
    uint32_t repeat;
    if (!take_bits(gz, EXTRA[symbol - 16], &repeat)) return false;
    repeat += LEAST[symbol - 16];
    if (repeat > total - done || (symbol == 16 && done == 0)) return fail(gz, "invalid compressed data");
    memset(lengths + done, symbol == 16 ? lengths[done - 1] : 0, repeat);
    done += repeat;
  }
  return true;
}

static bool dynamic_codes(struct gunzip *gz) {
  static const unsigned char ORDER[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  uint32_t length_count = 0, distance_count = 0, code_count = 0;
  if (!take_bits(gz, 5, &length_count) || !take_bits(gz, 5, &distance_count) ||
      !take_bits(gz, 4, &code_count)) {
    return false;
  }
  length_count += 257;
  distance_count += 1;
  unsigned char lengths[288 + 32] = {0};
  for (uint32_t i = 0; i < code_count + 4; i++) {
    uint32_t length = 0;
    if (!take_bits(gz, 3, &length)) return false;
    lengths[ORDER[i]] = (unsigned char)length;
  }
  bool good = huffman_build(&gz->lengths, lengths, 19);
  memset(lengths, 0, sizeof lengths);
  if (!good || length_count > 286) return fail(gz, "invalid compressed data");
  if (!read_code_lengths(gz, lengths, length_count + distance_count)) return false;
  unsigned char distances[32];
  memcpy(distances, lengths + length_count, distance_count);
  if (!huffman_build(&gz->lengths, lengths, length_count) ||
      !huffman_build(&gz->distances, distances, distance_count)) {
    return fail(gz, "invalid compressed data");
  }
  return true;
}

/** Whole bytes out of the bit buffer and the input. */
static bool take_bytes(struct gunzip *gz, unsigned char *to, size_t length) {
  for (size_t i = 0; i < length; i++) {
    uint32_t byte = 0;
    if (!take_bits(gz, 8, &byte)) return false;
    to[i] = (unsigned char)byte;
  }
  return true;
}

static void align_to_byte(struct gunzip *gz) {
  gz->bits >>= gz->bit_count % 8;
  gz->bit_count -= gz->bit_count % 8;
}

static bool begin_block(struct gunzip *gz) {
  uint32_t last, type;
  if (!take_bits(gz, 1, &last) || !take_bits(gz, 2, &type)) return false;
  gz->last_block = last != 0;
  gz->state = type == 0 ? IN_STORED : IN_CODED;
  if (type == 1) return fixed_codes(gz);
  if (type == 2) return dynamic_codes(gz);
  if (type == 3) return fail(gz, "invalid compressed data");
  align_to_byte(gz);
  unsigned char header[4];
  if (!take_bytes(gz, header, sizeof header)) return false;
  gz->stored = header[0] | (size_t)header[1] << 8;
  if ((get_u32(header) >> 16 ^ get_u32(header)) << 16 != 0xffff0000u)
    return fail(gz, "invalid compressed data");
  return true;
}

static bool copy_stored(struct gunzip *gz) {
  while (gz->stored > 0 && gz->out_end < OUTPUT_SIZE) {
    size_t room = OUTPUT_SIZE - gz->out_end;
    size_t length = gz->stored < room ? gz->stored : room;
    if (gz->bit_count > 0) {
      length = 1;
      if (!take_bytes(gz, gz->out + gz->out_end, 1)) return false;
    } else {
      gz->bits = 0;  // fill_bits leaves the bits of bytes it has not taken
      if (gz->in_next == gz->in_end && !refill_input(gz))
        return fail(gz, "unexpected EOF in compressed data");
      size_t have = gz->in_end - gz->in_next;
      if (length > have) length = have;
      memcpy(gz->out + gz->out_end, gz->in + gz->in_next, length);
      gz->in_next += length;
    }
    gz->out_end += length;
    gz->stored -= length;
  }
  if (gz->stored == 0) gz->state = gz->last_block ? AT_TRAILER : AT_BLOCK;
  return true;
}

static bool copy_match(struct gunzip *gz, int symbol) {
  static const uint16_t LENGTH_BASE[29] = {3,  4,  5,  6,  7,  8,  9,  10, 11,  13,  15,  17,  19,  23, 27,
                                           31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
  static const unsigned char LENGTH_EXTRA[29] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,
                                                 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
  static const uint16_t DISTANCE_BASE[30] = {1,    2,    3,    4,    5,    7,    9,    13,    17,    25,
                                             33,   49,   65,   97,   129,  193,  257,  385,   513,   769,
                                             1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577};
  if (symbol > 285) return fail(gz, "invalid compressed data");
  uint32_t length = 0, distance = 0;
  if (!take_bits(gz, LENGTH_EXTRA[symbol - 257], &length)) return false;
  length += LENGTH_BASE[symbol - 257];
  int code = take_symbol(gz, &gz->distances);
  if (code < 0) return false;
  if (code > 29) return fail(gz, "invalid compressed data");
  if (!take_bits(gz, code < 2 ? 0 : (unsigned int)code / 2 - 1, &distance)) return false;
  distance += DISTANCE_BASE[code];
  if (distance > gz->out_end - gz->out_begin) return fail(gz, "invalid compressed data");
  unsigned char *to = gz->out + gz->out_end;
  if (distance >= length) {
    memcpy(to, to - distance, length);
  } else {
    for (uint32_t i = 0; i < length; i++) to[i] = to[(ptrdiff_t)i - (ptrdiff_t)distance];
  }
  gz->out_end += length;
  return true;
}

static bool decode_symbols(struct gunzip *gz) {
  while (gz->out_end <= OUTPUT_SIZE - MATCH_MAX) {
    int symbol = take_symbol(gz, &gz->lengths);
    if (symbol < 0) return false;
    if (symbol < 256) {
      gz->out[gz->out_end++] = (unsigned char)symbol;
    } else if (symbol == 256) {
      gz->state = gz->last_block ? AT_TRAILER : AT_BLOCK;
      return true;
    } else if (!copy_match(gz, symbol)) {
      return false;
    }
  }
  return true;
}

static void hash_output(struct gunzip *gz) {
  size_t length = gz->out_end - gz->out_hashed;
  gz->crc = crc32_add(gz->crc, gz->out + gz->out_hashed, length);
  gz->size += (uint32_t)length;
  gz->out_hashed = gz->out_end;
}

static bool skip_text(struct gunzip *gz) {
  unsigned char byte;
  do {
    if (!take_bytes(gz, &byte, 1)) return false;
  } while (byte != 0);
  return true;
}

static bool read_header(struct gunzip *gz) {
  unsigned char header[10];
  fill_bits(gz, 16);
  // What follows the last member is padding or none of our business, as for gzip(1).
  if (gz->members > 0 && (gz->bits & 0xffff) != 0x8b1f) {
    gz->state = AT_END;
    return gz->stream.problem == NULL;
  }
  if (!take_bytes(gz, header, sizeof header)) return false;
  if (header[0] != 0x1f || header[1] != 0x8b || header[2] != 8) return fail(gz, "invalid gzip header");
  unsigned char extra[2];
  if (header[3] & 4) {
    if (!take_bytes(gz, extra, 2)) return false;
    for (unsigned int left = extra[0] + extra[1] * 256u; left > 0; left--) {
      unsigned char byte;
      if (!take_bytes(gz, &byte, 1)) return false;
    }
  }
  if ((header[3] & 8) && !skip_text(gz)) return false;
  if ((header[3] & 16) && !skip_text(gz)) return false;
  if ((header[3] & 2) && !take_bytes(gz, extra, 2)) return false;
  gz->members++;
  gz->crc = 0;
  gz->size = 0;
  gz->out_begin = gz->out_end;
  gz->state = AT_BLOCK;
  return true;
}

static bool read_trailer(struct gunzip *gz) {
  hash_output(gz);
  align_to_byte(gz);
  unsigned char trailer[8];
  if (!take_bytes(gz, trailer, sizeof trailer)) return false;
  if (get_u32(trailer) != gz->crc || get_u32(trailer + 4) != gz->size)
    return fail(gz, "gzip checksum mismatch");
  gz->state = AT_HEADER;
  return true;
}

/** Gives back the part of the buffer that was taken and is older than the window. */
static void make_room(struct gunzip *gz) {
  hash_output(gz);
  if (gz->out_end <= WINDOW) return;
  size_t shift = gz->out_end - WINDOW;
  memmove(gz->out, gz->out + shift, WINDOW);
  gz->out_begin = gz->out_begin > shift ? gz->out_begin - shift : 0;
  gz->out_end = gz->out_taken = gz->out_hashed = WINDOW;
}

static bool step(struct gunzip *gz) {
  switch (gz->state) {
    case AT_HEADER:
      return read_header(gz);
    case AT_BLOCK:
      return begin_block(gz);
    case IN_STORED:
      return copy_stored(gz);
    case IN_CODED:
      return decode_symbols(gz);
    case AT_TRAILER:
      return read_trailer(gz);
    case AT_END:
      break;
  }
  return false;
}

static ssize_t gunzip_read(struct stream *stream, void *to, size_t length) {
  struct gunzip *gz = (struct gunzip *)stream;
  if (gz->out_taken == gz->out_end) {
    make_room(gz);
    while (gz->out_end <= OUTPUT_SIZE - MATCH_MAX && gz->state != AT_END && stream->problem == NULL) {
      if (!step(gz)) break;
    }
  }
  // What was decoded before a problem is given first.
  size_t have = gz->out_end - gz->out_taken;
  if (have == 0) return stream->problem == NULL ? 0 : -1;
  if (length > have) length = have;
  memcpy(to, gz->out + gz->out_taken, length);
  gz->out_taken += length;
  return (ssize_t)length;
}

struct stream *stream_gunzip(struct stream *input) {
  struct gunzip *gz = xcalloc(1, sizeof *gz);
  gz->stream.read = gunzip_read;
  gz->input = input;
  return &gz->stream;
}
