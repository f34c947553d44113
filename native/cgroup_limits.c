// What docker's names of limits mean in files of control groups, of version 1 and 2. The conversions are
// those of the OCI runtimes (runc's libcontainer/cgroups, crun's cgroup-resources).
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup.h"
#include "userns.h"

#define CPU_PERIOD_DEFAULT "100000"

static const struct {
  const char *name, *controller;
  const char *old_file;  // of version 1, which takes the value as it is
} known[] = {
    {"memory", "memory", "memory.limit_in_bytes"},
    {"memory-swap", "memory", "memory.memsw.limit_in_bytes"},
    {"cpu-shares", "cpu", "cpu.shares"},
    {"cpu-period", "cpu", "cpu.cfs_period_us"},
    {"cpu-quota", "cpu", "cpu.cfs_quota_us"},
    {"cpuset-cpus", "cpuset", "cpuset.cpus"},
    {"cpuset-mems", "cpuset", "cpuset.mems"},
    {"blkio-weight", "blkio", "blkio.weight"},
    {"device-read-bps", "blkio", "blkio.throttle.read_bps_device"},
    {"device-write-bps", "blkio", "blkio.throttle.write_bps_device"},
    {"device-read-iops", "blkio", "blkio.throttle.read_iops_device"},
    {"device-write-iops", "blkio", "blkio.throttle.write_iops_device"},
    {"pids", "pids", "pids.max"},
};

static size_t index_of(const char *name) {
  size_t i = 0;
  while (i < COUNT_OF(known) && strcmp(known[i].name, name) != 0) i++;
  return i;
}

void cgroup_add_limit(struct cgroup_options *options, const char *text) {
  char *value = xstrdup(text), *name = strsep(&value, ":");
  if (value == NULL || *value == '\0') die("request", 0, NULL, "limit=%.80s: expected NAME:VALUE", text);
  if (index_of(name) == COUNT_OF(known)) die("request", 0, NULL, "limit=%.80s: unknown limit", text);
  if (userns_nested()) die("limits", 0, NULL, "limits need root: control groups are not an ordinary user's");
  options->limits = xreallocarray(options->limits, options->limit_count + 1, sizeof *options->limits);
  options->limits[options->limit_count++] = (struct cgroup_limit){.name = name, .value = value};
}

static const char *value_of(const struct cgroup_options *options, const char *name) {
  for (size_t i = options->limit_count; i > 0; i--)
    if (strcmp(options->limits[i - 1].name, name) == 0) return options->limits[i - 1].value;
  return NULL;
}

static uint64_t number(const struct cgroup_limit *limit, uint64_t low, uint64_t high) {
  uint64_t value;
  if (!parse_u64(limit->value, high, &value) || value < low)
    die("limits", 0, NULL, "%s: expected a number from %llu to %llu, got \"%.80s\"", limit->name,
        (unsigned long long)low, (unsigned long long)high, limit->value);
  return value;
}

/** `PATH:RATE` as `MAJOR:MINOR` and the rate. */
static char *device_rate(const struct cgroup_limit *limit, const char **rate) {
  const char *colon = strrchr(limit->value, ':');
  struct stat status;
  if (colon == NULL)
    die("limits", 0, NULL, "%s: expected PATH:RATE, got \"%.80s\"", limit->name, limit->value);
  char *path = xstrndup(limit->value, (size_t)(colon - limit->value));
  if (stat(path, &status) != 0) die("limits", errno, path, "%s: cannot look at it", limit->name);
  if (!S_ISBLK(status.st_mode)) die("limits", 0, path, "%s: not a block device", limit->name);
  *rate = colon + 1;
  return xformat("%u:%u", major(status.st_rdev), minor(status.st_rdev));
}

static bool is_device_limit(const char *name) {
  return strncmp(name, "device-", 7) == 0;
}

static void apply_old(const struct cgroup_limit *limit, const struct cgroup_directory *directory) {
  const char *file = known[index_of(limit->name)].old_file, *rate;
  if (is_device_limit(limit->name)) {
    char *device = device_rate(limit, &rate);
    cgroup_write(directory, file, xformat("%s %s", device, rate));
  } else if (strcmp(file, "blkio.weight") == 0 && !cgroup_has(directory, file)) {
    cgroup_write(directory, "blkio.bfq.weight", limit->value);
  } else {
    cgroup_write(directory, file,
                 strcmp(file, "pids.max") == 0 && *limit->value == '-' ? "max" : limit->value);
  }
}

