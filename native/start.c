// A helper that begins together with the program that will use it: it is up while Node still loads, and costs no
// fork of a process of Node's size. The program gets two descriptors: the channel, a socket with the protocol both
// ways, and a file in memory with the helper's last words. Where there cannot be any of it, the program starts alone.
// It is told the digest of what it was called with, too: a program as small as this one has it for nothing.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "serve/serve.h"
#include "util/kernel.h"
#include "util/sha256.h"

#define FD_MIN 10  // out of the way of standard streams that may be closed
#define FD_MAX 15  // Node keeps up to this one from its children, also where there are gaps

static int lifted(int fd) {
  int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD, FD_MIN);
  if (fd >= 0) close(fd);
  if (high <= FD_MAX) return high;
  close(high);
  return -1;
}

/** Of who asks for what, and where; without the variables that shells change from one command to the next. */
static struct sha256_text call_of(char **argv) {
  char directory[PATH_MAX];
  if (getcwd(directory, sizeof directory) == NULL) directory[0] = '\0';
  uint32_t caller[] = {geteuid(), getegid(), (uint32_t)isatty(STDERR_FILENO)};
  struct sha256 hash;
  unsigned char digest[SHA256_SIZE];
  sha256_begin(&hash);
  sha256_add(&hash, caller, sizeof caller);
  sha256_add(&hash, directory, strlen(directory) + 1);
  for (char **at = argv; *at != NULL; at++) sha256_add(&hash, *at, strlen(*at) + 1);
  sha256_add(&hash, "", 1);
  for (char **at = environ; *at != NULL; at++)
    if (strncmp(*at, "_=", 2) != 0 && strncmp(*at, "OLDPWD=", 7) != 0 && strncmp(*at, "PWD=", 4) != 0 &&
        strncmp(*at, "SHLVL=", 6) != 0)
      sha256_add(&hash, *at, strlen(*at) + 1);
  sha256_end(&hash, digest);
  return sha256_text(digest);
}

void start(char **argv) {
  unsetenv("TSBUILD_HELPER_STARTED");
  int pair[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) pair[0] = pair[1] = -1;
  int ours = lifted(pair[0]), theirs = lifted(pair[1]), words = lifted(memfd_create("tsbuild-helper-words", 0));
  pid_t child = ours >= 0 && theirs >= 0 && words >= 0 ? fork() : -1;
  if (child == 0) {
    dup2(theirs, STDIN_FILENO);
    dup2(theirs, STDOUT_FILENO);
    dup2(words, STDERR_FILENO);
    if (k_close_from(STDERR_FILENO + 1) != 0) _exit(1);  // a caller's other descriptors are no step's
    struct rlimit files;                                 // as Node does for itself and its children
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
      files.rlim_cur = files.rlim_max;
      setrlimit(RLIMIT_NOFILE, &files);
    }
    memcpy(argv[1], "serve", sizeof "serve");  // as long as what was there, for others read it in its place
    for (char **at = argv + 2; *at != NULL; at++) memset(*at, 0, strlen(*at));  // nor what a build was told
    argv[2] = NULL;
    return;
  }
  if (child > 0) {
    char told[128];
    snprintf(told, sizeof told, "%d:%d:%s", ours, words, call_of(argv + 2).text);
    setenv("TSBUILD_HELPER_STARTED", told, 1);
  } else {
    close(ours);
    close(words);
  }
  close(theirs);
  execvp(argv[2], argv + 2);
  fprintf(stderr, "tsbuild: cannot start %s: %s\n", argv[2], strerror(errno));
  _exit(127);
}
