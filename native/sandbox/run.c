// The request `run`. The worker itself leaves the host's namespaces and builds the sandbox, so that every mistake can
// be reported at once; then it begins the two processes of the new pid namespace: the first one, which only waits, and
// the payload. When those are gone, it returns to the host's mounts, and tidies the new layer.
#define _GNU_SOURCE
#include "sandbox/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "namespace/scratch.h"
#include "namespace/userns.h"
#include "network/network.h"
#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "sandbox/console.h"
#include "sandbox/mounts.h"
#include "sandbox/own_binary.h"
#include "sandbox/stubs.h"
#include "tree/times.h"
#include "tree/xattr.h"
#include "util/kernel.h"

#define RUSAGE_BLOCK_BYTES 512
#define CHILD_STACK_BYTES ((size_t)64 * 1024)
#define GUIDE_STACK_BYTES ((size_t)8 * 1024)
#define GROWTH_KILOBYTES_MAX 4096

static void resolve_user(struct run_options *options, int root) {
  struct identity *identity = &options->payload.privileges.identity;
  char *problem = NULL;
  if (identity_resolve(root, options->user, IDENTITY_PRIMARY_GROUP, identity, &problem) != 0 ||
      identity_add_groups(root, options->groups, options->group_count, identity, &problem) != 0)
    die("user", 0, NULL, "%s", problem);
  if (userns_mode() == USERNS_SINGLE && (identity->uid != 0 || identity->gid != 0 || options->group_count > 0))
    die("id-maps", 0, NULL,
        options->group_count > 0
            ? "groups cannot be added: without ranges in /etc/subuid and /etc/subgid there is only root's"
            : "user %u:%u does not exist here: without ranges in /etc/subuid and /etc/subgid there is only root",
        identity->uid, identity->gid);
}

static void make_working_directory(const struct payload *payload, int root) {
  const struct identity *identity = &payload->privileges.identity;
  struct make_parents make = {.mode = 0755, .uid = identity->uid, .gid = identity->gid};
  char *inside = xformat("%s/.", payload->cwd), *name;
  int fd = view_open_parent(root, inside, &make, &name);
  if (fd < 0) die("cwd", errno, payload->cwd, "cannot make the working directory");
  close(fd);
}

static void bind_file(const char *file, const char *target) {
  if (file == NULL) return;
  int fd = open(file, O_PATH | O_CLOEXEC);
  if (fd < 0) die("mounts", errno, file, "cannot open");
  int mount = mount_clone(fd, "");
  mount_restrict(mount, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, target);
  mount_attach_at(mount, target);
  close(mount);
  close(fd);
}

/** How to get back out of the sandbox, whatever has happened. */
static int host_mounts = -1, host_root, host_directory;
static int own_mounts = -1;  // keeps the mounts of the sandbox until nobody waits for their end
static pid_t sandbox, payload;  // its first processes, until they have been waited for
static bool was_usual;       // the run that has ended: nothing that the next one could find
static bool has_namespaces;  // that nothing has run in yet, after a run before; the bounding set is cut then, too
static long kilobytes_before;

void run_end(void) {
  close_quietly(own_mounts);
  own_mounts = -1;
}

/** What all processes have used, when those of the second are added to what the first one has. */
static void add_usage(struct rusage *sum, const struct rusage *more) {
  timeradd(&sum->ru_utime, &more->ru_utime, &sum->ru_utime);
  timeradd(&sum->ru_stime, &more->ru_stime, &sum->ru_stime);
  if (more->ru_maxrss > sum->ru_maxrss) sum->ru_maxrss = more->ru_maxrss;
  sum->ru_inblock += more->ru_inblock;
  sum->ru_oublock += more->ru_oublock;
}

/** Ends the first process, and waits for it. It waits for all others, of which some may be for us to wait for: the
 * payload, and those that it made our children (CLONE_PARENT) or lets us trace (CLONE_PTRACE). False: it cannot be. */
static bool end_sandbox(struct rusage *used) {
  struct rusage usage;
  int wait_status;
  pid_t pid = 0;
  if (kill(sandbox, SIGKILL) != 0) return false;
  while (pid != sandbox) {
    pid = wait4(-1, &wait_status, __WALL, &usage);
    if (pid < 0 && errno != EINTR) return false;
    if (pid > 0 && !WIFSTOPPED(wait_status)) add_usage(used, &usage);
  }
  sandbox = 0;
  return true;
}