/** Of memory and swap together, here; of swap alone, there. */
static void apply_swap(const struct cgroup_options *options, const struct cgroup_limit *limit,
                       const struct cgroup_directory *directory) {
  const char *memory = value_of(options, "memory");
  uint64_t of_memory, both;
  if (strcmp(limit->value, "-1") == 0) {
    cgroup_write(directory, "memory.swap.max", "max");
    return;
  }
  both = number(limit, 0, INT64_MAX);
  if (memory == NULL || !parse_u64(memory, INT64_MAX, &of_memory) || both < of_memory)
    die("limits", 0, NULL, "memory-swap is memory and swap together: it needs a memory limit not above it");
  cgroup_write(directory, "memory.swap.max", xformat("%llu", (unsigned long long)(both - of_memory)));
}

static void apply_weight(const struct cgroup_limit *limit, const struct cgroup_directory *directory) {
  uint64_t weight = number(limit, 10, 1000);
  if (cgroup_has(directory, "io.bfq.weight"))
    cgroup_write(directory, "io.bfq.weight", limit->value);
  else
    cgroup_write(directory, "io.weight", xformat("default %" PRIu64, 1 + (weight - 10) * 9999 / 990));
}

static void apply_rate(const struct cgroup_limit *limit, const struct cgroup_directory *directory) {
  static const char *const keys[][2] = {{"device-read-bps", "rbps"},
                                        {"device-write-bps", "wbps"},
                                        {"device-read-iops", "riops"},
                                        {"device-write-iops", "wiops"}};
  for (size_t i = 0; i < COUNT_OF(keys); i++) {
    if (strcmp(keys[i][0], limit->name) != 0) continue;
    const char *rate;
    char *device = device_rate(limit, &rate);
    cgroup_write(directory, "io.max", xformat("%s %s=%s", device, keys[i][1], rate));
  }
}

static void apply_cpu_time(const struct cgroup_options *options, const struct cgroup_directory *directory) {
  const char *quota = value_of(options, "cpu-quota"), *period = value_of(options, "cpu-period");
  bool unlimited = quota == NULL || *quota == '-' || strcmp(quota, "0") == 0;
  cgroup_write(directory, "cpu.max",
               xformat("%s %s", unlimited ? "max" : quota, period == NULL ? CPU_PERIOD_DEFAULT : period));
}

static void apply_new(const struct cgroup_options *options, const struct cgroup_limit *limit,
                      const struct cgroup_directory *directory) {
  const char *name = limit->name;
  if (strcmp(name, "memory") == 0) {
    cgroup_write(directory, "memory.max", limit->value);
  } else if (strcmp(name, "memory-swap") == 0) {
    apply_swap(options, limit, directory);
  } else if (strcmp(name, "cpu-shares") == 0) {
    uint64_t shares = number(limit, 2, 262144);
    cgroup_write(directory, "cpu.weight", xformat("%" PRIu64, 1 + (shares - 2) * 9999 / 262142));
  } else if (strcmp(name, "cpu-period") == 0 || strcmp(name, "cpu-quota") == 0) {
    apply_cpu_time(options, directory);
  } else if (strcmp(name, "blkio-weight") == 0) {
    apply_weight(limit, directory);
  } else if (is_device_limit(name)) {
    apply_rate(limit, directory);
  } else if (strcmp(name, "pids") == 0) {
    cgroup_write(directory, "pids.max", *limit->value == '-' ? "max" : limit->value);
  } else {
    cgroup_write(directory, known[index_of(name)].old_file, limit->value);  // cpuset has the same names
  }
}

void cgroup_apply(const struct cgroup_options *options) {
  for (size_t i = 0; i < options->limit_count; i++) {
    const struct cgroup_limit *limit = &options->limits[i];
    const char *controller = known[index_of(limit->name)].controller;
    // Version 2 has another name for it.
    const struct cgroup_directory *directory =
        cgroup_directory_of(controller, strcmp(controller, "blkio") != 0);
    if (directory == NULL) directory = cgroup_directory_of("io", true);
    if (directory->controller != NULL)
      apply_old(limit, directory);
    else
      apply_new(options, limit, directory);
  }
}
