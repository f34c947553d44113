// Makes the system calls it is told, each with up to three arguments, and prints their errno (0: none): `NUMBER[,A[,B[,C]]]`,
// or `i386:NUMBER…` for the call that the number is to a 32-bit process.
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__)
static long call_i386(long number, const long *arguments) {
  long result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(arguments[0]), "c"(arguments[1]), "d"(arguments[2])
                   : "memory", "r8", "r9", "r10", "r11");
  result = (int)result;
  errno = result < 0 && result > -4096 ? (int)-result : 0;
  return result;
}
#else
static long call_i386(long number, const long *arguments) {
  (void)number, (void)arguments;
  errno = ENOSYS;
  return -1;
}
#endif

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    char *rest = argv[i];
    int i386 = strncmp(rest, "i386:", 5) == 0;
    long arguments[3] = {0}, number = (long)strtoul(rest + (i386 ? 5 : 0), &rest, 0);
    for (int a = 0; a < 3 && *rest == ','; a++) arguments[a] = (long)strtoul(rest + 1, &rest, 0);
    errno = 0;
    if (i386)
      call_i386(number, arguments);
    else
      syscall(number, arguments[0], arguments[1], arguments[2]);
    printf("%s %d\n", argv[i], errno);
    fflush(stdout);
  }
  return 0;
}
