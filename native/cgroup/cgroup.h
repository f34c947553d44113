// Limits of a run, and what it used of what is limited: a control group of its own, for as long as it lasts.
#ifndef TSBUILD_CGROUP_H
#define TSBUILD_CGROUP_H

#include "util/util.h"

/** `limit=NAME:VALUE`, in docker's names: memory, memory-swap, cpu-shares, … (cgroup_values.c). */
struct cgroup_limit {
  const char *name, *value;
};

struct cgroup_options {
  const char *parent;  // below the root of each hierarchy; NULL: below (v1) or beside (v2) the helper's own group
  struct cgroup_limit *limits;
  size_t limit_count;
};

/** Splits `NAME:VALUE`; dies when nothing of that name can be limited. */
void cgroup_add_limit(struct cgroup_options *options, const char *text);

/**
 * Makes the group and sets its limits, in every hierarchy it takes, and removes groups whose makers are gone.
 * Does nothing when nothing is limited. Before the host's mounts are left.
 */
void cgroup_make(const struct cgroup_options *options);

/** The process (0: this one) becomes a member. */
void cgroup_join(pid_t pid);

/** The groups of this process become the roots of its cgroup namespace. */
void cgroup_enter_namespace(void);

struct cgroup_usage {
  bool known;
  uint64_t peak_bytes, oom_kills;
};

/** What was used, and the end of the group; when nothing runs in it any more. */
struct cgroup_usage cgroup_end(void);

/** Whether a group of this process is still there after its end: the next one would have its name. */
bool cgroup_left(void);

// ---- between cgroup.c and cgroup_limits.c

/** A group in one hierarchy. */
struct cgroup_directory {
  const char *controller;  // NULL: of cgroup v2, which has them all in one
  const char *path;
  int procs_fd;
};

/** The hierarchy of the controller, with the group made in it; dies when there is none (`needed`), else NULL. */
const struct cgroup_directory *cgroup_directory_of(const char *controller, bool needed);

/** Writes a value; dies when that fails. */
struct cgroup_value;

/** Fails with the name of the limit, which is what the user has written. */
void cgroup_write(const struct cgroup_directory *directory, const struct cgroup_limit *limit,
                  const struct cgroup_value *value);
bool cgroup_has(const struct cgroup_directory *directory, const char *file);

/** Sets the limits on directories of theirs. */
void cgroup_apply(const struct cgroup_options *options);

#endif
