// The network of a sandbox: the host's, none but a loopback device, or one of its own with a way out.
//
// The third needs a lease: the verb `network` prepares the way (a subnet that collides with nothing, address
// translation, and for an ordinary user a namespace with a user-space network stack) and keeps it for as long
// as its worker lives. Each `run` with the lease makes its own namespace and a link to it.
#ifndef TSBUILD_NETWORK_H
#define TSBUILD_NETWORK_H

#include "network/net_link.h"

enum network_kind { NETWORK_NONE, NETWORK_HOST, NETWORK_LEASED };

struct network {
  enum network_kind kind;
  struct net_plan plan;
  int router;     // the process whose network namespace routes
  unsigned slot;  // our number among all sandboxes of that namespace
  int outer;      // rtnetlink socket of that namespace
};

/** `none`, `host`, or a lease as the verb `network` gave it. Dies on anything else. */
struct network network_parse(const char *value);

/** What has to happen before the sandbox's namespaces are made, and what they need for it (CLONE_NEWNET or
 * 0). */
int network_reserve(struct network *network);
/** In the new namespace: brings up what the sandbox gets. */
void network_furnish(const struct network *network);

#endif
