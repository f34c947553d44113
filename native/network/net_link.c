// The veth pair and its addresses. Everything goes out in two batches, one for each side, because names,
// interface indices and addresses are all known before: the kernel takes the indices we choose (since 3.7).
#define _GNU_SOURCE
#include "network/net_link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "network/net_message.h"
#include "network/net_route.h"

#define INNER_NAME "eth0"
#define INNER_INDEX 2  // the first after lo
// Host ends have indices out of the way of those the kernel gives out itself.
#define OUTER_INDEX_BASE 0x10000000u
#define MAKE (NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)

static unsigned outer_index(unsigned slot) {
  return OUTER_INDEX_BASE + slot;
}

static void outer_name(unsigned slot, char name[IFNAMSIZ]) {
  snprintf(name, IFNAMSIZ, NET_LINK_PREFIX "%u", slot);
}

bool net_slot_busy(int any_socket, unsigned slot) {
  struct ifreq request = {0};
  outer_name(slot, request.ifr_name);
  return ioctl(any_socket, SIOCGIFINDEX, &request) == 0;
}

struct in_addr net_gateway(const struct net_plan *plan) {
  return (struct in_addr){htonl(ntohl(plan->subnet.s_addr) + 1)};
}

static struct in_addr slot_address(const struct net_plan *plan, unsigned slot) {
  return (struct in_addr){htonl(ntohl(plan->subnet.s_addr) + 2 + slot)};
}

struct in6_addr net_network6(void) {
  return (struct in6_addr){.s6_addr = {0xfd, 0x74, 0x73, 0x62, 0x64}};
}

/** One queue for each direction: devices begin with one for each processor, and the kernel would wait for two grace
 * periods before it takes them back. */
static void one_queue(struct net_batch *batch) {
  net_u32(batch, IFLA_NUM_TX_QUEUES, 1);
  net_u32(batch, IFLA_NUM_RX_QUEUES, 1);
}

static void add_veth(struct net_batch *batch, const struct net_plan *plan, unsigned slot,
                     int inner_namespace) {
  char name[IFNAMSIZ];
  outer_name(slot, name);
  struct ifinfomsg outer = {.ifi_index = (int)outer_index(slot)}, inner = {.ifi_index = INNER_INDEX};
  net_begin(batch, RTM_NEWLINK, MAKE, &outer, sizeof outer);
  net_string(batch, IFLA_IFNAME, name);
  net_u32(batch, IFLA_MTU, plan->mtu);
  one_queue(batch);
  size_t info = net_nest(batch, IFLA_LINKINFO);
  net_string(batch, IFLA_INFO_KIND, "veth");
  size_t data = net_nest(batch, IFLA_INFO_DATA), peer = net_nest(batch, VETH_INFO_PEER);
  net_raw(batch, &inner, sizeof inner);
  net_string(batch, IFLA_IFNAME, INNER_NAME);
  net_u32(batch, IFLA_MTU, plan->mtu);
  one_queue(batch);
  net_u32(batch, IFLA_NET_NS_FD, (uint32_t)inner_namespace);
  net_unnest(batch, peer);
  net_unnest(batch, data);
  net_unnest(batch, info);
}

