// Packet filtering for sandboxes: address translation and isolation in tables of our own, and the one thing
// that no table of ours can do, to be let through by the chains of others.
#ifndef TSBUILD_NET_FILTER_H
#define TSBUILD_NET_FILTER_H

#include "network/net_link.h"

/**
 * Makes the tables. They belong to the socket (NFT_TABLE_F_OWNER, Linux 5.12): nobody else can change them,
 * and the kernel removes them when the socket's last holder ends, however it ends. Dies when the kernel
 * refuses.
 */
void net_filter_own(int filter, const struct net_plan *plan);

/**
 * Looks for other tables' chains that would drop what sandboxes send or get, and puts two rules at the
 * beginning of each (iptables would say: -i tsb+ -j ACCEPT, -o tsb+ -j ACCEPT; with the comment "tsbuild"),
 * once. They stay: they are about devices that exist while a sandbox does. Dies when a chain does not let us.
 */
void net_filter_pass(int filter, const struct net_plan *plan);

#endif
