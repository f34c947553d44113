// The first process of a sandbox.
#ifndef TSBUILD_INIT_H
#define TSBUILD_INIT_H

#include <signal.h>
#include <stdbool.h>

/**
 * Waits for the payload, reaps orphans, passes signals from outside on to every process, or to the payload alone;
 * reports the payload's wait status on status_fd and ends, and with it everything that is left in the sandbox.
 */
_Noreturn void init_run(pid_t payload, bool signals_for_main, int status_fd);

#endif
