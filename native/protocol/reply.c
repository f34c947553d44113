// What a worker says to the client, and how it dies.
#define _GNU_SOURCE
#include "protocol/reply.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/status.h"

static int data_fd = STDOUT_FILENO;
static int status_fd = -1;  // -1: the terminal
static struct buffer result;
static struct buffer failure;
static bool failed;
static int exit_status;
static void (*take_back)(void);
static bool is_child;

void reply_to_pipes(int data, int status) {
  data_fd = data;
  status_fd = status;
}

void reply_data(const void *bytes, size_t length) {
  if (write_full(data_fd, bytes, length) == 0) return;
  die("reply", errno, NULL, "cannot write the request's output");
}

void reply_result(const char *key, const char *format, ...) {
  char *text = NULL;
  va_list list;
  va_start(list, format);
  int length = vasprintf(&text, format, list);
  va_end(list);
  if (length < 0) die("memory", ENOMEM, NULL, "out of memory");
  buffer_format(&result, "%s=%s", key, text);
  buffer_append(&result, "", 1);
  free(text);
}

int reply_verror(const char *phase, int error, const char *path, const char *format, va_list list) {
  if (failed) return -1;
  failed = true;
  // Fixed memory: this must work when there is none left.
  char message[2048];
  int length = vsnprintf(message, sizeof message, format, list);
  if (length < 0) length = 0;
  if ((size_t)length >= sizeof message) length = (int)sizeof message - 1;
  if (error > 0) {
    const char *text = strerror(error);
    snprintf(message + length, sizeof message - (size_t)length, ": %c%s", tolower((unsigned char)text[0]), text + 1);
  }
  static LARGE char record[8192];
  int size = snprintf(record, sizeof record, "phase=%.64s%cerrno=%d%cpath=%.4096s%cmessage=%s", phase, '\0',
                      error, '\0', path == NULL ? "" : path, '\0', message);
  failure = (struct buffer){.bytes = record, .length = (size_t)size + 1};
  return -1;
}

int reply_error(const char *phase, int error, const char *path, const char *format, ...) {
  va_list list;
  va_start(list, format);
  reply_verror(phase, error, path, format, list);
  va_end(list);
  return -1;
}

void reply_take_back(void (*function)(void)) {
  take_back = function;
}

void die(const char *phase, int error, const char *path, const char *format, ...) {
  va_list list;
  va_start(list, format);
  reply_verror(phase, error, path, format, list);
  va_end(list);
  if (is_child) _exit(1);
  void (*first)(void) = take_back;
  take_back = NULL;
  if (first != NULL) first();
  _exit(reply_finish(-1));
}

void reply_in_child(bool child) {
  is_child = child;
}

bool reply_failed(void) {
  return failed;
}

void reply_exit_status(int status) {
  exit_status = status;
}

void reply_sandbox(pid_t pid) {
  char digits[16];
  int length = snprintf(digits, sizeof digits, "%d", pid);
  if (status_fd >= 0) (void)status_send(status_fd, STATUS_SANDBOX, digits, (size_t)length);
}

static void finish_on_terminal(bool success) {
  struct buffer *fields = success ? &result : &failure;
  for (size_t at = 0; at < fields->length; at += strlen(fields->bytes + at) + 1) {
    const char *field = fields->bytes + at;
    if (success) {
      fprintf(stderr, "result: %s\n", field);
    } else if (strncmp(field, "path=", 5) == 0) {
      if (field[5] != '\0') fprintf(stderr, "%s: ", field + 5);
    } else if (strncmp(field, "message=", 8) == 0) {
      fprintf(stderr, "%s\n", field + 8);
    } else if (strncmp(field, "phase=", 6) == 0) {
      fprintf(stderr, "tsbuild-helper: %s: ", field + 6);
    }
  }
  fflush(stderr);
}

int reply_finish(int status) {
  bool success = status == 0 && !failed;
  if (!success && !failed) reply_error("helper", 0, NULL, "the request failed without saying why");
  const struct buffer *said = success ? &result : &failure;
  if (status_fd < 0)
    finish_on_terminal(success);
  else if (!status_send(status_fd, success ? STATUS_RESULT : STATUS_ERROR, said->bytes, said->length))
    _exit(1);  // which tells whoever waits for the answer that there is none
  result.length = 0;
  return success ? exit_status : 1;
}
