// The caller's terminal on standard input: its modes are noted once and given back whatever happens to a run.
#ifndef TSBUILD_TERMINAL_H
#define TSBUILD_TERMINAL_H

/** Notes the modes; nothing when standard input is no terminal. */
void terminal_note(void);

/** Raw: every byte goes to the process, which has a terminal of its own to interpret it. */
void terminal_make_raw(void);

/** Gives the noted modes back, if they were changed by this process or (`always`) maybe by a child. */
void terminal_restore(int always);

#endif
