// The conversions are those of the OCI runtimes (runc's libcontainer/cgroups, crun's cgroup-resources); the
// files are in the kernel's admin-guide, cgroup-v1/ and cgroup-v2.rst.
#include "cgroup/cgroup_values.h"

#include <inttypes.h>
#include <string.h>

#define CPU_PERIOD_DEFAULT "100000"

enum conversion { AS_IT_IS, OR_MAX, OF_SWAP, OF_SHARES, OF_CPU_TIME, OF_WEIGHT, OF_DEVICE, OF_DEVICE_WEIGHT };

static const struct limit_kind {
  const char *name, *controller;
  const char *old_file, *new_file;  // version 1 takes the value as it is
  enum conversion conversion;       // for version 2
  const char *key;                  // of a device's line there
} known[] = {
    {"memory", "memory", "memory.limit_in_bytes", "memory.max", OR_MAX, NULL},
    {"memory-swap", "memory", "memory.memsw.limit_in_bytes", "memory.swap.max", OF_SWAP, NULL},
    {"memory-swap-if-counted", "memory", "memory.memsw.limit_in_bytes", "memory.swap.max", OF_SWAP, NULL},
    {"memory-reservation", "memory", "memory.soft_limit_in_bytes", "memory.low", AS_IT_IS, NULL},
    {"memory-swappiness", "memory", "memory.swappiness", "memory.swappiness", AS_IT_IS, NULL},  // version 2 has none
    {"oom-kill-disable", "memory", "memory.oom_control", "memory.oom_control", AS_IT_IS, NULL},  // nor that
    {"cpu-shares", "cpu", "cpu.shares", "cpu.weight", OF_SHARES, NULL},
    {"cpu-period", "cpu", "cpu.cfs_period_us", "cpu.max", OF_CPU_TIME, NULL},
    {"cpu-quota", "cpu", "cpu.cfs_quota_us", "cpu.max", OF_CPU_TIME, NULL},
    {"cpuset-cpus", "cpuset", "cpuset.cpus", "cpuset.cpus", AS_IT_IS, NULL},
    {"cpuset-mems", "cpuset", "cpuset.mems", "cpuset.mems", AS_IT_IS, NULL},
    {"blkio-weight", "blkio", "blkio.weight", "io.weight", OF_WEIGHT, NULL},
    {"blkio-weight-device", "blkio", "blkio.weight_device", "io.weight", OF_DEVICE_WEIGHT, NULL},
    {"device-read-bps", "blkio", "blkio.throttle.read_bps_device", "io.max", OF_DEVICE, "rbps"},
    {"device-write-bps", "blkio", "blkio.throttle.write_bps_device", "io.max", OF_DEVICE, "wbps"},
    {"device-read-iops", "blkio", "blkio.throttle.read_iops_device", "io.max", OF_DEVICE, "riops"},
    {"device-write-iops", "blkio", "blkio.throttle.write_iops_device", "io.max", OF_DEVICE, "wiops"},
    {"pids", "pids", "pids.max", "pids.max", OR_MAX, NULL},
};

static const struct limit_kind *kind_of(const char *name) {
  for (size_t i = 0; i < COUNT_OF(known); i++)
    if (strcmp(known[i].name, name) == 0) return &known[i];
  return NULL;
}

const char *cgroup_controller_of(const char *name) {
  const struct limit_kind *kind = kind_of(name);
  return kind == NULL ? NULL : kind->controller;
}

bool cgroup_is_for_some(const char *name) { return strcmp(name, "memory-swap-if-counted") == 0; }

bool cgroup_is_of_device(const char *name) {
  const struct limit_kind *kind = kind_of(name);
  return kind != NULL && kind->conversion >= OF_DEVICE;
}

/** The last one of that name, or NULL. */
static const char *other(const struct cgroup_question *question, const char *name) {
  const struct cgroup_options *options = question->options;
  for (size_t i = options->limit_count; i > 0; i--)
    if (strcmp(options->limits[i - 1].name, name) == 0) return options->limits[i - 1].value;
  return NULL;
}

static uint64_t number(const struct cgroup_limit *limit, const char *text, uint64_t low, uint64_t high) {
  uint64_t value;
  if (!parse_u64(text, high, &value) || value < low)
    die("limits", 0, NULL, "%s: expected a number from %" PRIu64 " to %" PRIu64 ", got \"%.80s\"",
        limit->name, low, high, text);
  return value;
}

