// Pid 1: its death ends all other processes of the namespace.
#define _GNU_SOURCE
#include "init.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "status.h"

/** True when the payload has ended and been reported. */
static bool reap(pid_t payload, int status_fd) {
  int wait_status;
  pid_t child;
  while ((child = waitpid(-1, &wait_status, WNOHANG)) != 0) {
    if (child < 0) die("wait", errno, NULL, "cannot wait for the process");
    if (child != payload) continue;
    unsigned char bytes[4];
    put_u32(bytes, (uint32_t)wait_status);
    status_send(status_fd, STATUS_EXIT, bytes, sizeof bytes);
    return true;
  }
  return false;
}

void init_run(pid_t payload, bool signals_for_main, int status_fd) {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  while (!reap(payload, status_fd)) {
    siginfo_t info;
    int signal = sigwaitinfo(&all, &info);
    if (signal < 0) continue;
    // Only senders outside of our pid namespace have no pid here; what processes inside send to us is not for
    // everybody.
    bool outside = info.si_code <= 0 && info.si_pid == 0;
    if (signal != SIGCHLD && outside) kill(signals_for_main ? payload : -1, signal);
  }
  _exit(0);
}
