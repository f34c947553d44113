// The verb `network`. It answers with what `run` needs, as data, and then stays: what it made belongs to its
// process and goes with it. For root that is the host's own network namespace, used as a router; for an
// ordinary user a namespace of its own whose way out is a program (net_uplink.c).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "namespace/userns.h"
#include "network/net_filter.h"
#include "network/net_legacy.h"
#include "network/net_message.h"
#include "network/net_route.h"
#include "network/net_uplink.h"
#include "network/network.h"
#include "protocol/reply.h"
#include "protocol/verbs.h"

#define MTU_DEFAULT 1500
#define MTU_MIN 576

static bool proc_says(const char *path, char what) {
  char byte = 0;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool says = fd >= 0 && read(fd, &byte, 1) == 1 && byte == what;
  close_quietly(fd);
  return says;
}

/** The MTU of the way out: what goes into a sandbox's link fits it, so nothing depends on path discovery. */
static unsigned mtu_of(unsigned index) {
  struct ifreq request = {0};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  bool known = index != 0 && if_indextoname(index, request.ifr_name) != NULL && ioctl(fd, SIOCGIFMTU, &request) == 0;
  close_quietly(fd);
  return known && request.ifr_mtu >= MTU_MIN ? (unsigned)request.ifr_mtu : MTU_DEFAULT;
}

/** Reads the routing table of the namespace we are in. */
static struct net_uplinks look(struct net_plan *plan) {
  struct net_uplinks uplinks;
  int route = net_open(NETLINK_ROUTE), six = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (route < 0) die("network", errno, NULL, "cannot speak with the kernel about network devices");
  plan->ipv6 = six < 0 ? NET_IPV6_ABSENT : NET_IPV6_SILENCED;
  close_quietly(six);
  int error = net_look(route, plan, &uplinks);
  if (error == ENOSPC)
    die("network", 0, NULL, "every address range for sandboxes is in use by this host's routes");
  if (error != 0) die("network", error, NULL, "cannot read the routing table");
  close(route);
  return uplinks;
}

/** What the way out of the namespace we are in gives. */
static void survey(struct net_plan *plan, const struct net_uplinks *uplinks) {
  plan->mtu = mtu_of(uplinks->index);
  // IPv6 is forwarded by all devices or none, and one that forwards listens to no router any more: that is
  // for the administrator to switch on.
  if (plan->ipv6 != NET_IPV6_ABSENT && uplinks->index6 != 0 &&
      proc_says("/proc/sys/net/ipv6/conf/all/forwarding", '1'))
    plan->ipv6 = NET_IPV6_ROUTED;
}

/** To a namespace that stands for the host's: whether that could be changed is asked, no more. */
static void leave_host_alone(struct net_uplinks *uplinks) {
  int error = uplinks->index == 0 ? 0 : net_may_change(uplinks->index);
  if (error != 0) die("network", error, NULL, "cannot let this host forward packets");
  net_legacy_check();
  if (unshare(CLONE_NEWNET) != 0) die("network", errno, NULL, "cannot make a network namespace");
  *uplinks = (struct net_uplinks){0};
}

/** Makes a router of the namespace we are in. */
static void prepare(const struct net_plan *plan, const struct net_uplinks *uplinks) {
  int error = uplinks->index == 0 ? 0 : net_forward(uplinks->index);
  if (error != 0) die("network", error, NULL, "cannot let this host forward packets");
  int filter = net_open(NETLINK_NETFILTER);  // stays open: the tables are the socket's
  if (filter < 0) die("network", errno, NULL, "the kernel has no nf_tables");
  net_legacy_check();
  net_filter_own(filter, plan);
  net_filter_pass(filter, plan);
}

static void say(const char *key, const char *value) {
  char *field = xformat("%s=%s", key, value);
  reply_data(field, strlen(field) + 1);
}

int verb_network(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  struct net_plan plan = {0};
  const char *value = cursor_take(&cursor, "try");
  bool try = value != NULL && argument_bool("try", value);
  if (cursor_peek(&cursor) != NULL) cursor_unexpected(&cursor);
  userns_require();
  struct net_uplink uplink = {0};
  struct net_uplinks uplinks = look(&plan);
  if (userns_nested() && !userns_owns("net")) {
    // The subnet is chosen by the host's routes, which nothing in the new namespace knows.
    struct in_addr subnet = plan.subnet;
    uplink = net_uplink_start();
    uplinks = look(&plan);
    plan.subnet = subnet;
    try = false;  // nothing of the host is changed anyway
  }
  survey(&plan, &uplinks);
  if (try) leave_host_alone(&uplinks);
  prepare(&plan, &uplinks);
  struct in_addr gateway = net_gateway(&plan);
  char subnet[INET_ADDRSTRLEN], text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &plan.subnet, subnet, sizeof subnet);
  inet_ntop(AF_INET, &gateway, text, sizeof text);
  say("host", *uplink.host == '\0' ? text : uplink.host);
  say("dns", uplink.dns == NULL ? "" : uplink.dns);
  say("ipv6", plan.ipv6 == NET_IPV6_ROUTED ? "1" : "0");
  char *lease = xformat("%d/%s/%u/%d", getpid(), subnet, plan.mtu, plan.ipv6);
  say("lease", lease);
  net_uplink_await(&uplink);
}