/** From one range to that of version 2, its ends to its ends. */
static char *scaled(uint64_t number, uint64_t low, uint64_t high) {
  return xformat("%" PRIu64, 1 + (number - low) * 9999 / (high - low));
}

/** A share of all block devices or of one: BFQ has the same range in both versions, io.weight another. */
static char *weight(const struct cgroup_question *question, const char *text) {
  uint64_t value = number(question->limit, text, 10, 1000);
  if (!question->unified || question->bfq) return xformat("%" PRIu64, value);
  return scaled(value, 10, 1000);
}

/** Of memory and swap together, in docker's sense; of swap alone, in version 2. */
static char *swap_alone(const struct cgroup_question *question) {
  const char *memory = other(question, "memory");
  uint64_t of_memory, both;
  if (strcmp(question->limit->value, "-1") == 0) return xstrdup("max");
  both = number(question->limit, question->limit->value, 0, INT64_MAX);
  if (memory == NULL || !parse_u64(memory, INT64_MAX, &of_memory) || both < of_memory)
    die("limits", 0, NULL, "memory-swap is memory and swap together: it needs a memory limit not above it");
  return xformat("%" PRIu64, both - of_memory);
}

static char *cpu_time(const struct cgroup_question *question) {
  const char *quota = other(question, "cpu-quota"), *period = other(question, "cpu-period");
  bool unlimited = quota == NULL || *quota == '-' || strcmp(quota, "0") == 0;
  return xformat("%s %s", unlimited ? "max" : quota, period == NULL ? CPU_PERIOD_DEFAULT : period);
}

const char *cgroup_rate_of(const struct cgroup_limit *limit) {
  const char *colon = strrchr(limit->value, ':');
  if (colon != NULL) return colon + 1;
  die("limits", 0, NULL, "%s: expected PATH:RATE, got \"%.80s\"", limit->name, limit->value);
}

static struct cgroup_value old_value(const struct cgroup_question *question, const struct limit_kind *kind) {
  const char *value = question->limit->value;
  switch (kind->conversion) {
    case OF_DEVICE:
      value = xformat("%s %s", question->device, cgroup_rate_of(question->limit));
      return (struct cgroup_value){kind->old_file, value};
    case OF_DEVICE_WEIGHT:
      value = xformat("%s %s", question->device, weight(question, cgroup_rate_of(question->limit)));
      return (struct cgroup_value){question->bfq ? "blkio.bfq.weight_device" : kind->old_file, value};
    case OF_WEIGHT:
      value = weight(question, value);
      return (struct cgroup_value){question->bfq ? "blkio.bfq.weight" : kind->old_file, value};
    default:
      // Files of bytes and times take -1; this one is of both versions.
      if (strcmp(kind->old_file, "pids.max") == 0 && *value == '-') value = "max";
      return (struct cgroup_value){kind->old_file, value};
  }
}

static const char *new_text(const struct cgroup_question *question, const struct limit_kind *kind) {
  const struct cgroup_limit *limit = question->limit;
  switch (kind->conversion) {
    case AS_IT_IS:
      break;
    case OR_MAX:
      return *limit->value == '-' ? "max" : limit->value;
    case OF_SWAP:
      return swap_alone(question);
    case OF_SHARES:
      return scaled(number(limit, limit->value, 2, 262144), 2, 262144);
    case OF_CPU_TIME:
      return cpu_time(question);
    case OF_WEIGHT:
      return xformat("%s%s", question->bfq ? "" : "default ", weight(question, limit->value));
    case OF_DEVICE_WEIGHT:
      return xformat("%s %s", question->device, weight(question, cgroup_rate_of(limit)));
    case OF_DEVICE:
      return xformat("%s %s=%s", question->device, kind->key, cgroup_rate_of(limit));
  }
  return limit->value;
}

struct cgroup_value cgroup_value_of(const struct cgroup_question *question) {
  const struct limit_kind *kind = kind_of(question->limit->name);
  if (kind == NULL) die("request", 0, NULL, "limit=%.80s: unknown limit", question->limit->name);
  if (!question->unified) return old_value(question, kind);
  bool of_bfq = question->bfq && strcmp(kind->new_file, "io.weight") == 0;
  return (struct cgroup_value){of_bfq ? "io.bfq.weight" : kind->new_file, new_text(question, kind)};
}
