// Reading the table `filter` of ip_tables by getsockopt (ip_tables.h): one array of
// entries, in which a chain ends with the entry that holds its policy, the chain's "underflow".
#define _GNU_SOURCE
#include "network/net_legacy.h"

#include <fcntl.h>
#include <netinet/in.h>  // before the kernel's header, which otherwise defines the same things
#include <linux/netfilter_ipv4/ip_tables.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "network/net_link.h"
#include "util/util.h"

#define NAMES_BYTES_MAX 4096

static const struct ipt_getinfo filter_table = {.name = "filter"};

/** Asking for a table would load its module and make it: only one that is in use already is looked at. */
static bool in_use(void) {
  struct buffer names = {0};
  int fd = open("/proc/self/net/ip_tables_names", O_RDONLY | O_CLOEXEC);
  bool found = fd >= 0 && read_all(fd, NAMES_BYTES_MAX, &names) == 0 && names.length > 0 &&
               strstr(names.bytes, "filter\n") != NULL;
  close_quietly(fd);
  return found;
}

/** The entries, or NULL. */
static struct ipt_get_entries *read_table(struct ipt_getinfo *info) {
  int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  socklen_t size = sizeof *info;
  struct ipt_get_entries *table = NULL;
  *info = filter_table;
  if (fd >= 0 && getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, info, &size) == 0) {
    size = (socklen_t)(sizeof *table + info->size);
    table = xcalloc(1, size);
    memcpy(table->name, info->name, sizeof table->name);
    table->size = info->size;
    if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, table, &size) != 0) {
      free(table);
      table = NULL;
    }
  }
  close_quietly(fd);
  return table;
}

static bool names_ours(const struct ipt_entry *entry) {
  const char *device = *entry->ip.iniface != '\0' ? entry->ip.iniface : entry->ip.outiface;
  return strncmp(device, NET_LINK_PREFIX, strlen(NET_LINK_PREFIX)) == 0;
}

void net_legacy_check(void) {
  struct ipt_getinfo info;
  const struct ipt_get_entries *table = in_use() ? read_table(&info) : NULL;
  if (table == NULL) return;
  const char *entries = (const char *)table->entrytable;
  unsigned at = info.hook_entry[NF_INET_FORWARD], end = info.underflow[NF_INET_FORWARD];
  while (at < end && end < info.size) {
    const struct ipt_entry *entry = (const struct ipt_entry *)(const void *)(entries + at);
    if (names_ours(entry) || entry->next_offset == 0) return;
    at += entry->next_offset;
  }
  const struct ipt_entry *policy = (const struct ipt_entry *)(const void *)(entries + end);
  const struct xt_standard_target *target =
      (const struct xt_standard_target *)(const void *)((const char *)policy + policy->target_offset);
  if (target->verdict != -NF_DROP - 1) return;
  die("network", 0, NULL,
      "the firewall drops what is forwarded, and only root can change that: iptables-legacy -I FORWARD "
      "-i " NET_LINK_PREFIX "+ -j ACCEPT; iptables-legacy -I FORWARD -o " NET_LINK_PREFIX "+ -j ACCEPT");
}
