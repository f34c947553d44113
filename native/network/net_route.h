// What the routing namespace looks like, and that it forwards.
#ifndef TSBUILD_NET_ROUTE_H
#define TSBUILD_NET_ROUTE_H

#include "network/net_link.h"
#include "network/net_message.h"

/** The devices of the default routes; 0: there is none. */
struct net_uplinks {
  unsigned index, index6;
};

/** Looks at the routing tables: the uplinks, and a subnet for `plan` that no route touches. 0 or an errno,
 * ENOSPC when every candidate is taken. */
int net_look(int route, struct net_plan *plan, struct net_uplinks *uplinks);

/** Lets what comes in at the device be forwarded (net.ipv4.conf.DEVICE.forwarding=1). 0 or an errno. */
int net_forward(unsigned index);
/** Whether that would be allowed: 0 or an errno. Changes nothing. */
int net_may_change(unsigned index);
/** The same as a part of the IFLA_AF_SPEC of an RTM_SETLINK; `strict` drops what has a source that is not
 * routed to the device. */
void net_forward_here(struct net_batch *batch, bool strict);

#endif
