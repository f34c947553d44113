// Starting slirp4netns. The program has to see the host's network and be told of the new namespace,
// so it is forked before this process leaves, waits until it has, and is then executed. It dies with this process.
#define _GNU_SOURCE
#include "network/net_uplink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "network/net_route.h"
#include "util/kernel.h"

#define READY_STEP_MS 5
#define READY_PATIENCE_MS 10000
#define DNS_ADDRESS "10.0.2.3"
#define WORDS_BYTES_MAX 2048

#define PROGRAM "slirp4netns"

/** Where the shell would find it, or NULL. */
static char *find_program(const char *name) {
  const char *path = getenv("PATH");
  char *rest = xstrdup(path == NULL ? "" : path), *directory;
  while ((directory = strsep(&rest, ":")) != NULL) {
    char *candidate = xformat("%s/%s", directory, name);
    if (*directory == '/' && access(candidate, X_OK) == 0) return candidate;
  }
  return NULL;
}

/** Asks the routing table which of our addresses the world would see; nothing is sent. */
static void own_address(char text[INET_ADDRSTRLEN]) {
  struct sockaddr_in world = {.sin_family = AF_INET, .sin_port = htons(9)}, own = {0};
  socklen_t size = sizeof own;
  inet_pton(AF_INET, "192.0.2.1", &world.sin_addr);  // RFC 5737: nobody's
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&world, sizeof world) != 0 ||
      getsockname(fd, (struct sockaddr *)&own, &size) != 0 ||
      inet_ntop(AF_INET, &own.sin_addr, text, INET_ADDRSTRLEN) == NULL)
    *text = '\0';
  close_quietly(fd);
}

static _Noreturn void become(const char *file, pid_t parent, int go, int words) {
  char byte, *space = xformat("/proc/%d/ns/net", parent);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent || read_full(go, &byte, 1) != 1) _exit(1);
  int null = open("/dev/null", O_RDWR);
  if (dup2(null, STDIN_FILENO) < 0 || dup2(words, STDOUT_FILENO) < 0 || dup2(words, STDERR_FILENO) < 0)
    _exit(1);
  k_close_from(3);
  // The namespace gets 10.0.2.100/24. What listens on the host's loopback device stays out of reach.
  execl(file, PROGRAM, "--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox",
        "--enable-seccomp", "--netns-type=path", space, "tap0", (char *)NULL);
  _exit(127);
}

static bool has_ended(pid_t program) {
  int status;
  return waitpid(program, &status, WNOHANG) == program;
}

/** What the program said, on one line, without its warnings. */
static char *last_words(int words) {
  static char text[WORDS_BYTES_MAX];
  struct buffer line = {0};
  ssize_t got = read(words, text, sizeof text - 1);
  text[got > 0 ? got : 0] = '\0';
  char *rest = text, *one;
  while ((one = strsep(&rest, "\n")) != NULL)
    if (*one != '\0' && strncmp(one, "WARNING", 7) != 0)
      buffer_format(&line, "%s%s", line.length == 0 ? "" : ", ", one);
  return line.length == 0 ? "it says nothing" : line.bytes;
}

static void await_route(const struct net_uplink *uplink, int words) {
  struct timespec step = {.tv_nsec = READY_STEP_MS * 1000000L};
  int route = net_open(NETLINK_ROUTE);
  if (route < 0) die("network", errno, NULL, "cannot speak with the kernel about network devices");
  for (int waited = 0;; waited += READY_STEP_MS) {
    struct net_plan plan = {.ipv6 = NET_IPV6_ABSENT};
    struct net_uplinks uplinks = {0};
    if (net_look(route, &plan, &uplinks) == 0 && uplinks.index != 0) break;
    if (has_ended(uplink->program)) die("network", 0, NULL, PROGRAM " failed: %s", last_words(words));
    if (waited >= READY_PATIENCE_MS)
      die("network", 0, NULL, PROGRAM " gives no network: %s", last_words(words));
    nanosleep(&step, NULL);
  }
  close(route);
}

struct net_uplink net_uplink_start(void) {
  struct net_uplink uplink = {.dns = DNS_ADDRESS};
  int go[2], words[2];
  char *file = find_program(PROGRAM);
  if (file == NULL)
    die("network", 0, NULL, "an ordinary user needs " PROGRAM " for it, which is not in PATH (package " PROGRAM ")");
  own_address(uplink.host);
  xpipe(go);
  xpipe(words);
  // What it says later is for nobody: a full pipe must not stop it.
  fcntl(words[0], F_SETFL, O_NONBLOCK);
  fcntl(words[1], F_SETFL, O_NONBLOCK);
  pid_t self = getpid();
  uplink.program = fork();
  if (uplink.program < 0) die("network", errno, NULL, "cannot fork");
  if (uplink.program == 0) {
    close(go[1]);
    become(file, self, go[0], words[1]);
  }
  close(go[0]);
  close(words[1]);
  if (unshare(CLONE_NEWNET) != 0) die("network", errno, NULL, "cannot make a network namespace");
  if (write_full(go[1], "", 1) != 0) die("network", errno, NULL, "cannot start " PROGRAM);
  close(go[1]);
  await_route(&uplink, words[0]);
  return uplink;  // words[0] stays open: a write to a pipe without reader would end the program
}

void net_uplink_await(const struct net_uplink *uplink) {
  int status;
  if (uplink->program == 0)
    for (;;) pause();
  while (waitpid(uplink->program, &status, 0) < 0 && errno == EINTR) continue;
  die("network", 0, NULL, PROGRAM " ended");
}