/** The end of a run that failed on our side: no process, no group and no stub stays. */
static void take_back(void) {
  struct rusage used = {0};
  if (sandbox > 0) end_sandbox(&used);
  // The payload has changed the root of everybody in its mount namespace.
  if (setns(host_mounts, CLONE_NEWNS) != 0) return;
  run_end();
  cgroup_end();
  stubs_remove();
  stubs_remove_copies();
}

/** Into namespaces of our own. The pid namespace begins with its first process. */
static void leave_host(const struct network *network) {
  if (host_mounts < 0) {
    host_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    host_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    host_directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  }
  if (host_mounts < 0 || host_root < 0 || host_directory < 0)
    die("namespaces", errno, "/proc/self/ns/mnt", "cannot open");
  scratch_enter(has_namespaces ? 0 : CLONE_NEWIPC | CLONE_NEWUTS | network_namespace(network));
  own_mounts = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
  network_begin(network);
  network_link(network);  // its device has settings, too (sysctl=)
}

static int ready[2];  // has a byte when the first process is out of reach of others

static LARGE char stack[CHILD_STACK_BYTES] __attribute__((aligned(16)));
static LARGE char guide_stack[GUIDE_STACK_BYTES] __attribute__((aligned(16)));

/** As vfork does it: a process of the sandbox has our memory until it calls execve, and we sleep as long. No page
 * tables are copied, and what cannot be done is noted where we find it. */
static pid_t start(int (*become)(void *), void *options, char *stack_end, int namespaces) {
  reply_in_child(true);
  pid_t pid = clone(become, stack_end, CLONE_VM | CLONE_VFORK | SIGCHLD | namespaces, options);
  reply_in_child(false);
  if (pid < 0) die("namespaces", errno, NULL, "cannot fork the sandbox");
  return pid;
}

static int become_first(void *argument) {
  const struct rootfs_options *options = argument;
  struct pollfd reader = {.fd = ready[1]};
  close(ready[0]);
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) die("exec", errno, NULL, "cannot end with the helper");
  if (poll(&reader, 1, 0) > 0) _exit(1);  // the worker died before we asked to die with it
  // Whoever stands exactly in the root moves along when the payload changes it.
  if (chdir("/") != 0) die("exec", errno, NULL, "cannot leave the working directory");
  cgroup_enter_namespace();
  rootfs_prepare_proc(options);
  if (options->insecure) privileges_bound(NULL);  // else it is done
  privileges_reduce();
  own_binary_become_init(ready[1]);
}

/** All that sandboxes begin with, and the first process, which also mounts /proc: it has to be one of the namespace. */
static void begin_sandbox(struct rootfs_options *options, const struct network *network) {
  sigset_t all, before;
  leave_host(network);
  if (!options->insecure && !has_namespaces) privileges_bound(NULL);
  rootfs_prepare(options);
  xpipe(ready);
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);  // what is sent before it listens must wait for it
  sandbox = start(become_first, options, stack + sizeof stack, CLONE_NEWPID);
  sigprocmask(SIG_SETMASK, &before, NULL);
  close(ready[1]);
}

static long memory_kilobytes(void) {
  struct rusage usage;
  return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_maxrss : 0;
}

void run_prepare(void) {
  struct network none = network_parse("none");
  struct rootfs_options usual = {.shm_size = SHM_BYTES_DEFAULT};
  userns_require();
  if (kilobytes_before == 0) kilobytes_before = memory_kilobytes();
  begin_sandbox(&usual, &none);
}

bool run_rest(void) {
  if (!was_usual || reply_failed() || memory_kilobytes() > kilobytes_before + GROWTH_KILOBYTES_MAX) return false;
  run_end();
  // All that it has opened since it left the host comes after what it stood on there.
  return k_close_from((unsigned)host_directory + 1) == 0 && fchdir(host_root) == 0 && chroot(".") == 0 &&
         fchdir(host_directory) == 0;
}

void run_renew(void) {
  scratch_left();
  if (unshare(CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET) != 0)
    die("namespaces", errno, NULL, "cannot make the namespaces");
  has_namespaces = true;
}

