// The modes of --chmod: octal numbers and the symbolic grammar of chmod(1), with a umask of 0.
#ifndef TSBUILD_CHMOD_H
#define TSBUILD_CHMOD_H

#include "util.h"

struct chmod_step {
  char sign;         // + - =
  mode_t who;        // the bits that may change (07777 subset)
  mode_t bits;       // r, w, x, s, t as bits in all classes
  bool conditional;  // X
  char copy_from;    // u, g, o, or 0
};

struct chmod {
  bool numeric;
  mode_t mode;  // when numeric
  struct chmod_step *steps;
  size_t count;
};

/** False: the text is no mode. */
bool chmod_parse(const char *text, struct chmod *out);
/** The new permission bits (07777) of an entry with `mode` (type bits included). */
mode_t chmod_apply(const struct chmod *change, mode_t mode);

#endif
