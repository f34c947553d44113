// Limits in files of control groups of both versions, against the kernel's documentation: the files of
// cgroup-v1/ and cgroup-v2.rst, with the ranges that stand there.
#define _GNU_SOURCE
#include "cgroup/cgroup_values.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf refused;
static char message[256];
static int failures;

/** Instead of the helper's, which ends the process. */
void die(const char *phase, int error, const char *path, const char *format, ...) {
  va_list arguments;
  (void)phase, (void)error, (void)path;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  longjmp(refused, 1);
}

#define LIMITS_MAX 3

/** `NAME:VALUE`, the first is asked for; the answer is `FILE TEXT`, or `! ` and a part of the refusal. */
struct row {
  bool unified, bfq;
  const char *limits[LIMITS_MAX], *expected;
};

enum { OLD = false, NEW = true };

static const struct row rows[] = {
    {OLD, false, {"memory:67108864"}, "memory.limit_in_bytes 67108864"},
    {NEW, false, {"memory:67108864"}, "memory.max 67108864"},
    {NEW, false, {"memory:-1"}, "memory.max max"},

    // Memory and swap together in version 1, swap alone in version 2.
    {OLD, false, {"memory-swap:100", "memory:60"}, "memory.memsw.limit_in_bytes 100"},
    {NEW, false, {"memory-swap:100", "memory:60"}, "memory.swap.max 40"},
    {NEW, false, {"memory-swap:60", "memory:60"}, "memory.swap.max 0"},
    {NEW, false, {"memory-swap:100", "memory:60", "memory:70"}, "memory.swap.max 30"},
    {OLD, false, {"memory-swap:-1"}, "memory.memsw.limit_in_bytes -1"},
    {NEW, false, {"memory-swap:-1"}, "memory.swap.max max"},
    {OLD, false, {"memory-swap-if-counted:120", "memory:60"}, "memory.memsw.limit_in_bytes 120"},
    {NEW, false, {"memory-swap-if-counted:120", "memory:60"}, "memory.swap.max 60"},
    {NEW, false, {"memory-swap:100"}, "! needs a memory limit"},
    {NEW, false, {"memory-swap:59", "memory:60"}, "! needs a memory limit"},
    {NEW, false, {"memory-swap:x", "memory:60"}, "! expected a number"},

    {OLD, false, {"memory-reservation:100"}, "memory.soft_limit_in_bytes 100"},
    {NEW, false, {"memory-reservation:100"}, "memory.low 100"},
    {OLD, false, {"memory-swappiness:0"}, "memory.swappiness 0"},
    {OLD, false, {"oom-kill-disable:1"}, "memory.oom_control 1"},

    // 2 to 262144 shares, 1024 by default; weights of 1 to 10000, 100 by default.
    {OLD, false, {"cpu-shares:1024"}, "cpu.shares 1024"},
    {NEW, false, {"cpu-shares:2"}, "cpu.weight 1"},
    {NEW, false, {"cpu-shares:512"}, "cpu.weight 20"},
    {NEW, false, {"cpu-shares:1024"}, "cpu.weight 39"},
    {NEW, false, {"cpu-shares:262144"}, "cpu.weight 10000"},
    {NEW, false, {"cpu-shares:1"}, "! cpu-shares: expected a number from 2 to 262144"},
    {NEW, false, {"cpu-shares:262145"}, "! cpu-shares: expected a number"},

    // `$MAX $PERIOD` in one file, where version 1 has two.
    {OLD, false, {"cpu-quota:25000", "cpu-period:50000"}, "cpu.cfs_quota_us 25000"},
    {OLD, false, {"cpu-period:50000", "cpu-quota:25000"}, "cpu.cfs_period_us 50000"},
    {NEW, false, {"cpu-quota:25000", "cpu-period:50000"}, "cpu.max 25000 50000"},
    {NEW, false, {"cpu-period:50000", "cpu-quota:25000"}, "cpu.max 25000 50000"},
    {NEW, false, {"cpu-quota:25000"}, "cpu.max 25000 100000"},
    {NEW, false, {"cpu-period:50000"}, "cpu.max max 50000"},
    {NEW, false, {"cpu-quota:-1"}, "cpu.max max 100000"},
    {NEW, false, {"cpu-quota:0"}, "cpu.max max 100000"},

    {OLD, false, {"cpuset-cpus:0-2,4"}, "cpuset.cpus 0-2,4"},
    {NEW, false, {"cpuset-cpus:0-2,4"}, "cpuset.cpus 0-2,4"},
    {NEW, false, {"cpuset-mems:0"}, "cpuset.mems 0"},

    // 10 to 1000, with BFQ in both versions; io.weight has 1 to 10000.
    {OLD, false, {"blkio-weight:300"}, "blkio.weight 300"},
    {OLD, true, {"blkio-weight:300"}, "blkio.bfq.weight 300"},
    {NEW, true, {"blkio-weight:300"}, "io.bfq.weight 300"},
    {NEW, true, {"blkio-weight:1001"}, "! blkio-weight: expected a number from 10 to 1000"},
    {NEW, false, {"blkio-weight:10"}, "io.weight default 1"},
    {NEW, false, {"blkio-weight:500"}, "io.weight default 4950"},
    {NEW, false, {"blkio-weight:1000"}, "io.weight default 10000"},
    {NEW, false, {"blkio-weight:9"}, "! blkio-weight: expected a number from 10 to 1000"},

    {OLD, false, {"blkio-weight-device:/dev/x:300"}, "blkio.weight_device 8:16 300"},
    {OLD, true, {"blkio-weight-device:/dev/x:300"}, "blkio.bfq.weight_device 8:16 300"},
    {NEW, false, {"blkio-weight-device:/dev/x:1000"}, "io.weight 8:16 10000"},
    {NEW, true, {"blkio-weight-device:/dev/x:300"}, "io.bfq.weight 8:16 300"},
    {NEW, false, {"blkio-weight-device:/dev/x:9"}, "! blkio-weight-device: expected a number from 10 to 1000"},
    {NEW, false, {"blkio-weight-device:9"}, "! expected PATH:RATE"},

    // A line for a device: its numbers, and in version 2 the key that is meant.
    {OLD, false, {"device-read-bps:/dev/x:1048576"}, "blkio.throttle.read_bps_device 8:16 1048576"},
    {OLD, false, {"device-write-bps:/dev/x:2"}, "blkio.throttle.write_bps_device 8:16 2"},
    {OLD, false, {"device-read-iops:/dev/x:3"}, "blkio.throttle.read_iops_device 8:16 3"},
    {OLD, false, {"device-write-iops:/dev/x:4"}, "blkio.throttle.write_iops_device 8:16 4"},
    {NEW, false, {"device-read-bps:/dev/x:1048576"}, "io.max 8:16 rbps=1048576"},
    {NEW, false, {"device-write-bps:/dev/x:2"}, "io.max 8:16 wbps=2"},
    {NEW, false, {"device-read-iops:/dev/a:b:3"}, "io.max 8:16 riops=3"},
    {NEW, true, {"device-write-iops:/dev/x:4"}, "io.max 8:16 wiops=4"},
    {NEW, false, {"device-write-iops:x"}, "! expected PATH:RATE"},

    {OLD, false, {"pids:77"}, "pids.max 77"},
    {OLD, false, {"pids:-1"}, "pids.max max"},
    {NEW, false, {"pids:77"}, "pids.max 77"},
    {NEW, false, {"pids:-1"}, "pids.max max"},

    {NEW, false, {"colour:1"}, "! unknown limit"},
};

