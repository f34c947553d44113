// Users and groups by the etc/passwd and etc/group of a root file system, never those of the host (and never
// libc's NSS, which would load the host's plugins).
#ifndef TSBUILD_IDENTITY_H
#define TSBUILD_IDENTITY_H

#include "util/util.h"

struct identity {
  uid_t uid;
  gid_t gid;
  gid_t *groups;  // supplementary
  size_t group_count;
  const char *home;  // NULL: no passwd entry
};

enum identity_group {
  IDENTITY_PRIMARY_GROUP,  // processes: a user without a group gets the gid of its passwd entry, else 0
  IDENTITY_SAME_GROUP,     // ownership: a numeric user without a group gets the same number as gid
};

/**
 * `name|uid[:group|gid]` looked up in `root`. 0, or -1 with the reason in *problem (for phase `user`), e.g.
 * "unable to find user NAME: no matching entries in passwd file". An empty text is 0:0.
 */
int identity_resolve(int root, const char *text, enum identity_group rule, struct identity *out,
                     char **problem);

/** Adds groups, each the name or number of one in `root` or any other number. 0, or -1 as above. */
int identity_add_groups(int root, char *const *names, size_t count, struct identity *identity, char **problem);

#endif
