// Carrying bytes between the caller's streams and the process's.
#define _GNU_SOURCE
#include "sandbox/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "sandbox/mounts.h"
#include "sandbox/terminal.h"
#include "view/view.h"

#define CARRIED_BYTES ((size_t)256 * 1024)
#define PIPEFS 0x50495045
#define STOPS_MS 500

static int theirs[3] = {-1, -1, -1};
static int ours[3] = {-1, -1, -1};  // the other ends; of a terminal the same descriptor twice
static bool is_tty;
static int resizes = -1;

/** What of standard input is on its way; output is written at once. */
static LARGE char waiting[4096];
static struct {
  size_t start, length;
  bool ended;
} input = {.ended = true};

static bool is_nameless_pipe(int fd) {
  struct stat stat;
  struct statfs fs;
  return fstat(fd, &stat) == 0 && S_ISFIFO(stat.st_mode) && fstatfs(fd, &fs) == 0 && fs.f_type == PIPEFS;
}

static void never_block(int fd) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0)
    die("console", errno, NULL, "cannot prepare the standard streams");
}

/** A pipe between us and the process in place of `fd`. */
static void put_pipe_between(int fd) {
  int ends[2];
  xpipe(ends);
  theirs[fd] = ends[fd == STDIN_FILENO ? 0 : 1];
  ours[fd] = ends[fd == STDIN_FILENO ? 1 : 0];
  never_block(ours[fd]);
}

static void follow_size(void) {
  struct winsize size;
  if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
    (void)ioctl(ours[STDOUT_FILENO], TIOCSWINSZ, &size);
}

static void open_terminal(int root) {
  sigset_t resize;
  if (!input.ended) terminal_note();
  int unlocked = 0;
  unsigned number;
  int master = view_open_in_root(root, "dev/pts/ptmx", O_RDWR | O_NOCTTY);
  if (master < 0 || ioctl(master, TIOCSPTLCK, &unlocked) != 0 || ioctl(master, TIOCGPTN, &number) != 0)
    die("console", errno, "/dev/ptmx", "cannot make a terminal");
  int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) die("console", errno, "/dev/ptmx", "cannot open the other end of a terminal");
  int mount = mount_clone(root, xformat("dev/pts/%u", number));
  mount_attach_at(mount, "dev/console");
  close(mount);
  never_block(master);
  ours[STDIN_FILENO] = ours[STDOUT_FILENO] = master;
  for (int fd = 0; fd < 3; fd++) theirs[fd] = fcntl(slave, F_DUPFD_CLOEXEC, 16);
  close(slave);
  follow_size();
  sigemptyset(&resize);
  sigaddset(&resize, SIGWINCH);
  sigprocmask(SIG_BLOCK, &resize, NULL);
  resizes = signalfd(-1, &resize, SFD_CLOEXEC | SFD_NONBLOCK);
}

void console_open(const struct console_options *options, int root) {
  is_tty = options->tty;
  input.ended = !options->input;
  for (int fd = 0; fd < 3; fd++) theirs[fd] = ours[fd] = -1;  // those of a run before were closed behind it
  if (options->tty) {
    open_terminal(root);
    return;
  }
  if (options->input && !is_nameless_pipe(STDIN_FILENO)) put_pipe_between(STDIN_FILENO);
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
    if (!is_nameless_pipe(fd)) put_pipe_between(fd);
}

void console_take(void) {
  for (int fd = 0; fd < 3; fd++)
    if (theirs[fd] >= 0 && dup2(theirs[fd], fd) < 0)
      die("exec", errno, NULL, "cannot hand over the standard streams");
}

static void end_input(void) {
  input.ended = true;
  input.length = 0;
  // Of a terminal the end is a character, which the caller's has sent like all others.
  if (!is_tty && ours[STDIN_FILENO] >= 0) {
    close(ours[STDIN_FILENO]);
    ours[STDIN_FILENO] = -1;
  }
}

static void read_input(void) {
  ssize_t got = read(STDIN_FILENO, waiting, sizeof waiting);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (got <= 0) {
    end_input();
    return;
  }
  input.start = 0;
  input.length = (size_t)got;
}

static void write_input(void) {
  ssize_t written = write(ours[STDIN_FILENO], waiting + input.start, input.length);
  if (written < 0 && (errno == EINTR || errno == EAGAIN)) return;
  if (written < 0) {
    end_input();  // the process has closed it
    return;
  }
  input.start += (size_t)written;
  input.length -= (size_t)written;
}

/** Passes one buffer on; false at the end, or when there is nothing now. A reader that is gone loses, quietly. */
static bool write_output(int fd) {
  static LARGE char bytes[CARRIED_BYTES];
  ssize_t got;
  do {
    got = read(ours[fd], bytes, sizeof bytes);
  } while (got < 0 && errno == EINTR);
  if (got > 0 && write_full(fd, bytes, (size_t)got) == 0) return true;
  if (got < 0 && errno == EAGAIN) return false;
  // Closed, so that a process whose reader went away learns of it as it would from a pipe. A terminal stays.
  if (!is_tty) {
    close_quietly(ours[fd]);
    ours[fd] = -1;
  }
  return got > 0;
}

static void take_resize(void) {
  struct signalfd_siginfo info;
  while (read(resizes, &info, sizeof info) > 0) continue;
  follow_size();
}

/** A process can have itself traced by its parent, which we are, and stands then at its next execve or signal for
 * ever: we are nobody's tracer, and let it go on alone. One that is born traced begins with a stop. */
static void let_go_of_traced(void) {
  for (siginfo_t info = {0}; waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | __WALL) == 0 && info.si_pid > 0;) {
    bool begins = info.si_status == SIGTRAP || info.si_status == SIGSTOP;
    (void)ptrace(PTRACE_DETACH, info.si_pid, NULL, (void *)(long)(begins ? 0 : info.si_status));
    info.si_pid = 0;
  }
}

void console_carry(int status) {
  // One end of a terminal stays open: the process may leave its streams and come back to /dev/tty.
  for (int fd = is_tty ? 1 : 0; fd < 3; fd++) close_quietly(theirs[fd]);
  bool carries_input = ours[STDIN_FILENO] >= 0;
  if (is_tty && !input.ended) terminal_make_raw();
  for (;;) {
    bool pending = input.length > 0, can_read = carries_input && !input.ended && !pending;
    struct pollfd fds[] = {
        {.fd = status, .events = POLLIN},
        {.fd = can_read ? STDIN_FILENO : -1, .events = POLLIN},
        {.fd = carries_input && pending ? ours[STDIN_FILENO] : -1, .events = POLLOUT},
        {.fd = ours[STDOUT_FILENO], .events = POLLIN},
        {.fd = ours[STDERR_FILENO], .events = POLLIN},
        {.fd = resizes, .events = POLLIN},
    };
    int ready = poll(fds, COUNT_OF(fds), STOPS_MS);
    if (ready < 0 && errno != EINTR) die("console", errno, NULL, "cannot wait for the process's output");
    let_go_of_traced();
    if (ready <= 0) continue;
    if (fds[0].revents != 0) break;
    if (fds[1].revents != 0) read_input();
    if (fds[2].revents != 0) write_input();
    if (fds[3].revents != 0) write_output(STDOUT_FILENO);
    if (fds[4].revents != 0) write_output(STDERR_FILENO);
    if (fds[5].revents != 0) take_resize();
  }
  if (is_tty) close_quietly(theirs[STDIN_FILENO]);
}

void console_drain(void) {
  for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
    while (ours[fd] >= 0 && write_output(fd)) continue;
  terminal_restore(0);
}
