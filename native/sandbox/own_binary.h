// Keeps the helper's program file out of the reach of sandboxes.
#ifndef TSBUILD_OWN_BINARY_H
#define TSBUILD_OWN_BINARY_H

/**
 * Goes on as a sealed copy of this program in memory. A process of a sandbox can get at the program file of
 * any process it sees through /proc/PID/exe (CVE-2019-5736 in runc): there it finds the copy, which cannot be
 * written.
 */
void own_binary_protect(char **argv);

/** For a process on its way to become the payload: its memory and descriptors are nobody's to read. */
void own_binary_hide(void);

/** Goes on as the first process of a sandbox (init.h), which has nothing of ours but `ready`. */
_Noreturn void own_binary_become_init(int ready);

#endif
