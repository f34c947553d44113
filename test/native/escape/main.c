// attempts list | plant KEY=VALUE… -- COMMAND… | run KEY=VALUE… [NAME…]: prints `NAME escaped` or `NAME held
// REASON`.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempts.h"

#define SECONDS_MAX 20

struct planted planted;

static const struct attempt *const groups[] = {file_attempts,   mount_attempts,   process_attempts,
                                               kernel_attempts, network_attempts, privilege_attempts};

int passed(long result) {
  return result < 0 ? errno : ESCAPED;
}

int passed_or(long result, int late_errno) {
  return result < 0 && errno != late_errno ? errno : ESCAPED;
}

int opens(const char *path, int flags) {
  int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno;
  close(fd);
  return ESCAPED;
}

int reads_canary(int directory, const char *path) {
  char text[64] = {0};
  int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  ssize_t length = read(fd, text, sizeof text - 1);
  int error = length < 0 ? errno : ENODATA;
  close(fd);
  return strstr(text, CANARY) != NULL ? ESCAPED : error;
}

int in_child(int (*attempt)(void)) {
  int status;
  pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    // Where attempts succeed, they do not stand in each other's way: what one mounts, the next one does not
    // see.
    (void)!unshare(CLONE_NEWNS);
    alarm(SECONDS_MAX);
    _exit(attempt());
  }
  if (waitpid(child, &status, 0) != child) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

static int take_value(const char *text) {
  if (sscanf(text, "disk=%u:%u", &planted.disk_major, &planted.disk_minor) == 2) return 1;
  if (sscanf(text, "port=%hu", &planted.port) == 1) return 1;
  if (sscanf(text, "pid=%d", &planted.pid) == 1 || strcmp(text, "pid=starter") == 0) return 1;
  if (strncmp(text, "directory=", 10) == 0) planted.directory = text + 10;
  return strncmp(text, "directory=", 10) == 0;
}

static int is_asked(const char *name, char **names) {
  if (*names == NULL) return 1;
  for (; *names != NULL; names++)
    if (strcmp(*names, name) == 0) return 1;
  return 0;
}

int main(int argc, char **argv) {
  char **rest = argv + 2;
  if (argc < 2) return 2;
  while (argc > 2 && *rest != NULL && take_value(*rest)) rest++;
  if (strcmp(argv[1], "plant") == 0) return plant(*rest != NULL ? rest + 1 : rest);
  for (size_t g = 0; g < sizeof groups / sizeof *groups; g++)
    for (const struct attempt *attempt = groups[g]; attempt->name != NULL; attempt++) {
      if (strcmp(argv[1], "list") == 0) puts(attempt->name);
      if (strcmp(argv[1], "run") != 0 || !is_asked(attempt->name, rest)) continue;
      fflush(stdout);
      int error = in_child(attempt->make);
      if (error == ESCAPED)
        printf("%s escaped\n", attempt->name);
      else
        printf("%s held %s\n", attempt->name, strerrorname_np(error));
    }
  return 0;
}
