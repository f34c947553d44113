// Leaves processes to whoever started it: `strays child|traced ends|waits`. One is made a child of our parent, or one
// that our parent traces, and ends at once or waits for ever. Ends with 0 when there is such a process. Or has itself
// traced by our parent, and stops before it goes on: `strays self executes|is-signalled`.
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  if (strcmp(argv[1], "self") == 0) {
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) return 3;
    if (strcmp(argv[2], "is-signalled") == 0) return raise(SIGTERM);
    execl("/bin/strays", "strays", "child", "ends", NULL);
    return 4;
  }
  const int traced = strcmp(argv[1], "traced") == 0, waits = strcmp(argv[2], "waits") == 0;
  if (traced && ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) return 3;
  long pid = syscall(SYS_clone, (traced ? CLONE_PTRACE : CLONE_PARENT) | SIGCHLD, 0, 0, 0, 0);
  while (pid == 0 && waits) pause();
  return pid < 0;
}
