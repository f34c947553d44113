// The routing tables, read by rtnetlink. All tables count, also those of policy routing: a VPN that keeps its
// routes in one of its own must not lose an address to us.
#define _GNU_SOURCE
#include "network/net_route.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

// Of the private ranges (RFC 1918) parts that docker, podman, libvirt, kubernetes and home routers do not
// begin with, then the one for benchmarks (RFC 2544).
static const char *const candidates[] = {"10.221.0.0",    "10.93.128.0",  "172.30.208.0",
                                         "192.168.224.0", "172.22.224.0", "198.18.80.0"};

struct look {
  unsigned taken;  // bit N: candidate N
  struct net_uplinks uplinks;
  uint32_t metric, metric6;
};

static bool ours(unsigned index) {
  char name[IF_NAMESIZE];
  return index != 0 && if_indextoname(index, name) != NULL &&
         strncmp(name, NET_LINK_PREFIX, strlen(NET_LINK_PREFIX)) == 0;
}

static bool overlap(struct in_addr candidate, struct in_addr destination, unsigned bits) {
  unsigned common = bits < NET_SUBNET_BITS ? bits : NET_SUBNET_BITS;
  return (ntohl(candidate.s_addr) ^ ntohl(destination.s_addr)) >> (32 - common) == 0;
}

/** The device of a route; of one with several next hops the first one's. */
static unsigned device_of(const struct nlmsghdr *message) {
  const struct nlattr *several = net_find_in(message, sizeof(struct rtmsg), RTA_MULTIPATH);
  if (several != NULL && net_length(several) >= sizeof(struct rtnexthop))
    return (unsigned)((const struct rtnexthop *)net_bytes(several))->rtnh_ifindex;
  return net_number(net_find_in(message, sizeof(struct rtmsg), RTA_OIF), 0);
}

static void see_route(const struct nlmsghdr *message, void *context) {
  const struct rtmsg *route = NLMSG_DATA(message);
  struct look *look = context;
  unsigned device = device_of(message);
  if (message->nlmsg_type != RTM_NEWROUTE || (route->rtm_flags & RTM_F_CLONED) != 0) return;
  if (route->rtm_dst_len == 0) {
    bool six = route->rtm_family == AF_INET6;
    uint32_t metric = net_number(net_find_in(message, sizeof *route, RTA_PRIORITY), 0);
    uint32_t *best = six ? &look->metric6 : &look->metric;
    unsigned *index = six ? &look->uplinks.index6 : &look->uplinks.index;
    if (route->rtm_type != RTN_UNICAST || route->rtm_table != RT_TABLE_MAIN || device == 0) return;
    if (*index != 0 && *best <= metric) return;
    *index = device;
    *best = metric;
    return;
  }
  const struct nlattr *to = net_find_in(message, sizeof *route, RTA_DST);
  struct in_addr destination, candidate;
  if (route->rtm_family != AF_INET || to == NULL || net_length(to) < sizeof destination || ours(device))
    return;
  memcpy(&destination, net_bytes(to), sizeof destination);
  for (size_t i = 0; i < COUNT_OF(candidates); i++)
    if (inet_pton(AF_INET, candidates[i], &candidate) == 1 && overlap(candidate, destination, route->rtm_dst_len))
      look->taken |= 1u << i;
}

static int dump_routes(int route, uint8_t family, struct look *look) {
  struct net_batch batch = {0};
  struct rtmsg header = {.rtm_family = family};
  net_begin(&batch, RTM_GETROUTE, NLM_F_DUMP, &header, sizeof header);
  return net_dump(route, &batch, see_route, look);
}

int net_look(int route, struct net_plan *plan, struct net_uplinks *uplinks) {
  struct look look = {0};
  int error = dump_routes(route, AF_INET, &look);
  if (error == 0 && plan->ipv6 != NET_IPV6_ABSENT) error = dump_routes(route, AF_INET6, &look);
  if (error != 0) return error;
  *uplinks = look.uplinks;
  for (size_t i = 0; i < COUNT_OF(candidates); i++)
    if ((look.taken >> i & 1) == 0) return inet_pton(AF_INET, candidates[i], &plan->subnet) == 1 ? 0 : EINVAL;
  return ENOSPC;
}

void net_forward_here(struct net_batch *batch, bool strict) {
  size_t inet = net_nest(batch, AF_INET), conf = net_nest(batch, IFLA_INET_CONF);
  net_u32(batch, IPV4_DEVCONF_FORWARDING, 1);
  if (strict) net_u32(batch, IPV4_DEVCONF_RP_FILTER, 1);
  net_unnest(batch, conf);
  net_unnest(batch, inet);
}

static int set_link(unsigned index, bool forward) {
  struct net_batch batch = {0};
  struct net_failure failure;
  struct ifinfomsg link = {.ifi_index = (int)index};
  int route = net_open(NETLINK_ROUTE);
  if (route < 0) return errno;
  net_begin(&batch, RTM_SETLINK, NLM_F_ACK, &link, sizeof link);
  if (forward) {
    size_t families = net_nest(&batch, IFLA_AF_SPEC);
    net_forward_here(&batch, false);
    net_unnest(&batch, families);
  }
  int error = net_send(route, &batch, &failure);
  close(route);
  return error;
}

int net_forward(unsigned index) {
  return set_link(index, true);
}

int net_may_change(unsigned index) {
  return set_link(index, false);
}
