// What docker's names of limits are in files of control groups. Pure, so that version 2 can be tested where
// the controllers belong to version 1, and the other way round.
#ifndef TSBUILD_CGROUP_VALUES_H
#define TSBUILD_CGROUP_VALUES_H

#include "cgroup/cgroup.h"

struct cgroup_question {
  const struct cgroup_options *options;  // what a limit is can depend on others
  const struct cgroup_limit *limit;
  bool unified;        // version 2
  bool bfq;            // weights of block devices are the scheduler BFQ's
  const char *device;  // MAJOR:MINOR, for the limit of a device
};

struct cgroup_value {
  const char *file, *text;
};

/** Dies when the limit cannot be had by itself, or is no number where one has to be made of it. */
struct cgroup_value cgroup_value_of(const struct cgroup_question *question);

/** The controller, in version 1's name; NULL: nothing of that name can be limited. */
const char *cgroup_controller_of(const char *name);

/** Whether nobody has asked for it: kernels that do not count what it limits do without. */
bool cgroup_is_for_some(const char *name);

/** Whether its value is `PATH:RATE`. */
bool cgroup_is_of_device(const char *name);

/** What follows the last colon of `PATH:RATE`; dies when there is none. */
const char *cgroup_rate_of(const struct cgroup_limit *limit);

#endif