static void check(const struct row *row) {
  struct cgroup_limit limits[LIMITS_MAX];
  struct cgroup_options options = {.limits = limits};
  for (; options.limit_count < LIMITS_MAX && row->limits[options.limit_count] != NULL;
       options.limit_count++) {
    char *value = xstrdup(row->limits[options.limit_count]), *name = strsep(&value, ":");
    limits[options.limit_count] = (struct cgroup_limit){.name = name, .value = value};
  }
  struct cgroup_question question = {.options = &options,
                                     .limit = &limits[0],
                                     .unified = row->unified,
                                     .bfq = row->bfq,
                                     .device = cgroup_is_of_device(limits[0].name) ? "8:16" : NULL};
  char got[512];
  bool right;
  if (setjmp(refused) == 0) {
    struct cgroup_value value = cgroup_value_of(&question);
    snprintf(got, sizeof got, "%s %s", value.file, value.text);
    right = strcmp(got, row->expected) == 0;
  } else {
    snprintf(got, sizeof got, "! %s", message);
    right = row->expected[0] == '!' && strstr(message, row->expected + 2) != NULL;
  }
  if (right) return;
  failures++;
  printf("FAILED: %s of version %d is \"%s\", expected \"%s\"\n", row->limits[0], row->unified ? 2 : 1, got,
         row->expected);
}

int main(void) {
  for (size_t i = 0; i < COUNT_OF(rows); i++) check(&rows[i]);
  if (failures == 0) printf("cgroup_values: all %zu rows hold\n", COUNT_OF(rows));
  return failures == 0 ? 0 : 1;
}
