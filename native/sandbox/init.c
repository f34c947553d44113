// Pid 1: its death ends all other processes of the namespace, and it is all that it does: to reap orphans and to pass
// signals on. It is this program again, but begins before the C library does and never calls it: it touches four
// pages, where a copy of its worker would touch fifty, and has nothing of what its worker knows.
#define _GNU_SOURCE
#include "sandbox/init.h"

#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SET_BYTES 8

// A program whose name is INIT_NAME ("init") goes to init_begin, every other to the C library.
#if defined(__x86_64__)
__asm__(".pushsection .text\n.globl init_or_start\n.type init_or_start, @function\ninit_or_start:\n"
        "mov 8(%rsp), %rdi\ntest %rdi, %rdi\nje 1f\ncmpl $0x74696e69, (%rdi)\njne 1f\ncmpb $0, 4(%rdi)\njne 1f\n"
        "call init_begin\n1: jmp _start\n.popsection\n");

static inline long call(long number, long a, long b, long c, long d) {
  register long fourth __asm__("r10") = d;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                   : "rcx", "r11", "memory");
  return result;
}
#elif defined(__aarch64__)
__asm__(".pushsection .text\n.globl init_or_start\n.type init_or_start, %function\ninit_or_start:\n"
        "ldr x9, [sp, #8]\ncbz x9, 1f\nldr w10, [x9]\nldr w11, =0x74696e69\ncmp w10, w11\nb.ne 1f\n"
        "ldrb w10, [x9, #4]\ncbnz w10, 1f\nbl init_begin\n1: b _start\n.ltorg\n.popsection\n");

static inline long call(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c, x3 __asm__("x3") = d;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
#else
#error "not known how a program begins and calls the kernel on this architecture"
#endif

_Noreturn void init_begin(void) {
  const uint64_t all = ~UINT64_C(0);
  // Nothing of it can be read by others or traced; before a byte says that the process may begin.
  if (call(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0) != 0) call(SYS_exit_group, 1, 0, 0, 0);
  call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0);  // once more: execve takes it away where it gives capabilities
  call(SYS_prctl, PR_SET_NAME, (long)INIT_NAME, 0, 0);
  call(SYS_setsid, 0, 0, 0, 0);  // the scheduler gives sessions a weight, which root can change: of this one only
  if (call(SYS_write, 0, (long)INIT_NAME, 1, 0) != 1) call(SYS_exit_group, 1, 0, 0, 0);  // whoever began it is gone
  call(SYS_close, 0, 0, 0, 0);
  for (;;) {
    siginfo_t info;  // not cleared as a whole: that may call the C library
    info.si_code = info.si_pid = 1;
    long signal = call(SYS_rt_sigtimedwait, (long)&all, (long)&info, 0, SET_BYTES);
    while (call(SYS_wait4, -1, 0, WNOHANG, 0) > 0) continue;
    // Only senders outside of our pid namespace have no pid here; what processes inside send to us is not for
    // everybody.
    if (signal > 0 && signal != SIGCHLD && info.si_code <= 0 && info.si_pid == 0)
      call(SYS_kill, -1, signal, 0, 0);
  }
}
