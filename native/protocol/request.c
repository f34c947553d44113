// Parsing of requests, from frames and from the command line.
#define _GNU_SOURCE
#include "protocol/request.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENT_FILE_BYTES_MAX (16u << 20)

static void add_argument(struct request *request, char *text) {
  char *equals = strchr(text, '=');
  if (equals == NULL || equals == text) die("request", 0, NULL, "expected key=value, got \"%.80s\"", text);
  *equals = '\0';
  if ((request->count & (request->count + 1)) == 0)  // 0, 1, 3, 7, ...: the capacity is a power of two
    request->arguments =
        xreallocarray(request->arguments, 2 * (request->count + 1), sizeof *request->arguments);
  request->arguments[request->count++] = (struct argument){.key = text, .value = equals + 1};
}

static void add_texts(struct request *request, char *texts, size_t length) {
  if (length > 0 && texts[length - 1] != '\0') die("request", 0, NULL, "the request does not end in NUL");
  for (char *at = texts, *next; at < texts + length; at = next) {
    next = at + strlen(at) + 1;  // before the argument is cut at its "="
    if (request->verb == NULL)
      request->verb = at;
    else
      add_argument(request, at);
  }
}

struct request request_parse(char *payload, size_t length) {
  struct request request = {0};
  add_texts(&request, payload, length);
  if (request.verb == NULL) die("request", 0, NULL, "the request is empty");
  return request;
}

struct request request_from_arguments(int count, char **arguments) {
  struct request request = {.verb = arguments[0]};
  for (int i = 1; i < count; i++) {
    if (arguments[i][0] != '@') {
      add_argument(&request, xstrdup(arguments[i]));
      continue;
    }
    const char *path = arguments[i] + 1;
    struct buffer texts = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read_all(fd, ARGUMENT_FILE_BYTES_MAX, &texts) != 0)
      die("request", errno, path, "cannot read the argument file");
    close(fd);
    add_texts(&request, texts.bytes, texts.length);
  }
  return request;
}

const char *request_get(const struct request *request, const char *key) {
  for (size_t i = request->count; i > 0; i--)
    if (strcmp(request->arguments[i - 1].key, key) == 0) return request->arguments[i - 1].value;
  return NULL;
}

struct cursor cursor_at_start(const struct request *request) {
  return (struct cursor){.request = request};
}

const struct argument *cursor_peek(const struct cursor *cursor) {
  return cursor->next < cursor->request->count ? &cursor->request->arguments[cursor->next] : NULL;
}

bool cursor_is(const struct cursor *cursor, const char *key) {
  const struct argument *argument = cursor_peek(cursor);
  return argument != NULL && strcmp(argument->key, key) == 0;
}

const char *cursor_take(struct cursor *cursor, const char *key) {
  if (!cursor_is(cursor, key)) return NULL;
  return cursor->request->arguments[cursor->next++].value;
}

void cursor_unexpected(const struct cursor *cursor) {
  const struct argument *argument = cursor_peek(cursor);
  if (argument == NULL) die("request", 0, NULL, "%s: the request ended too early", cursor->request->verb);
  die("request", 0, NULL, "%s: unexpected argument %s=%.80s", cursor->request->verb, argument->key,
      argument->value);
}

uint64_t argument_u64(const char *key, const char *value, uint64_t limit) {
  uint64_t number;
  if (!parse_u64(value, limit, &number))
    die("request", 0, NULL, "%s: expected a number up to %llu, got \"%.80s\"", key, (unsigned long long)limit,
        value);
  return number;
}

uint32_t argument_octal(const char *key, const char *value) {
  uint32_t number;
  if (!parse_octal(value, 07777, &number))
    die("request", 0, NULL, "%s: expected an octal mode, got \"%.80s\"", key, value);
  return number;
}

bool argument_bool(const char *key, const char *value) {
  if (strcmp(value, "0") == 0) return false;
  if (strcmp(value, "1") == 0) return true;
  die("request", 0, NULL, "%s: expected 0 or 1, got \"%.80s\"", key, value);
}

static unsigned hex_digit(const char *key, char digit) {
  const char *digits = "0123456789abcdef", *at = strchr(digits, digit);
  if (digit == '\0' || at == NULL) die("request", 0, NULL, "%s: expected pairs of hexadecimal digits", key);
  return (unsigned)(at - digits);
}

struct buffer argument_hex(const char *key, const char *value) {
  struct buffer bytes = {0};
  for (; *value != '\0'; value += 2) {
    char byte = (char)(hex_digit(key, value[0]) << 4 | hex_digit(key, value[1]));
    buffer_append(&bytes, &byte, 1);
  }
  return bytes;
}

struct timespec argument_time(const char *key, const char *value) {
  struct timespec time;
  if (!parse_time(value, &time))
    die("request", 0, NULL, "%s: expected SECONDS.NANOSECONDS, got \"%.80s\"", key, value);
  return time;
}
