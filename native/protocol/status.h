// The records that travel from a worker to the serve loop. A worker's exit status says nothing: only a whole record
// counts, so a process that was killed half-way can never look like a success.
#ifndef TSBUILD_STATUS_H
#define TSBUILD_STATUS_H

#include "util/util.h"

enum status_type {
  STATUS_SANDBOX = 1,  // "PID" of the sandbox's first process, as the serve loop sees it; then of the one for signals
  STATUS_RESTS = 2,    // nothing of the request is left, and the worker can do another one
  STATUS_RESULT = 32,  // the same numbers as the frames they become
  STATUS_ERROR = 33,
};

/** One record in one write; false when it could not be made, for the reader may be gone. */
bool status_send(int fd, enum status_type type, const void *bytes, size_t length);

/** The next whole record at the start of `bytes`: its length with header, or 0 when it is not complete. */
size_t status_next(const struct buffer *bytes, size_t offset, enum status_type *type, const char **payload,
                   size_t *length);

#endif
