// The sealed copy of the helper's program. Where memfd_create or executing from it is forbidden, the helper
// goes on as it is: the attack also needs a process that survives being /proc/self/exe.
#define _GNU_SOURCE
#include "sandbox/own_binary.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/init.h"
#include "util/kernel.h"
#include "util/util.h"

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

extern char **environ;

static bool copy_whole(int from, int to) {
  struct stat stat;
  if (fstat(from, &stat) != 0) return false;
  for (off_t left = stat.st_size; left > 0;) {
    ssize_t sent = sendfile(to, from, NULL, (size_t)left);
    if (sent <= 0) return false;
    left -= sent;
  }
  return true;
}

void own_binary_hide(void) {
  if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) die("exec", errno, NULL, "cannot hide the helper");
}

_Noreturn void own_binary_become_init(int ready) {
  char *const arguments[] = {INIT_NAME, NULL}, *const nothing[] = {NULL};
  if (dup2(ready, 0) < 0 || k_close_from(1) != 0)
    die("exec", errno, NULL, "cannot close what the first process of the sandbox is not given");
  execve("/proc/self/exe", arguments, nothing);
  die("exec", errno, NULL, "cannot begin the first process of the sandbox");
}

void own_binary_protect(char **argv) {
  int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  if (self < 0) return;
  int seals = fcntl(self, F_GET_SEALS);
  int copy = -1;
  if (seals >= 0 && (seals & SEALS) == SEALS) goto done;
  copy = memfd_create("tsbuild-helper", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (copy >= 0 && copy_whole(self, copy) && fchmod(copy, 0500) == 0 && fcntl(copy, F_ADD_SEALS, SEALS) == 0)
    fexecve(copy, argv, environ);
done:
  if (copy >= 0) close(copy);
  close(self);
}