static void set_up(struct net_batch *batch, unsigned index) {
  struct ifinfomsg link = {.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
  net_begin(batch, RTM_SETLINK, NLM_F_ACK, &link, sizeof link);
}

/** Before the device is up: a link-local address would be there at once. */
static void configure(struct net_batch *batch, const struct net_plan *plan, unsigned index, bool routes) {
  struct ifinfomsg link = {.ifi_index = (int)index};
  net_begin(batch, RTM_SETLINK, NLM_F_ACK, &link, sizeof link);
  size_t families = net_nest(batch, IFLA_AF_SPEC);
  if (routes) net_forward_here(batch, true);
  if (plan->ipv6 != NET_IPV6_ABSENT) {
    uint8_t none = IN6_ADDR_GEN_MODE_NONE;
    size_t inet6 = net_nest(batch, AF_INET6);
    net_attribute(batch, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
    net_unnest(batch, inet6);
  }
  net_unnest(batch, families);
}

/** A point-to-point address: `own` here, `peer` there, and a route to it. */
static void add_address4(struct net_batch *batch, unsigned index, struct in_addr own, struct in_addr peer) {
  struct ifaddrmsg address = {.ifa_family = AF_INET, .ifa_prefixlen = 32, .ifa_index = index};
  net_begin(batch, RTM_NEWADDR, MAKE, &address, sizeof address);
  net_attribute(batch, IFA_LOCAL, &own, sizeof own);
  net_attribute(batch, IFA_ADDRESS, &peer, sizeof peer);
}

static void add_address6(struct net_batch *batch, unsigned index, struct in6_addr own, uint8_t bits) {
  // Nobody else is on the link, so nothing has to be asked before the address may be used.
  struct ifaddrmsg address = {
      .ifa_family = AF_INET6, .ifa_prefixlen = bits, .ifa_flags = IFA_F_NODAD, .ifa_index = index};
  net_begin(batch, RTM_NEWADDR, MAKE, &address, sizeof address);
  net_attribute(batch, IFA_ADDRESS, &own, sizeof own);
}

static struct in6_addr link_local(uint8_t host) {
  return (struct in6_addr){.s6_addr = {0xfe, 0x80, [15] = host}};
}

static void begin_route(struct net_batch *batch, uint8_t family, unsigned index, uint8_t bits) {
  struct rtmsg route = {.rtm_family = family,
                        .rtm_dst_len = bits,
                        .rtm_table = RT_TABLE_MAIN,
                        .rtm_protocol = RTPROT_STATIC,
                        .rtm_scope = RT_SCOPE_UNIVERSE,
                        .rtm_type = RTN_UNICAST};
  net_begin(batch, RTM_NEWROUTE, MAKE, &route, sizeof route);
  net_u32(batch, RTA_OIF, index);
}

static void add_default_route(struct net_batch *batch, uint8_t family, const void *gateway, size_t length) {
  begin_route(batch, family, INNER_INDEX, 0);
  net_attribute(batch, RTA_GATEWAY, gateway, length);
}

/** IPv6 goes by link-local addresses, from which neighbours ask for each other. (The route to the peer of a
 * point-to-point address, which IPv4 has, is made a little later than the address, by another thread.) */
static void add_ipv6(struct net_batch *host, struct net_batch *sandbox, unsigned slot) {
  struct in6_addr gateway = link_local(1), own = net_network6();
  own.s6_addr[14] = (uint8_t)((slot + 2) >> 8);
  own.s6_addr[15] = (uint8_t)(slot + 2);
  add_address6(host, outer_index(slot), gateway, 64);
  begin_route(host, AF_INET6, outer_index(slot), 128);
  net_attribute(host, RTA_DST, &own, sizeof own);
  add_address6(sandbox, INNER_INDEX, link_local(2), 64);
  add_address6(sandbox, INNER_INDEX, own, 128);
  add_default_route(sandbox, AF_INET6, &gateway, sizeof gateway);
}

static void send_or_die(int fd, struct net_batch *batch, const char *what) {
  struct net_failure failure;
  if (net_send(fd, batch, &failure) == 0) return;
  die("network", failure.error, NULL, "cannot make %s%s%s", what, *failure.text == '\0' ? "" : ": ",
      failure.text);
}

void net_link_up(const struct net_plan *plan, unsigned slot, const struct net_ends *ends) {
  struct net_batch host = {0}, sandbox = {0};
  struct in_addr gateway = net_gateway(plan), own = slot_address(plan, slot);
  add_veth(&host, plan, slot, ends->inner_namespace);
  configure(&host, plan, outer_index(slot), true);
  set_up(&host, outer_index(slot));
  add_address4(&host, outer_index(slot), gateway, own);
  configure(&sandbox, plan, INNER_INDEX, false);
  set_up(&sandbox, INNER_INDEX);
  add_address4(&sandbox, INNER_INDEX, own, gateway);
  add_default_route(&sandbox, AF_INET, &gateway, sizeof gateway);
  if (plan->ipv6 == NET_IPV6_ROUTED) add_ipv6(&host, &sandbox, slot);
  send_or_die(ends->outer, &host, "the sandbox's network device");
  send_or_die(ends->inner, &sandbox, "the sandbox's addresses");
}
