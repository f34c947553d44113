// Small things every file of the helper needs. A worker is one process for one request, so memory is never
// given back and a failure that cannot be handled ends the process: `die` sends the error reply and exits.
// Functions that can fail in a way their caller wants to handle return -1 with errno set; all others call die
// themselves.
#ifndef TSBUILD_UTIL_H
#define TSBUILD_UTIL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define PRINTF(format_index, first) __attribute__((format(printf, format_index, first)))
/** For static buffers: not among the small things, whose pages every fork copies and every child touches. */
#define LARGE __attribute__((section(".bss.zz_large")))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/** Ends the request with an error reply (phase, positive errno or 0, path or NULL, message) and the process
 * with it. */
_Noreturn void die(const char *phase, int error, const char *path, const char *format, ...) PRINTF(4, 5);

/** Allocation: die instead of NULL. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t size);
void *xreallocarray(void *memory, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);
char *xformat(const char *format, ...) PRINTF(1, 2);

/** A growing byte buffer. `{0}` is an empty one; bytes[length] is always 0 after an append. */
struct buffer {
  char *bytes;
  size_t length;
  size_t capacity;
};
void buffer_reserve(struct buffer *buffer, size_t more);
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
void buffer_string(struct buffer *buffer, const char *text);
void buffer_format(struct buffer *buffer, const char *format, ...) PRINTF(2, 3);

/** Whole writes and reads over EINTR. write_full: 0 or -1. read_full: bytes read (short only at the end) or -1. */
int write_full(int fd, const void *bytes, size_t length);
ssize_t read_full(int fd, void *bytes, size_t length);
/** The rest of `fd`, at most `limit` bytes (-1 with EFBIG beyond that). */
int read_all(int fd, size_t limit, struct buffer *out);

/** Little-endian stores. */
void put_u32(unsigned char *to, uint32_t value);
void put_u64(unsigned char *to, uint64_t value);
uint32_t get_u32(const unsigned char *from);

/** Numbers out of text: the whole text must be the number. */
bool parse_u64(const char *text, uint64_t limit, uint64_t *value);
bool parse_octal(const char *text, uint32_t limit, uint32_t *value);
/** `[-]SECONDS[.NANOSECONDS]` */
bool parse_time(const char *text, struct timespec *value);
/** a before b: negative; the same: 0. */
int compare_times(struct timespec a, struct timespec b);

/** "/proc/self/fd/N", for calls that take only paths. */
struct fd_path {
  char text[32];
};
struct fd_path fd_path(int fd);

/** Close, keeping errno; a negative fd is fine. */
void close_quietly(int fd);
/** A pipe with O_CLOEXEC on both ends. */
void xpipe(int ends[2]);

#endif
