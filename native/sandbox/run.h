// The request `run`, read and checked, and what can be done before it is known.
#ifndef TSBUILD_RUN_H
#define TSBUILD_RUN_H

#include "cgroup/cgroup.h"
#include "network/network.h"
#include "sandbox/console.h"
#include "sandbox/payload.h"
#include "sandbox/rootfs.h"
#include "view/view.h"

struct run_options {
  struct view_spec view;
  struct rootfs_options rootfs;
  struct payload payload;
  struct console_options console;
  bool signals_for_main;  // signals are for the main process alone, not for all of the sandbox
  struct network network;
  struct cgroup_options cgroup;
  const char *user, *hostname, *domainname, *hosts, *resolv;
  char **groups;  // of the user besides its own: names or numbers
  size_t group_count;
  struct cursor mounts;  // stands at the first `mount=`
};

/** Takes the program that `seccomp=kept` means from now on: it is long, and the same for all steps of a build. */
void run_keep_filter(const char *program, size_t length);

struct run_options run_parse(const struct request *request);

/**
 * Ahead of a request that does not have the host's network: everything that such a sandbox begins with and that the
 * request has no say in, in namespaces of its own.
 */
void run_prepare(void);

/** After the reply: the mounts of the sandbox. */
void run_end(void);

/** The same, and everything else of a run that was prepared. False when it is better to end with the process: another
 * run could find something of this one. */
bool run_rest(void);

/** After that, before the next run_prepare: namespaces that nothing has run in. */
void run_renew(void);

#endif
