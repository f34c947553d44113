// Lets one system call of one process fail: `inject PROCESS CALL OCCURRENCE ERRNO LOG COMMAND…`. Processes have
// names: 0 is the command itself, 0.2 the third that it began, 0.2.0 the first that this one began. Occurrences are
// counted from 1 and for each process alone, which strace's `inject` cannot tell apart. The call is not made, and
// returns the error. The command is followed to its end, the processes that come of it until they call execve. LOG
// gets a line `PROCESS CALL` for each call made; with PROCESS - nothing fails. Ends as the command did, when it and all
// that came of it have ended; what is followed dies with us.
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

#define PROCESSES_MAX 512
#define NAME_BYTES 32
#define OPTIONS \
  (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | \
   PTRACE_O_EXITKILL)

static struct process {
  pid_t pid;
  char name[NAME_BYTES];  // none: it stopped before we heard of its birth, and stands there
  int begun;    // processes that it began
  int seen;     // calls like the one that is to fail
  int failing;  // it stands in that call
} processes[PROCESSES_MAX];
static int process_count;
static int begun;  // the command itself, no longer we on the way to it
static const char *target;
static int call, occurrence, error;
static FILE *record;

/** A number may have been another process's before. */
static struct process *find(pid_t pid) {
  for (int i = process_count; i > 0; i--)
    if (processes[i - 1].pid == pid) return &processes[i - 1];
  if (process_count == PROCESSES_MAX) exit(125);
  processes[process_count].pid = pid;
  return &processes[process_count++];
}

static void forget(pid_t pid) {
  struct process *process = find(pid);
  process->pid = -1;
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
  struct process *process = find(pid);
  if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_EXIT && process->failing) {
    change(pid, 0);
    process->failing = 0;
  }
  if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !begun) return;
  fprintf(record, "%s %d\n", process->name, (int)info.entry.nr);
  if (strcmp(process->name, target) != 0 || (int)info.entry.nr != call || ++process->seen != occurrence) return;
  process->failing = 1;
  if (call != SYS_close) change(pid, 1);  // which closes also when it fails
}

static void name_child_of(struct process *parent) {
  unsigned long pid;
  if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid) != 0) return;
  struct process *child = find((pid_t)pid);
  int stands = child->seen;
  child->seen = child->begun = child->failing = 0;
  snprintf(child->name, sizeof child->name, "%.20s.%d", parent->name, parent->begun++);
  if (stands) ptrace(PTRACE_SYSCALL, child->pid, NULL, NULL);
}

/** One stop of a process; what it goes on with: 0 or a signal, or -1 when it goes on alone. */
static int handle_stop(pid_t pid, int status) {
  int signal = WSTOPSIG(status), event = status >> 16;
  struct process *process = find(pid);
  if (process->name[0] == '\0') {
    process->seen = 1;
    return -3;
  }
  if (signal == (SIGTRAP | 0x80)) {
    look_at_call(pid);
    return 0;
  }
  if (event == PTRACE_EVENT_EXEC && process != processes) return -1;
  if (event == PTRACE_EVENT_EXEC) begun = 1;
  if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK || event == PTRACE_EVENT_CLONE) name_child_of(process);
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
  strcpy(find(child)->name, "0");
  kill(child, SIGCONT);
  return child;
}

int main(int argc, char **argv) {
  if (argc < 7) return 125;
  target = argv[1];
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
      else if (next != -3)
        ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)next);
    } else {
      forget(pid);
      if (pid == child) result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
  }
  fclose(record);
  return result;
}
