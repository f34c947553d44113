// A parsed request: the verb and its arguments in order. Keys may repeat and the order has a meaning (views,
// actions and mounts are started by a key and own what follows), so verbs walk the list with a cursor.
#ifndef TSBUILD_REQUEST_H
#define TSBUILD_REQUEST_H

#include "util/util.h"

struct argument {
  const char *key;
  const char *value;
};

struct request {
  const char *verb;
  struct argument *arguments;
  size_t count;
};

/** Splits the payload of a request frame in place; dies (phase `request`) on a malformed one. */
struct request request_parse(char *payload, size_t length);
/** The same from the command line: argv[0] is the verb; `@FILE` stands for the NUL-separated arguments in
 * FILE. */
struct request request_from_arguments(int count, char **arguments);

/** The value of the last argument with that key, wherever it stands, or NULL. */
const char *request_get(const struct request *request, const char *key);

struct cursor {
  const struct request *request;
  size_t next;
};
struct cursor cursor_at_start(const struct request *request);
/** The argument at the cursor, NULL at the end. */
const struct argument *cursor_peek(const struct cursor *cursor);
bool cursor_is(const struct cursor *cursor, const char *key);
/** The value of the next argument if its key is `key`, stepping over it; else NULL. */
const char *cursor_take(struct cursor *cursor, const char *key);
/** Dies: the argument at the cursor is not one that this verb knows here (or the request ended too early). */
_Noreturn void cursor_unexpected(const struct cursor *cursor);

/** Values of arguments; they die (phase `request`) on nonsense. */
uint64_t argument_u64(const char *key, const char *value, uint64_t limit);
uint32_t argument_octal(const char *key, const char *value);
bool argument_bool(const char *key, const char *value);
/** Pairs of hexadecimal digits: bytes that an argument cannot hold. */
struct buffer argument_hex(const char *key, const char *value);
struct timespec argument_time(const char *key, const char *value);

#endif
