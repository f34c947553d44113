// Mounting something, uncovering what is masked, making writable what is not; and writing where it would count.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "attempts.h"

#define MS_RDONLY 1
#define MS_REMOUNT 32
#define MS_BIND 4096
#define MNT_DETACH 2
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

static int mounts(const char *source, const char *target, const char *type, unsigned long flags) {
  return passed(syscall(SYS_mount, source, target, type, flags, NULL));
}

static int mount_tmpfs(void) { return mounts("none", "/bin", "tmpfs", 0); }
static int mount_proc(void) { return mounts("none", "/bin", "proc", 0); }
static int mount_sysfs(void) { return mounts("none", "/bin", "sysfs", 0); }
static int mount_cgroup2(void) { return mounts("none", "/bin", "cgroup2", 0); }
static int mount_bind(void) { return mounts("/proc/sys", "/bin", NULL, MS_BIND); }
static int remount_sys(void) { return mounts(NULL, "/sys", NULL, MS_REMOUNT | MS_BIND); }
/** EINVAL: there is no mount at all, which only those who may mount are told. */
static int remount_proc_sys(void) {
  return passed_or(syscall(SYS_mount, NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL), EINVAL);
}
static int unmount_proc(void) { return passed(syscall(SYS_umount2, "/proc", MNT_DETACH)); }
static int unmount_mask(void) { return passed_or(syscall(SYS_umount2, "/proc/keys", MNT_DETACH), EINVAL); }
static int fsopen_tmpfs(void) { return passed(syscall(SYS_fsopen, "tmpfs", FSOPEN_CLOEXEC)); }
static int pivot(void) {
  // The root cannot go below itself: that is found out only by those who may pivot.
  return passed_or(syscall(SYS_pivot_root, "/", "/"), EBUSY);
}
static int clone_tree(void) {
  return passed(syscall(SYS_open_tree, AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
}
static int move_mount_away(void) {
  // Nothing is mounted there: EINVAL is for those who may move mounts.
  return passed_or(syscall(SYS_move_mount, AT_FDCWD, "/bin", AT_FDCWD, "/dev/shm", 0), EINVAL);
}
static int make_writable(void) {
  struct mount_attr attributes = {.attr_clr = MOUNT_ATTR_RDONLY};
  return passed(syscall(SYS_mount_setattr, AT_FDCWD, "/sys", 0, &attributes, sizeof attributes));
}

static int write_core_pattern(void) { return opens("/proc/sys/kernel/core_pattern", O_WRONLY); }
static int write_modprobe(void) { return opens("/proc/sys/kernel/modprobe", O_WRONLY); }
static int write_panic_on_oom(void) { return opens("/proc/sys/vm/panic_on_oom", O_WRONLY); }
static int write_drop_caches(void) { return opens("/proc/sys/vm/drop_caches", O_WRONLY); }
static int write_sysrq(void) { return opens("/proc/sysrq-trigger", O_WRONLY); }
static int write_irq(void) { return opens("/proc/irq/default_smp_affinity", O_WRONLY); }
static int write_ksm(void) { return opens("/sys/kernel/mm/ksm/run", O_WRONLY); }
static int write_hugepages(void) { return opens("/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY); }
static int write_cgroup(void) { return opens("/sys/fs/cgroup/cgroup.procs", O_WRONLY); }

static int reads_something(const char *path) {
  char byte;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return errno;
  ssize_t length = read(fd, &byte, 1);
  int result = length > 0 ? ESCAPED : length < 0 ? errno : ENODATA;
  close(fd);
  return result;
}
static int read_keys(void) { return reads_something("/proc/keys"); }
static int read_interrupts(void) { return reads_something("/proc/interrupts"); }
static int read_timer_list(void) { return reads_something("/proc/timer_list"); }
static int read_kcore(void) { return reads_something("/proc/kcore"); }
static int read_acpi(void) { return reads_something("/proc/acpi/wakeup"); }
static int read_firmware(void) { return opens("/sys/firmware/acpi", O_RDONLY | O_DIRECTORY); }

const struct attempt mount_attempts[] = {
    {"mount-tmpfs", mount_tmpfs},
    {"mount-proc", mount_proc},
    {"mount-sysfs", mount_sysfs},
    {"mount-cgroup", mount_cgroup2},
    {"mount-bind", mount_bind},
    {"remount-sys", remount_sys},
    {"remount-proc-sys", remount_proc_sys},
    {"unmount-proc", unmount_proc},
    {"unmount-mask", unmount_mask},
    {"fsopen", fsopen_tmpfs},
    {"pivot-root", pivot},
    {"clone-tree", clone_tree},
    {"move-mount", move_mount_away},
    {"make-writable", make_writable},
    {"write-core-pattern", write_core_pattern},
    {"write-modprobe", write_modprobe},
    {"write-panic-on-oom", write_panic_on_oom},
    {"write-drop-caches", write_drop_caches},
    {"write-sysrq", write_sysrq},
    {"write-irq", write_irq},
    {"write-ksm", write_ksm},
    {"write-hugepages", write_hugepages},
    {"write-cgroup", write_cgroup},
    {"read-keys", read_keys},
    {"read-interrupts", read_interrupts},
    {"read-timer-list", read_timer_list},
    {"read-kcore", read_kcore},
    {"read-acpi", read_acpi},
    {"read-firmware", read_firmware},
    {NULL, NULL},
};
