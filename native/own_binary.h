// Keeps the helper's program file out of the reach of sandboxes.
#ifndef TSBUILD_OWN_BINARY_H
#define TSBUILD_OWN_BINARY_H

/**
 * Goes on as a sealed copy of this program in memory. A process of a sandbox can get at the program file of
 * any process it sees through /proc/PID/exe (CVE-2019-5736 in runc): there it finds the copy, which cannot be
 * written.
 */
void own_binary_protect(char **argv);

/**
 * For the first process of a sandbox: its memory and descriptors are nobody's to read, and its command line,
 * which names paths of the host, becomes "init".
 */
void own_binary_hide(void);

#endif
