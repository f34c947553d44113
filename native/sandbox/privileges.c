// Dropping privileges. Docker's fourteen capabilities stay with root; everybody else has none, but
// set-user-ID programs can get back to them: no_new_privs is off on purpose, because sudo and su are part of
// Dockerfiles.
#define _GNU_SOURCE
#include "sandbox/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "namespace/userns.h"

static const unsigned char kept[] = {CAP_CHOWN,      CAP_DAC_OVERRIDE, CAP_FSETID, CAP_FOWNER,
                                     CAP_MKNOD,      CAP_NET_RAW,      CAP_SETGID, CAP_SETUID,
                                     CAP_SETFCAP,    CAP_SETPCAP,      CAP_KILL,   CAP_NET_BIND_SERVICE,
                                     CAP_SYS_CHROOT, CAP_AUDIT_WRITE};

static const struct {
  const char *name;
  int resource;
} resources[] = {
    {"core", RLIMIT_CORE},         {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},         {"fsize", RLIMIT_FSIZE},
    {"locks", RLIMIT_LOCKS},       {"memlock", RLIMIT_MEMLOCK},
    {"msgqueue", RLIMIT_MSGQUEUE}, {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},     {"nproc", RLIMIT_NPROC},
    {"rss", RLIMIT_RSS},           {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},     {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

static uint64_t parse_limit_value(const char *text, const char *whole) {
  uint64_t value;
  if (strcmp(text, "-1") == 0 || strcmp(text, "unlimited") == 0) return RLIM_INFINITY;
  if (!parse_u64(text, UINT64_MAX, &value))
    die("request", 0, NULL, "ulimit=%s: not a number: %s", whole, text);
  return value;
}

static const char *resource_name(int resource) {
  size_t i = 0;
  while (resources[i].resource != resource) i++;
  return resources[i].name;
}

struct limit privileges_parse_limit(const char *text) {
  char *rest = xstrdup(text), *name = strsep(&rest, ":"), *soft = strsep(&rest, ":"), *hard = rest;
  if (soft == NULL || hard == NULL) die("request", 0, NULL, "ulimit=%s: expected NAME:SOFT:HARD", text);
  for (size_t i = 0; i < COUNT_OF(resources); i++)
    if (strcasecmp(name, resources[i].name) == 0)
      return (struct limit){.resource = resources[i].resource, .soft = parse_limit_value(soft, text),
                            .hard = parse_limit_value(hard, text)};
  die("request", 0, NULL, "ulimit=%s: unknown limit", text);
}

static void set_limits(const struct privileges *privileges) {
  for (size_t i = 0; i < privileges->limit_count; i++) {
    const struct limit *limit = &privileges->limits[i];
    struct rlimit value = {.rlim_cur = limit->soft, .rlim_max = limit->hard};
    if (setrlimit((__rlimit_resource_t)limit->resource, &value) != 0)
      die("privileges", errno, NULL, "cannot set the resource limit %s to %llu:%llu", resource_name(limit->resource),
          (unsigned long long)limit->soft, (unsigned long long)limit->hard);
  }
}

static void load_seccomp(const struct buffer *program) {
  if (program->length == 0) return;
  struct sock_fprog filter = {.len = (unsigned short)(program->length / sizeof(struct sock_filter)),
                              .filter = (struct sock_filter *)(void *)program->bytes};
  // Allowed without no_new_privs while we have CAP_SYS_ADMIN. The flag: before 5.16 a filter also switched a
  // CPU mitigation on that slows all of the sandbox down. Newer kernels leave that to those who ask for it.
  if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_SPEC_ALLOW, &filter) != 0)
    die("privileges", errno, NULL, "cannot load the system call filter");
}

static uint64_t kept_set(void) {
  uint64_t set = 0;
  for (size_t i = 0; i < COUNT_OF(kept); i++) set |= UINT64_C(1) << kept[i];
  return set;
}

static uint64_t kept_by(const struct privileges *privileges) {
  return (privileges->insecure ? UINT64_MAX : kept_set()) & ~privileges->dropped;
}

void privileges_bound(const struct privileges *privileges) {
  if (privileges != NULL && privileges->dropped == 0) return;  // it is done, or insecure
  uint64_t keep = privileges == NULL ? kept_set() : kept_by(privileges);
  // Up to the first number that this kernel does not know.
  for (int capability = 0; capability < 64; capability++) {
    if ((keep >> capability & 1) != 0 || prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;
    die("privileges", errno, NULL, "cannot drop capability %d", capability);
  }
}

/** Effective and permitted become what they are, cut down to `keep`; inheritable and ambient are emptied. */
static void set_capabilities(uint64_t keep) {
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2];
  if (syscall(SYS_capget, &header, data) != 0) die("privileges", errno, NULL, "cannot read the capabilities");
  for (int i = 0; i < 2; i++) {
    data[i].permitted &= (uint32_t)(keep >> (32 * i));
    data[i].effective = data[i].permitted;
    data[i].inheritable = 0;
  }
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    die("privileges", errno, NULL, "cannot clear the ambient capabilities");
  if (syscall(SYS_capset, &header, data) != 0) die("privileges", errno, NULL, "cannot set the capabilities");
}

/**
 * A new keyring, or the session's of whoever started us would be within reach. It cannot be had where
 * keyrings are not built in or forbidden to us already, and when the user has used all keys up: then it
 * matters whether a filter keeps the process from keyctl.
 */
static void join_own_keyring(const struct privileges *privileges) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0 || errno == ENOSYS || errno == EPERM)
    return;
  if (privileges->seccomp.length == 0) die("privileges", errno, NULL, "cannot make a session keyring");
}

void privileges_become(const struct privileges *privileges) {
  const struct identity *identity = &privileges->identity;
  set_limits(privileges);
  join_own_keyring(privileges);
  load_seccomp(&privileges->seccomp);
  // A user namespace with a single id cannot set groups at all. The host's root would keep those of its caller.
  bool is_fixed = identity->uid == 0 && userns_nested();
  if (setgroups(identity->group_count, identity->groups) != 0 && !(errno == EPERM && is_fixed))
    die("user", errno, NULL, "cannot set the groups of user %u", identity->uid);
  if (setresgid(identity->gid, identity->gid, identity->gid) != 0)
    die("user", errno, NULL, "cannot become group %u", identity->gid);
  if (setresuid(identity->uid, identity->uid, identity->uid) != 0)
    die("user", errno, NULL, "cannot become user %u", identity->uid);
  set_capabilities(kept_by(privileges));
  if (privileges->no_new && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    die("privileges", errno, NULL, "cannot forgo new privileges");
}

void privileges_reduce(void) { set_capabilities(kept_set()); }
