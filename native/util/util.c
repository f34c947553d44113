// Small things every file of the helper needs: memory, whole reads and writes, numbers. `die` lives in
// reply.c.
#define _GNU_SOURCE
#include "util/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *checked(void *memory) {
  if (memory == NULL) die("memory", ENOMEM, NULL, "out of memory");
  return memory;
}

void *xmalloc(size_t size) {
  return checked(malloc(size == 0 ? 1 : size));
}

void *xcalloc(size_t count, size_t size) {
  return checked(calloc(count == 0 ? 1 : count, size == 0 ? 1 : size));
}

void *xrealloc(void *memory, size_t size) {
  return checked(realloc(memory, size == 0 ? 1 : size));
}

void *xreallocarray(void *memory, size_t count, size_t size) {
  return checked(reallocarray(memory, count == 0 ? 1 : count, size == 0 ? 1 : size));
}

char *xstrdup(const char *text) {
  return checked(strdup(text));
}

char *xstrndup(const char *text, size_t length) {
  return checked(strndup(text, length));
}

char *xformat(const char *format, ...) {
  char *text = NULL;
  va_list list;
  va_start(list, format);
  int length = vasprintf(&text, format, list);
  va_end(list);
  return checked(length < 0 ? NULL : text);
}

void buffer_reserve(struct buffer *buffer, size_t more) {
  if (more >= SIZE_MAX / 2 - buffer->length) die("memory", ENOMEM, NULL, "out of memory");
  size_t needed = buffer->length + more + 1;
  if (needed <= buffer->capacity) return;
  size_t capacity = buffer->capacity * 2 > needed ? buffer->capacity * 2 : needed;
  buffer->bytes = xrealloc(buffer->bytes, capacity);
  buffer->capacity = capacity;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length) {
  buffer_reserve(buffer, length);
  if (length > 0) memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
  buffer->bytes[buffer->length] = '\0';
}

void buffer_string(struct buffer *buffer, const char *text) {
  buffer_append(buffer, text, strlen(text));
}

void buffer_format(struct buffer *buffer, const char *format, ...) {
  char *text = NULL;
  va_list list;
  va_start(list, format);
  int length = vasprintf(&text, format, list);
  va_end(list);
  checked(length < 0 ? NULL : text);
  buffer_append(buffer, text, (size_t)length);
  free(text);
}

int write_full(int fd, const void *bytes, size_t length) {
  const char *from = bytes;
  while (length > 0) {
    ssize_t written = write(fd, from, length);
    if (written < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    from += written;
    length -= (size_t)written;
  }
  return 0;
}

ssize_t read_full(int fd, void *bytes, size_t length) {
  char *to = bytes;
  size_t done = 0;
  while (done < length) {
    ssize_t got = read(fd, to + done, length - done);
    if (got < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    if (got == 0) break;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

int read_all(int fd, size_t limit, struct buffer *out) {
  size_t start = out->length;
  for (;;) {
    // Most files are small, and each page costs more than the call that fills it.
    if (out->capacity - out->length < 512) buffer_reserve(out, out->length < 65536 ? 2048 : 65536);
    ssize_t got = read(fd, out->bytes + out->length, out->capacity - out->length - 1);
    if (got < 0) {
      if (errno == EINTR) continue;
      return -1;
    }
    out->length += (size_t)got;
    out->bytes[out->length] = '\0';
    if (out->length - start > limit) {
      errno = EFBIG;
      return -1;
    }
    if (got == 0) return 0;
  }
}

void put_u32(unsigned char *to, uint32_t value) {
  for (int i = 0; i < 4; i++) to[i] = (unsigned char)(value >> (8 * i));
}

void put_u64(unsigned char *to, uint64_t value) {
  for (int i = 0; i < 8; i++) to[i] = (unsigned char)(value >> (8 * i));
}

uint32_t get_u32(const unsigned char *from) {
  return (uint32_t)from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static bool parse_digits(const char *text, unsigned base, uint64_t limit, uint64_t *value) {
  uint64_t sum = 0;
  if (*text == '\0') return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text >= (char)('0' + base)) return false;
    uint64_t digit = (uint64_t)(*text - '0');
    if (digit > limit || sum > (limit - digit) / base) return false;
    sum = sum * base + digit;
  }
  *value = sum;
  return true;
}

bool parse_u64(const char *text, uint64_t limit, uint64_t *value) {
  return parse_digits(text, 10, limit, value);
}

bool parse_octal(const char *text, uint32_t limit, uint32_t *value) {
  uint64_t wide;
  if (!parse_digits(text, 8, limit, &wide)) return false;
  *value = (uint32_t)wide;
  return true;
}

bool parse_time(const char *text, struct timespec *value) {
  bool negative = *text == '-';
  if (negative) text++;
  const char *point = strchr(text, '.');
  size_t length = point == NULL ? strlen(text) : (size_t)(point - text);
  char whole[24];
  if (length >= sizeof whole) return false;
  memcpy(whole, text, length);
  whole[length] = '\0';
  uint64_t seconds;
  if (!parse_u64(whole, INT64_MAX, &seconds)) return false;
  long nanoseconds = 0;
  if (point != NULL) {
    size_t digits = 0;
    for (const char *at = point + 1; *at != '\0'; at++, digits++) {
      if (*at < '0' || *at > '9' || digits == 9) return false;
      nanoseconds = nanoseconds * 10 + (*at - '0');
    }
    if (digits == 0) return false;
    for (; digits < 9; digits++) nanoseconds *= 10;
  }
  value->tv_sec = negative ? -(time_t)seconds : (time_t)seconds;
  value->tv_nsec = nanoseconds;
  if (negative && nanoseconds > 0) {
    value->tv_sec -= 1;
    value->tv_nsec = 1000000000L - nanoseconds;
  }
  return true;
}

int compare_times(struct timespec a, struct timespec b) {
  if (a.tv_sec != b.tv_sec) return a.tv_sec < b.tv_sec ? -1 : 1;
  if (a.tv_nsec != b.tv_nsec) return a.tv_nsec < b.tv_nsec ? -1 : 1;
  return 0;
}

struct fd_path fd_path(int fd) {
  struct fd_path path;
  snprintf(path.text, sizeof path.text, "/proc/self/fd/%d", fd);
  return path;
}

void close_quietly(int fd) {
  int saved = errno;
  if (fd >= 0) close(fd);
  errno = saved;
}

void xpipe(int ends[2]) {
  if (pipe2(ends, O_CLOEXEC) != 0) die("pipe", errno, NULL, "cannot make a pipe");
}