/** Everything up to the fork; the root's descriptor. */
static int build_sandbox(struct run_options *options) {
  if (sethostname(options->hostname, strlen(options->hostname)) != 0)
    die("namespaces", errno, NULL, "cannot set the host name \"%s\"", options->hostname);
  if (setdomainname(options->domainname, strlen(options->domainname)) != 0)
    die("namespaces", errno, NULL, "cannot set the domain name \"%s\"", options->domainname);
  int root = rootfs_open(&options->view, &options->rootfs);
  resolve_user(options, root);
  rootfs_furnish();
  bind_file(options->resolv, "etc/resolv.conf");
  bind_file(options->hosts, "etc/hosts");
  uint64_t attributes = rootfs_attributes(&options->rootfs);
  while (cursor_is(&options->mounts, "mount")) mount_take(&options->mounts, attributes);
  if (cursor_peek(&options->mounts) != NULL) cursor_unexpected(&options->mounts);
  make_working_directory(&options->payload, root);
  console_open(&options->console, root);
  rootfs_finish();
  if (options->rootfs.readonly && k_mount_setattr(root, MOUNT_ATTR_RDONLY, 0, 0) != 0)
    die("rootfs", errno, "/", "cannot make the root read-only");
  return root;
}

/** Before the process is one whose files in /proc are not its own. */
static void set_oom_score(const char *score) {
  int fd = score == NULL ? -1 : open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (score != NULL && (fd < 0 || write_full(fd, score, strlen(score)) != 0))
    die("privileges", errno, NULL, "cannot set oom_score_adj to %s%s", score,
        errno == EACCES || errno == EPERM ? ": less than the caller has takes CAP_SYS_RESOURCE" : "");
  close_quietly(fd);
}

static int become_payload(void *argument) {
  struct run_options *options = argument;
  cgroup_join(0);
  cgroup_enter_namespace();
  rootfs_mount_cgroup(&options->rootfs);
  rootfs_enter();
  console_take();
  if (k_close_from(3) != 0) die("exec", errno, NULL, "cannot close what the sandbox is not given");
  set_oom_score(options->payload.privileges.oom_score);
  own_binary_hide();
  privileges_bound(&options->payload.privileges);
  payload_become(&options->payload);
}

/** A process is born into the pid namespace that its parent has chosen for all its children, and an ordinary user's
 * would not get back to the host's: so this one chooses, and the payload becomes its parent's child. */
static int guide(void *options) {
  const int flags = CLONE_PARENT | CLONE_PARENT_SETTID | CLONE_VM | CLONE_VFORK | SIGCHLD;
  int first = k_pidfd_open(sandbox);
  if (first < 0 || setns(first, CLONE_NEWPID) != 0)
    die("namespaces", errno, NULL, "cannot enter the pid namespace of the sandbox");
  if (clone(become_payload, stack + sizeof stack, flags, options, &payload) < 0)
    die("namespaces", errno, NULL, "cannot fork the sandbox");
  return 0;
}

static void start_payload(struct run_options *options) {
  int wait_status;
  pid_t pid = start(guide, options, guide_stack + sizeof guide_stack, 0);
  while (waitpid(pid, &wait_status, 0) < 0)
    if (errno != EINTR) die("wait", errno, NULL, "cannot wait for the sandbox");
  if (payload == 0 || wait_status != 0) die("exec", 0, NULL, "the process of the sandbox was not begun");
}

struct outcome {
  int wait_status;
  long long wall;  // microseconds
  struct rusage usage;
  struct cgroup_usage limited;
};

