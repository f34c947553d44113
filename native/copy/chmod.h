// The modes of --chmod: octal numbers and the symbolic grammar of BSD's chmod(1), as BuildKit has it, with a umask of
// 0. Where GNU's differs: `=` also clears the set-id bits of directories, `t` belongs to every class but o, and
// permissions and copies of classes can be mixed (u=g-w, u+rgo).
#ifndef TSBUILD_CHMOD_H
#define TSBUILD_CHMOD_H

#include "util/util.h"

struct chmod_step {
  char sign;       // + - =, or X: + for directories and for what somebody may execute
  mode_t who;      // the bits that may change; 0: no class was named
  mode_t bits;     // r, w, x, s, t as bits in all classes
  char copy_from;  // u, g, o: that class's rwx instead of `bits`; or 0
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
