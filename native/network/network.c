// The network of one sandbox. The slot is a bound unix socket with an abstract name: the kernel gives it to
// one process of the network namespace, and takes it back when that process ends (as docs/adr/0010 has it for steps).
#define _GNU_SOURCE
#include "network/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "network/net_message.h"

struct network network_parse(const char *value) {
  struct network network = {.kind = NETWORK_LEASED};
  char subnet[INET_ADDRSTRLEN];
  unsigned ipv6;
  int length = 0;
  if (strcmp(value, "none") == 0) return (struct network){.kind = NETWORK_NONE};
  if (strcmp(value, "host") == 0) return (struct network){.kind = NETWORK_HOST};
  if (sscanf(value, "%d/%15[0-9.]/%u/%u%n", &network.router, subnet, &network.plan.mtu, &ipv6, &length) != 4 ||
      value[length] != '\0' || inet_pton(AF_INET, subnet, &network.plan.subnet) != 1 ||
      ipv6 > NET_IPV6_ROUTED)
    die("request", 0, NULL, "network: expected host, none or a lease, got \"%.80s\"", value);
  network.plan.ipv6 = (enum net_ipv6)ipv6;
  return network;
}

static void enter_router(int pid) {
  char path[40];
  snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) != 0)
    die("network", errno, NULL, "cannot reach the network of this build: its lease has ended");
  close(fd);
}

static bool take_slot(unsigned slot, int *lock) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "tsbuild-network-%u", slot);
  if (*lock < 0) *lock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (*lock < 0) die("network", errno, NULL, "cannot make a socket");
  if (bind(*lock, (struct sockaddr *)&name,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) != 0)
    return false;
  if (!net_slot_busy(*lock, slot)) return true;
  close(*lock);
  *lock = -1;
  return false;
}

static void loopback_up(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) != 0)
    die("network", errno, NULL, "cannot bring up the loopback device");
  close(fd);
}

int network_namespace(const struct network *network) {
  return network->kind == NETWORK_HOST ? 0 : CLONE_NEWNET;
}

void network_begin(const struct network *network) {
  if (network->kind != NETWORK_HOST) loopback_up();
}

void network_link(const struct network *network) {
  if (network->kind != NETWORK_LEASED) return;
  struct net_ends ends = {.inner = net_open(NETLINK_ROUTE)};
  ends.inner_namespace = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (ends.inner < 0 || ends.inner_namespace < 0)
    die("network", errno, NULL, "cannot open the sandbox's network namespace");
  enter_router(network->router);
  unsigned slot = 0;
  int lock = -1;  // held until this process ends or rests
  while (slot < NET_SLOTS && !take_slot(slot, &lock)) slot++;
  if (slot == NET_SLOTS) die("network", 0, NULL, "there are %d sandboxes with a network already", NET_SLOTS);
  ends.outer = net_open(NETLINK_ROUTE);
  if (ends.outer < 0) die("network", errno, NULL, "cannot speak with the kernel about network devices");
  if (setns(ends.inner_namespace, CLONE_NEWNET) != 0)
    die("network", errno, NULL, "cannot return to the sandbox's network namespace");
  net_link_up(&network->plan, slot, &ends);
  close(ends.inner_namespace);
  close(ends.inner);
  close(ends.outer);
}