static long long microseconds(void) {
  struct timespec time;
  k_clock_gettime(CLOCK_MONOTONIC, &time);
  return (long long)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/** To the end of the last process; false when it failed, with the error noted. */
static bool run_processes(struct run_options *options, struct outcome *outcome) {
  char byte;
  int end;
  // It may still load libraries, which it would not find below another root.
  if (read_full(ready[0], &byte, 1) != 1) die("exec", 0, NULL, "the first process of the sandbox did not begin");
  close(ready[0]);
  cgroup_join(sandbox);
  start_payload(options);
  if ((end = k_pidfd_open(payload)) < 0) die("wait", errno, NULL, "cannot watch the process");
  reply_sandbox(options->signals_for_main ? payload : sandbox);
  console_carry(end);
  close(end);
  while (wait4(payload, &outcome->wait_status, 0, &outcome->usage) < 0)
    if (errno != EINTR) die("wait", errno, NULL, "cannot wait for the sandbox");
  payload = 0;
  if (!end_sandbox(&outcome->usage)) die("wait", errno, NULL, "cannot end the sandbox");
  console_drain();
  return !reply_failed();
}

static void reply_outcome(const struct outcome *outcome) {
  const struct rusage *usage = &outcome->usage;
  reply_exit_status(outcome->wait_status == 0 ? 0 : 1);
  if (WIFSIGNALED(outcome->wait_status))
    reply_result("signal", "%d", WTERMSIG(outcome->wait_status));
  else
    reply_result("exit", "%d", WEXITSTATUS(outcome->wait_status));
  reply_result("userns", "%s", userns_mode_name());
  reply_result("wall", "%lld.%06lld", outcome->wall / 1000000, outcome->wall % 1000000);
  reply_result("maxrss", "%ld", usage->ru_maxrss);
  reply_result("utime", "%ld.%06ld", (long)usage->ru_utime.tv_sec, (long)usage->ru_utime.tv_usec);
  reply_result("stime", "%ld.%06ld", (long)usage->ru_stime.tv_sec, (long)usage->ru_stime.tv_usec);
  reply_result("read", "%lld", (long long)usage->ru_inblock * RUSAGE_BLOCK_BYTES);
  reply_result("written", "%lld", (long long)usage->ru_oublock * RUSAGE_BLOCK_BYTES);
  if (!outcome->limited.known) return;
  if (outcome->limited.peak_bytes > 0)  // version 2 tells it from Linux 5.19 on
    reply_result("memorypeak", "%llu", (unsigned long long)outcome->limited.peak_bytes);
  reply_result("oomkills", "%llu", (unsigned long long)outcome->limited.oom_kills);
}

/** Back to the host's mounts. No process is in the sandbox's any more. */
static void leave_sandbox(const struct run_options *options, int root) {
  if (options->rootfs.readonly) (void)k_mount_setattr(root, 0, MOUNT_ATTR_RDONLY, 0);  // stubs have to go
  if (setns(host_mounts, CLONE_NEWNS) != 0) die("wait", errno, NULL, "cannot leave the sandbox's mounts");
  close(root);
  if (stubs_made()) run_end();  // or each of them would be unmounted by itself
  stubs_remove();
  stubs_remove_copies();
}

/** Whether a layer whose times are set is as the run found it: empty, and nothing new about its root. */
static bool is_unchanged(int upper, const struct stat *before, const struct times_rule *times) {
  struct stat after;
  return times->active && times->entries == 0 && fstat(upper, &after) == 0 &&
         after.st_mode == before->st_mode && after.st_uid == before->st_uid &&
         after.st_gid == before->st_gid && xattrs_read(upper, xattr_is_portable).count == 0;
}

int verb_run(const struct request *request) {
  struct times_rule times = times_rule_of(request);
  struct run_options options = run_parse(request);
  userns_require();
  const char *layer = options.view.upper;
  int upper = layer == NULL ? -1 : open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (layer != NULL && upper < 0) die("view", errno, layer, "cannot open the new layer");
  reply_take_back(take_back);
  bool begun = sandbox != 0;
  if (!begun) begin_sandbox(&options.rootfs, &options.network);
  if (reply_failed()) die("exec", 0, NULL, "there is no first process");
  reply_sandbox(sandbox);
  if (begun) network_link(&options.network);
  int root = build_sandbox(&options);
  struct stat made = {0};
  if (upper >= 0 && fstat(upper, &made) != 0) die("view", errno, layer, "cannot look at the new layer");
  cgroup_make(&options.cgroup);
  long long begin = microseconds();
  struct outcome outcome = {0};
  bool success = run_processes(&options, &outcome);
  outcome.wall = microseconds() - begin;
  leave_sandbox(&options, root);
  outcome.limited = cgroup_end();
  was_usual = success && !stubs_made() && options.cgroup.limit_count == 0 && options.cgroup.parent == NULL &&
              !cgroup_left();
  if (!success) return -1;
  if (upper >= 0) times_normalise(upper, &times);
  if (upper >= 0 && is_unchanged(upper, &made, &times)) reply_result("unchanged", "1");
  if (times.active) reply_result("epoch", "%lld", (long long)times.epoch.tv_sec);
  reply_outcome(&outcome);
  return 0;
}
