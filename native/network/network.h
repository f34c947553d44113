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
  int router;  // the process whose network namespace routes
};

/** `none`, `host`, or a lease as the verb `network` gave it. Dies on anything else. */
struct network network_parse(const char *value);

/** CLONE_NEWNET when the sandbox has a network namespace, else 0. */
int network_namespace(const struct network *network);
/** In the new namespace: its loopback device. */
void network_begin(const struct network *network);
/** In the same one, which may have been made before there was a lease: the link to the router. */
void network_link(const struct network *network);

#endif
