// The process that a run is about: the last steps before execve.
#ifndef TSBUILD_PAYLOAD_H
#define TSBUILD_PAYLOAD_H

#include "sandbox/privileges.h"

struct payload {
  char **arguments;    // NULL at the end
  char **environment;  // NULL at the end; room for one more
  size_t environment_count;
  const char *cwd;
  bool has_input;     // descriptor 0 is for it; else it reads nothing
  bool has_terminal;  // descriptors 0 to 2 are a terminal, which becomes its controlling one
  struct privileges privileges;
};

/** Becomes it, or dies. */
_Noreturn void payload_become(struct payload *payload);

#endif
