// What a worker says to the client. Data goes out at once; result fields are collected and sent when the verb
// has returned 0; an error ends the request. Where the bytes go (pipes to the serve loop, or the terminal,
// the default) is decided once, by reply_to_pipes. A forked child of a worker must never use these functions.
#ifndef TSBUILD_REPLY_H
#define TSBUILD_REPLY_H

#include "util/util.h"

/** Bytes of the verb's own output; in order. Dies when the client has gone. */
void reply_data(const void *bytes, size_t length);

/** One field of the result. */
void reply_result(const char *key, const char *format, ...) PRINTF(2, 3);

/**
 * Records the error of this request: phase (`request`, `view`, `copy`, ...), positive errno or 0, path or
 * NULL, message (lower case, no full stop; the text of the errno is appended when it is not 0). The first one
 * wins. Always -1, so that a verb can `return reply_error(...)`.
 */
int reply_error(const char *phase, int error, const char *path, const char *format, ...) PRINTF(4, 5);
int reply_verror(const char *phase, int error, const char *path, const char *format, va_list list)
    PRINTF(4, 0);

/**
 * What `die` does in this process before it replies: for a request that has something to take back. Once; when that
 * fails too, the first error is the one that is told. NULL: nothing.
 */
void reply_take_back(void (*take_back)(void));

/** For `run` on the command line: the exit status of a request that succeeded (0 unless told). */
void reply_exit_status(int status);

/** For `run`: the sandbox's first process, and later the process of it that signals are for. */
void reply_sandbox(pid_t pid);

/** While a child has our memory: `die` leaves the error there and ends the child alone. */
void reply_in_child(bool child);
bool reply_failed(void);

/** Set-up and end, for main.c and serve.c. */
void reply_to_pipes(int data_fd, int status_fd);
/** Sends the result (status 0) or the error; the exit status for the command line. */
int reply_finish(int status);

#endif
