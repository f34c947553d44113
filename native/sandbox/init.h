// The first process of a sandbox.
#ifndef TSBUILD_INIT_H
#define TSBUILD_INIT_H

#include <signal.h>

/** The whole command line of a program that is one, and what others see of it. */
#define INIT_NAME "init"

/**
 * Where this program begins under that name, with all signals blocked: writes a byte to descriptor 0 when nothing can
 * get at it any more, reaps orphans, and passes signals from outside on to every process. Whoever began it ends it, and
 * with it everything that is left in the sandbox.
 */
_Noreturn void init_begin(void);

#endif
