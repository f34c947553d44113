// The kernel's own part of a sandbox: `kernel-alone ROOT WORK COUNT [net]` makes namespaces, mounts an overlay over
// ROOT, pivots into it, mounts /proc and executes `/bin/sh -c true` there, COUNT times, one after the other, and prints
// the mean in milliseconds. There is no filter, no device, no mask, no cgroup and nobody who asks for it: what any
// engine takes beyond this is its own.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void must(int result, const char *what) {
  if (result >= 0) return;
  fprintf(stderr, "kernel-alone: %s: %s\n", what, strerror(errno));
  exit(1);
}

static void inside(const char *options, const char *merged) {
  must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "private mounts");
  must(mount("overlay", merged, "overlay", 0, options), "overlay");
  must(chdir(merged), merged);
  must((int)syscall(SYS_pivot_root, ".", "."), "pivot_root");
  must(umount2(".", MNT_DETACH), "old root");
  must(mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL), "/proc");
  execl("/bin/sh", "/bin/sh", "-c", "true", NULL);
  must(-1, "/bin/sh");
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int count = atoi(argv[3]);
  unsigned long namespaces = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  if (argc > 4) namespaces |= CLONE_NEWNET;
  char options[4096], merged[1024];
  must(chdir(argv[2]), argv[2]);
  for (int i = 0; i < count; i++) {
    const char *parts[] = {"fs", "work", "merged"};
    for (int part = 0; part < 3; part++) {
      snprintf(merged, sizeof merged, "%s-%d", parts[part], i);
      must(mkdir(merged, 0755), merged);
    }
  }
  struct timespec begin, end;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  for (int i = 0; i < count; i++) {
    snprintf(options, sizeof options, "lowerdir=%s,upperdir=fs-%d,workdir=work-%d", argv[1], i, i);
    snprintf(merged, sizeof merged, "merged-%d", i);
    // As fork(2) would, with namespaces.
    int child = (int)syscall(SYS_clone, namespaces | SIGCHLD, NULL, NULL, NULL, 0);
    must(child, "clone");
    if (child == 0) inside(options, merged);
    int status;
    must(waitpid(child, &status, 0), "waitpid");
    if (status != 0) return 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  printf("%.4f\n",
         ((double)(end.tv_sec - begin.tv_sec) * 1e3 + (double)(end.tv_nsec - begin.tv_nsec) / 1e6) / count);
  return 0;
}
