// The way out for an ordinary user: a network namespace that routes for the sandboxes, and a program that
// carries its packets over sockets of the host (slirp4netns).
#ifndef TSBUILD_NET_UPLINK_H
#define TSBUILD_NET_UPLINK_H

#include <arpa/inet.h>

#include "util/util.h"

struct net_uplink {
  pid_t program;               // 0: there is none, root needs none
  const char *dns;             // where the host's own resolver can be reached, or NULL
  char host[INET_ADDRSTRLEN];  // an address of the host that can be reached, or ""
};

/** Leaves this process in a new network namespace with a default route. Dies when no such program is
 * installed, or when it fails. */
struct net_uplink net_uplink_start(void);

/** Waits for ever; dies when the program ends. */
_Noreturn void net_uplink_await(const struct net_uplink *uplink);

#endif
