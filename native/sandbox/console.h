// The standard streams of a run. A pipe that has no name is handed to the process as it is. Everything else that the
// caller has there (its terminal, a file, a device) stays outside: the process gets a pipe, or with `tty=1` a terminal
// of the sandbox's own, and bytes are carried between the two. A process that held a descriptor of the caller's
// terminal could read its keyboard; one that held a file could open it again for writing, or make it set-user-ID.
#ifndef TSBUILD_CONSOLE_H
#define TSBUILD_CONSOLE_H

#include "util/util.h"

struct console_options {
  bool input;  // what the caller's standard input has is for the process; else it has none
  bool tty;
};

/** Makes pipes or the terminal, and /dev/console; all mounts of the sandbox are there. Dies when it cannot. */
void console_open(const struct console_options *options, int root);

/** In the process itself: its ends become descriptors 0 to 2. */
void console_take(void);

/** In the worker, after the fork: carries bytes until `status` can be read. A terminal of the caller is raw meanwhile. */
void console_carry(int status);

/** What the ended process has left in our ends. */
void console_drain(void);

#endif
