// Lets one system call of one process fail: `inject PROCESS CALL OCCURRENCE ERRNO LOG COMMAND…`. Processes are counted in
// the order of their birth (0 is the command itself), occurrences from 1 and for each process alone, which strace's
// `inject` cannot tell apart. The call is not made, and returns the error. The command is followed to its end, the
// processes that come of it until they call execve. LOG gets a line `PROCESS CALL` for each call made; with PROCESS -1 nothing fails.
// Ends as the command did, when it and all that came of it have ended; what is followed dies with us.
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 64
#define OPTIONS \
  (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | \
   PTRACE_O_EXITKILL)

static struct process {
  pid_t pid;
  int seen;     // calls like the one that is to fail
  int failing;  // it stands in that call
} processes[PROCESSES_MAX];
static int process_count;
static int begun;  // the command itself, no longer we on the way to it
static int target, call, occurrence, error;
static FILE *record;

static int index_of(pid_t pid) {
  for (int i = 0; i < process_count; i++)
    if (processes[i].pid == pid) return i;
  if (process_count == PROCESSES_MAX) exit(125);
  processes[process_count].pid = pid;
  return process_count++;
}

/** Of a process that stands at the entry of a call: none is made. At the exit: it returned the error. */
static void change(pid_t pid, int at_entry) {
#if defined(__x86_64__)
  struct user_regs_struct registers;
  if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) != 0) return;
  if (at_entry)
    registers.orig_rax = (unsigned long long)-1;
  else
    registers.rax = (unsigned long long)-error;
  ptrace(PTRACE_SETREGS, pid, NULL, &registers);
#elif defined(__aarch64__)
  int none = -1;
  struct user_regs_struct registers;
  struct iovec number = {&none, sizeof none}, all = {&registers, sizeof registers};
  if (at_entry) {
    ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &number);
  } else if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &all) == 0) {
    registers.regs[0] = (unsigned long long)-error;
    ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &all);
  }
#else
#error "not known how a call is replaced on this architecture"
#endif
}

static void look_at_call(pid_t pid) {
  struct __ptrace_syscall_info info;
  struct process *process = &processes[index_of(pid)];
  if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_EXIT && process->failing) {
    change(pid, 0);
    process->failing = 0;
  }
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !begun) return;
  fprintf(record, "%d %d\n", (int)(process - processes), (int)info.entry.nr);
  if (process - processes != target || (int)info.entry.nr != call || ++process->seen != occurrence) return;
  process->failing = 1;
  if (call != SYS_close) change(pid, 1);  // which closes also when it fails
}

/** One stop of a process; what it goes on with: 0 or a signal, or -1 when it goes on alone. */
static int handle_stop(pid_t pid, int status) {
  int signal = WSTOPSIG(status), event = status >> 16;
  if (signal == (SIGTRAP | 0x80)) {
    look_at_call(pid);
    return 0;
  }
  if (event == PTRACE_EVENT_EXEC && index_of(pid) != 0) return -1;
  if (event == PTRACE_EVENT_EXEC) begun = 1;
  if (event == PTRACE_EVENT_STOP && signal != SIGTRAP) return -2;  // a group stop stays one
  return event != 0 || signal == SIGTRAP ? 0 : signal;
}

static pid_t start(char **command) {
  pid_t child = fork();
  if (child == 0) {
    raise(SIGSTOP);
    execv(command[0], command);
    _exit(127);
  }
  int status;
  if (child < 0 || waitpid(child, &status, WUNTRACED) != child ||
      ptrace(PTRACE_SEIZE, child, NULL, (void *)(long)OPTIONS) != 0)
    exit(125);
  index_of(child);
  kill(child, SIGCONT);
  return child;
}

int main(int argc, char **argv) {
  if (argc < 7) return 125;
  target = atoi(argv[1]);
  call = atoi(argv[2]);
  occurrence = atoi(argv[3]);
  error = atoi(argv[4]);
  record = fopen(argv[5], "w");
  if (record == NULL) return 125;
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  pid_t child = start(argv + 6), pid;
  int status, result = 125;
  while ((pid = waitpid(-1, &status, __WALL)) > 0) {
    if (WIFSTOPPED(status)) {
      int next = handle_stop(pid, status);
      if (next == -1)
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
      else if (next == -2)
        ptrace(PTRACE_LISTEN, pid, NULL, NULL);
      else
        ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)next);
    } else if (pid == child) {
      result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
  fclose(record);
  return result;
}
