// What a careless engine would leave within reach of a step: a terminal, a keyring, shared memory, queues,
// sockets, an open directory, a working directory, an environment. The command is started in the midst of
// them.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attempts.h"

#define LEAKED_FD 9

static void fail(const char *what) {
  perror(what);
  exit(70);
}

static void take_terminal(void) {
  int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0) fail("pty");
  int terminal = open(ptsname(master), O_RDWR | O_CLOEXEC);  // the first of a session becomes its own
  if (terminal < 0) fail("terminal");
}

static void listen_at(const struct sockaddr *address, socklen_t length) {
  int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
  if (fd < 0) fail("socket");
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (bind(fd, address, length) != 0 || listen(fd, 64) != 0) fail("listen");
}

static void open_sockets(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  memcpy(name.sun_path + 1, CANARY, sizeof CANARY - 1);
  listen_at((struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof CANARY));
  struct sockaddr_in local = {.sin_family = AF_INET,
                              .sin_port = htons(planted.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  listen_at((struct sockaddr *)&local, sizeof local);
}

static void plant_key(void) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) < 0) return;  // a kernel without keyrings
  if (syscall(SYS_add_key, "user", CANARY, "x", 1, KEY_SPEC_SESSION_KEYRING) < 0) fail("key");
}

/** `pid=starter`, at the end of whatever argument, becomes the number of this process. */
static void tell_pid(char **command) {
  for (; *command != NULL; command++) {
    char *at = strstr(*command, "pid=starter");
    if (at == NULL) continue;
    int before = (int)(at - *command);
    if (asprintf(command, "%.*spid=%d", before, *command, getpid()) < 0) fail("memory");
  }
}

int plant(char **command) {
  int status = 0;
  tell_pid(command);
  setsid();
  take_terminal();
  open_sockets();
  plant_key();
  int memory = shmget(CANARY_KEY, 4096, IPC_CREAT | 0666);
  mqd_t queue = mq_open("/" CANARY, O_CREAT | O_RDWR | O_CLOEXEC, 0666, NULL);
  int directory = open(planted.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (memory < 0 || directory < 0 || dup2(directory, LEAKED_FD) < 0) fail("plant");
  if (chdir(planted.directory) != 0 || setenv("CANARY", CANARY, 1) != 0) fail(planted.directory);
  pid_t child = fork();
  if (child == 0) {
    execvp(command[0], command);
    fail(command[0]);
  }
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  shmctl(memory, IPC_RMID, NULL);
  if (queue >= 0) mq_unlink("/" CANARY);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 71;
}
