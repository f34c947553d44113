// The network of the host, and its sockets.
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "attempts.h"

static int connects(const struct sockaddr *address, socklen_t length) {
  int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  return passed(connect(fd, address, length));
}

static int abstract_socket(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  memcpy(name.sun_path + 1, CANARY, sizeof CANARY - 1);
  return connects((struct sockaddr *)&name, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + sizeof CANARY));
}

static int localhost(void) {
  struct sockaddr_in local = {.sin_family = AF_INET,
                              .sin_port = htons(planted.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  return connects((struct sockaddr *)&local, sizeof local);
}

static int devices(void) {
  struct if_nameindex *all = if_nameindex();
  int result = ENODEV;
  for (struct if_nameindex *one = all; one != NULL && one->if_index != 0; one++)
    if (strcmp(one->if_name, "lo") != 0) result = ESCAPED;
  if (all != NULL) if_freenameindex(all);
  return result;
}

/** Raises what is up already. */
static int configure_device(void) {
  struct ifreq request = {.ifr_name = "lo"};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0) return errno;
  return passed(ioctl(fd, SIOCSIFFLAGS, &request));
}

static int crypto_socket(void) { return passed(socket(AF_ALG, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)); }
static int vm_socket(void) { return passed(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0)); }

const struct attempt network_attempts[] = {
    {"abstract-socket", abstract_socket},
    {"localhost", localhost},
    {"network-devices", devices},
    {"configure-device", configure_device},
    {"crypto-socket", crypto_socket},
    {"vm-socket", vm_socket},
    {NULL, NULL},
};
