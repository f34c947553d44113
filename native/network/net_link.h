// Links, addresses and routes of a sandbox with a network of its own, by rtnetlink.
//
// Every sandbox has a veth pair: `tsbN` in the namespace that routes for it, `eth0` inside, N being its slot.
// All host ends have the same address, the gateway, the first of the subnet; the sandbox has the address of
// its slot. There is no bridge: what leaves eth0 reaches the routing namespace and nobody else.
#ifndef TSBUILD_NET_LINK_H
#define TSBUILD_NET_LINK_H

#include <netinet/in.h>

#include "util/util.h"

#define NET_LINK_PREFIX "tsb"
#define NET_SUBNET_BITS 20
#define NET_SLOTS 4000  // fits the subnet, and the names the kernel allows

enum net_ipv6 {
  NET_IPV6_ABSENT,    // the kernel has none
  NET_IPV6_SILENCED,  // the sandbox gets no address, not even a link-local one
  NET_IPV6_ROUTED,
};

/** What sandboxes of one lease have in common. */
struct net_plan {
  struct in_addr subnet;
  unsigned mtu;
  enum net_ipv6 ipv6;
};

struct in_addr net_gateway(const struct net_plan *plan);
/** A /64 of unique local addresses (RFC 4193): sandboxes are behind address translation in IPv6 too. */
struct in6_addr net_network6(void);

/** True when the name of the slot's host end is taken: its last owner is still being taken down. */
bool net_slot_busy(int any_socket, unsigned slot);

struct net_ends {
  int outer, inner;     // rtnetlink sockets of the two namespaces
  int inner_namespace;  // which must be the one we are in
};

/** Makes the pair and sets everything up, the default routes included. Dies when the kernel refuses. */
void net_link_up(const struct net_plan *plan, unsigned slot, const struct net_ends *ends);

#endif
