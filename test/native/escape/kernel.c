// Parts of the kernel that a step has no business with. Where a call could do harm, its arguments are wrong
// in a way that is noticed only after the question who may make it.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fanotify.h>
#include <linux/filter.h>
#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <stdint.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <unistd.h>

#include "attempts.h"

static int load_bpf(void) {
  struct bpf_insn program[] = {{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0},
                               {.code = BPF_JMP | BPF_EXIT}};
  union bpf_attr attributes = {.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
                               .insns = (uint64_t)(uintptr_t)program,
                               .insn_cnt = 2,
                               .license = (uint64_t)(uintptr_t) "GPL"};
  return passed(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}

static int count_events(void) {
  struct perf_event_attr event = {
      .type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_CPU_CLOCK};
  return passed(syscall(SYS_perf_event_open, &event, -1, 0, -1, PERF_FLAG_FD_CLOEXEC));
}

static int user_keyring(void) {
  return passed(syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_USER_KEYRING, 0));
}
static int add_key(void) {
  return passed(syscall(SYS_add_key, "user", CANARY "-own", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}
static int request_key(void) {
  return passed_or(syscall(SYS_request_key, "user", CANARY "-none", NULL, 0), ENOKEY);
}
static int key_of_the_starter(void) {
  return passed(syscall(SYS_keyctl, KEYCTL_SEARCH, KEY_SPEC_SESSION_KEYRING, "user", CANARY, 0));
}

static int io_uring(void) {
  struct io_uring_params parameters = {0};
  return passed(syscall(SYS_io_uring_setup, 1, &parameters));
}
static int user_faults(void) { return passed(syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY)); }
static int watch_file_system(void) {
  return passed(syscall(SYS_fanotify_init, FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC, O_RDONLY));
}

static int load_module(void) { return passed_or(syscall(SYS_init_module, "", 0, ""), ENOEXEC); }
static int load_module_file(void) { return passed_or(syscall(SYS_finit_module, -1, "", 0), EBADF); }
static int remove_module(void) { return passed_or(syscall(SYS_delete_module, CANARY, O_NONBLOCK), ENOENT); }
static int load_kernel(void) { return passed_or(syscall(SYS_kexec_load, 0, 0, NULL, 0xffff0000ul), EINVAL); }
static int reboot_machine(void) { return passed_or(syscall(SYS_reboot, 0, 0, 0, NULL), EINVAL); }
static int swap_on(void) { return passed_or(syscall(SYS_swapon, "/" CANARY, 0), ENOENT); }
static int swap_off(void) { return passed_or(syscall(SYS_swapoff, "/" CANARY), ENOENT); }
static int account(void) { return passed_or(syscall(SYS_acct, "/" CANARY), ENOENT); }
static int quotas(void) { return passed_or(syscall(SYS_quotactl, 0x800001 << 8, "/" CANARY, 0, NULL), ENOENT); }
static int read_log(void) { return passed(klogctl(10, NULL, 0)); }
static int clear_log_size(void) { return passed_or(klogctl(8, NULL, 0), EINVAL); }

/** Sets the clock's frequency to what it is. */
static int tune_clock(void) {
  struct timex clock = {0};
  if (adjtimex(&clock) < 0) return errno;
  clock.modes = ADJ_FREQUENCY;
  return passed(adjtimex(&clock));
}

static int disable_randomisation(void) { return passed(personality(ADDR_NO_RANDOMIZE)); }
static int raise_priority(void) { return passed(setpriority(PRIO_PROCESS, 0, -5)); }

#if defined(__x86_64__)
static int ports(void) { return passed(syscall(SYS_ioperm, 0x80, 1, 1)); }
#else
static int ports(void) { return ENOSYS; }
#endif

const struct attempt kernel_attempts[] = {
    {"load-bpf", load_bpf},
    {"count-events", count_events},
    {"user-keyring", user_keyring},
    {"add-key", add_key},
    {"request-key", request_key},
    {"key-of-the-starter", key_of_the_starter},
    {"io-uring", io_uring},
    {"user-faults", user_faults},
    {"watch-file-system", watch_file_system},
    {"load-module", load_module},
    {"load-module-file", load_module_file},
    {"remove-module", remove_module},
    {"load-kernel", load_kernel},
    {"reboot", reboot_machine},
    {"swap-on", swap_on},
    {"swap-off", swap_off},
    {"account", account},
    {"quotas", quotas},
    {"read-kernel-log", read_log},
    {"silence-kernel-log", clear_log_size},
    {"tune-clock", tune_clock},
    {"disable-randomisation", disable_randomisation},
    {"raise-priority", raise_priority},
    {"io-ports", ports},
    {NULL, NULL},
};
