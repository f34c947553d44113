// Becoming the payload.
#define _GNU_SOURCE
#include "sandbox/payload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *variable(const struct payload *payload, const char *name) {
  size_t length = strlen(name);
  for (size_t i = payload->environment_count; i > 0; i--)
    if (strncmp(payload->environment[i - 1], name, length) == 0 && payload->environment[i - 1][length] == '=')
      return payload->environment[i - 1] + length + 1;
  return NULL;
}

static void add_home(struct payload *payload) {
  const char *home = variable(payload, "HOME"), *own = payload->privileges.identity.home;
  if (home != NULL) return;
  payload->environment[payload->environment_count++] = xformat("HOME=%s", own != NULL && *own != '\0' ? own : "/");
  payload->environment[payload->environment_count] = NULL;
}

/** main.c has reset all signals; these are the ones that the helper set for itself since. */
static void reset_signals(void) {
  static const int changed[] = {SIGPIPE, SIGINT, SIGHUP, SIGQUIT, SIGTERM};
  sigset_t none;
  for (size_t i = 0; i < COUNT_OF(changed); i++) signal(changed[i], SIG_DFL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

static void take_standard_streams(const struct payload *payload) {
  int null = payload->has_input ? -1 : open("/dev/null", O_RDONLY);
  if (!payload->has_input && (null < 0 || dup2(null, STDIN_FILENO) < 0))
    die("exec", errno, "/dev/null", "cannot open");
  if (null > STDIN_FILENO) close(null);
  if (payload->has_terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) != 0)
    die("exec", errno, "/dev/console", "cannot take the terminal");
  // Pipes and terminals belong to root; without this, /dev/stdout could not be opened by anybody else.
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
    struct stat stat;
    if (fstat(fd, &stat) == 0 && (S_ISFIFO(stat.st_mode) || payload->has_terminal))
      (void)!fchown(fd, payload->privileges.identity.uid, (gid_t)-1);
  }
}

static void die_of_exec(const char *path, int error) {
  struct stat status;
  if (error == ENOENT && stat(path, &status) == 0)
    die("exec", error, path, "exec: %s exists, but its interpreter or dynamic loader does not", path);
  die("exec", error, path, "exec: cannot run %s", path);
}

static _Noreturn void execute(const struct payload *payload) {
  const char *name = payload->arguments[0];
  if (strchr(name, '/') != NULL) {
    execve(name, payload->arguments, payload->environment);
    die_of_exec(name, errno);
  }
  const char *path = variable(payload, "PATH");
  char *rest = xstrdup(path == NULL ? PATH_DEFAULT : path), *directory, *denied = NULL;
  while (*name != '\0' && (directory = strsep(&rest, ":")) != NULL) {
    struct stat status;
    char *file = xformat("%s/%s", *directory == '\0' ? "." : directory, name);
    if (stat(file, &status) != 0 || S_ISDIR(status.st_mode)) continue;
    execve(file, payload->arguments, payload->environment);
    if (errno != EACCES) die_of_exec(file, errno);
    denied = denied == NULL ? file : denied;
  }
  if (denied != NULL) die_of_exec(denied, EACCES);
  die("exec", ENOENT, name, "exec: \"%s\": executable file not found in $PATH", name);
}

_Noreturn void payload_become(struct payload *payload) {
  add_home(payload);
  if (setsid() < 0) die("exec", errno, NULL, "cannot make a session");
  reset_signals();
  take_standard_streams(payload);
  umask(022);
  if (chdir(payload->cwd) != 0) die("exec", errno, payload->cwd, "cannot enter the working directory");
  privileges_become(&payload->privileges);
  execute(payload);
}
