// Modes of the caller's terminal.
#define _GNU_SOURCE
#include "sandbox/terminal.h"

#include <signal.h>
#include <termios.h>
#include <unistd.h>

static struct termios noted;
static int known, changed;

void terminal_note(void) {
  known = tcgetattr(STDIN_FILENO, &noted) == 0;
}

void terminal_make_raw(void) {
  if (!known) return;
  struct termios raw = noted;
  cfmakeraw(&raw);
  changed = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

void terminal_restore(int always) {
  if (!known || (!changed && !always)) return;
  // In the background this would stop us; a terminal that stays raw is worse.
  void (*before)(int) = signal(SIGTTOU, SIG_IGN);
  tcsetattr(STDIN_FILENO, TCSANOW, &noted);
  signal(SIGTTOU, before);
  changed = 0;
}
