// Our own tables and the rules in other tables' chains. A verdict "accept" ends a chain, not the packet's
// way: every base chain of the hook has its say, so a firewall that drops forwarded packets has to be told about ours.
#define _GNU_SOURCE
#include "network/net_filter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "network/net_message.h"
#include "network/net_rule.h"

#define COMMENT "tsbuild"
#define CHAIN_FORWARD "forward"
#define CHAIN_NAT "postrouting"
#define PRIORITY_NAT 100
#define ADDRESS6_BITS 64
#define NAME_BYTES 128

// What user space keeps in a rule's comment (libnftnl/udata.h).
#define UDATA_COMMENT 0

struct family {
  uint8_t number;
  const void *network;
  size_t length;
  unsigned bits;
};

static void add_chain(struct net_batch *batch, uint8_t family, const char *table, const char *name,
                      const char *type, uint32_t hook, int32_t priority) {
  rule_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, family);
  net_string(batch, NFTA_CHAIN_TABLE, table);
  net_string(batch, NFTA_CHAIN_NAME, name);
  size_t nest = net_nest(batch, NFTA_CHAIN_HOOK);
  net_be32(batch, NFTA_HOOK_HOOKNUM, hook);
  net_be32(batch, NFTA_HOOK_PRIORITY, (uint32_t)priority);
  net_unnest(batch, nest);
  net_string(batch, NFTA_CHAIN_TYPE, type);
}

static void add_table(struct net_batch *batch, const char *table, const struct family *family) {
  uint8_t number = family->number;
  rule_message(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, number);
  net_string(batch, NFTA_TABLE_NAME, table);
  net_be32(batch, NFTA_TABLE_FLAGS, NFT_TABLE_F_OWNER);
  add_chain(batch, number, table, CHAIN_NAT, "nat", NF_INET_POST_ROUTING, PRIORITY_NAT);
  struct rule rule = rule_begin(batch, NLM_F_APPEND, number, table, CHAIN_NAT);
  rule_match_source(batch, true, family->network, family->length, family->bits);
  rule_match_device(batch, RULE_OUT, false, NET_LINK_PREFIX);
  rule_masquerade(batch);
  rule_end(batch, rule);
  add_chain(batch, number, table, CHAIN_FORWARD, "filter", NF_INET_FORWARD, 0);
  if (number == NFPROTO_IPV6) {
    // In IPv4 strict reverse path filtering does this, and two leases may have different subnets.
    rule = rule_begin(batch, NLM_F_APPEND, number, table, CHAIN_FORWARD);
    rule_match_device(batch, RULE_IN, true, NET_LINK_PREFIX);
    rule_match_source(batch, false, family->network, family->length, family->bits);
    rule_verdict(batch, NF_DROP);
    rule_end(batch, rule);
  }
  // Into a sandbox come answers and nothing else, be it from the network or from another sandbox.
  rule = rule_begin(batch, NLM_F_APPEND, number, table, CHAIN_FORWARD);
  rule_match_device(batch, RULE_OUT, true, NET_LINK_PREFIX);
  rule_match_answers(batch);
  rule_verdict(batch, NF_ACCEPT);
  rule_end(batch, rule);
  rule = rule_begin(batch, NLM_F_APPEND, number, table, CHAIN_FORWARD);
  rule_match_device(batch, RULE_OUT, true, NET_LINK_PREFIX);
  rule_verdict(batch, NF_DROP);
  rule_end(batch, rule);
}

void net_filter_own(int filter, const struct net_plan *plan) {
  struct in6_addr network6 = net_network6();
  const struct family four = {NFPROTO_IPV4, &plan->subnet, sizeof plan->subnet, NET_SUBNET_BITS};
  const struct family six = {NFPROTO_IPV6, &network6, sizeof network6, ADDRESS6_BITS};
  struct sockaddr_nl own = {0};
  socklen_t size = sizeof own;
  char table[32];
  // The port of a netlink socket is unique in its network namespace.
  if (getsockname(filter, (struct sockaddr *)&own, &size) != 0)
    die("network", errno, NULL, "cannot name a table");
  snprintf(table, sizeof table, "tsbuild-%u", own.nl_pid);
  struct net_batch batch = {0};
  struct net_failure failure;
  rule_batch(&batch, NFNL_MSG_BATCH_BEGIN);
  add_table(&batch, table, &four);
  if (plan->ipv6 == NET_IPV6_ROUTED) add_table(&batch, table, &six);
  rule_batch(&batch, NFNL_MSG_BATCH_END);
  if (net_send(filter, &batch, &failure) == 0) return;
  die("network", failure.error, NULL,
      "the kernel does not take a table of nf_tables with address translation (modules nf_tables, "
      "nft_chain_nat, "
      "nft_masq, nft_ct)");
}

// ---- chains of others

struct chain {
  uint8_t family;
  char table[NAME_BYTES], name[NAME_BYTES];
  bool drops;        // its policy, or its last rule so far
  bool passes_ours;  // our rules are there
  struct chain *next;
};

struct search {
  const struct net_plan *plan;
  struct chain *chains;
};

static void copy_name(char to[NAME_BYTES], const struct nlattr *attribute) {
  *to = '\0';
  if (attribute != NULL)
    snprintf(to, NAME_BYTES, "%.*s", (int)net_length(attribute), (const char *)net_bytes(attribute));
}

static void see_chain(const struct nlmsghdr *message, void *context) {
  struct search *search = context;
  const struct nfgenmsg *header = NLMSG_DATA(message);
  const struct nlattr *hook = net_find_in(message, sizeof *header, NFTA_CHAIN_HOOK);
  uint8_t family = header->nfgen_family;
  bool matters = family == NFPROTO_IPV4 || family == NFPROTO_INET ||
                 (family == NFPROTO_IPV6 && search->plan->ipv6 == NET_IPV6_ROUTED);
  if (hook == NULL || !matters) return;
  uint32_t number = net_number(net_find(net_bytes(hook), net_length(hook), NFTA_HOOK_HOOKNUM), 0);
  if (ntohl(number) != NF_INET_FORWARD) return;
  struct chain found = {.family = family, .next = search->chains};
  copy_name(found.table, net_find_in(message, sizeof *header, NFTA_CHAIN_TABLE));
  copy_name(found.name, net_find_in(message, sizeof *header, NFTA_CHAIN_NAME));
  uint32_t policy = net_number(net_find_in(message, sizeof *header, NFTA_CHAIN_POLICY), htonl(NF_ACCEPT));
  found.drops = ntohl(policy) == NF_DROP;
  if (strncmp(found.table, "tsbuild-", strlen("tsbuild-")) == 0) return;
  struct chain *chain = xmalloc(sizeof *chain);
  *chain = found;
  search->chains = chain;
}

static const struct nlattr *inside(const struct nlattr *attribute, uint16_t type) {
  return attribute == NULL ? NULL : net_find(net_bytes(attribute), net_length(attribute), type);
}

/** Lets nothing through: nf_tables' own words, and those of iptables in its nf_tables variant. */
static bool drops(const char *name, const struct nlattr *data) {
  char target[NAME_BYTES];
  copy_name(target, strcmp(name, "target") == 0 ? inside(data, NFTA_TARGET_NAME) : NULL);
  const struct nlattr *verdict = inside(inside(data, NFTA_IMMEDIATE_DATA), NFTA_DATA_VERDICT);
  return strcmp(name, "reject") == 0 || strcmp(target, "REJECT") == 0 || (strcmp(name, "immediate") == 0 &&
          ntohl(net_number(inside(verdict, NFTA_VERDICT_CODE), htonl(NF_ACCEPT))) == NF_DROP);
}

/** A rule that drops without a condition, as firewalld has at the end of its chains. */
static bool drops_everything(const struct nlattr *expressions) {
  const char *at = net_bytes(expressions);
  size_t left = net_length(expressions);
  bool found = false;
  for (const struct nlattr *element; (element = net_find(at, left, NFTA_LIST_ELEM)) != NULL;) {
    char name[NAME_BYTES];
    copy_name(name, inside(element, NFTA_EXPR_NAME));
    if (drops(name, inside(element, NFTA_EXPR_DATA)))
      found = true;
    else if (strcmp(name, "counter") != 0 && strcmp(name, "log") != 0)
      return false;
    size_t step = (size_t)((const char *)element - at) + NLA_ALIGN(element->nla_len);
    if (step >= left) break;
    at += step;
    left -= step;
  }
  return found;
}

static void see_rule(const struct nlmsghdr *message, void *context) {
  struct chain *chain = context;
  size_t header = sizeof(struct nfgenmsg);
  const struct nlattr *comment = net_find_in(message, header, NFTA_RULE_USERDATA);
  const struct nlattr *expressions = net_find_in(message, header, NFTA_RULE_EXPRESSIONS);
  if (comment != NULL && net_length(comment) >= 2 + sizeof COMMENT &&
      memcmp((const char *)net_bytes(comment) + 2, COMMENT, sizeof COMMENT) == 0)
    chain->passes_ours = true;
  if (expressions != NULL && drops_everything(expressions)) chain->drops = true;
}

static void look_into(int filter, struct chain *chain) {
  struct net_batch batch = {0};
  rule_message(&batch, NFT_MSG_GETRULE, NLM_F_DUMP, chain->family);
  net_string(&batch, NFTA_RULE_TABLE, chain->table);
  net_string(&batch, NFTA_RULE_CHAIN, chain->name);
  int error = net_dump(filter, &batch, see_rule, chain);
  if (error != 0)
    die("network", error, NULL, "cannot read the firewall's chain %s %s", chain->table, chain->name);
}

static void add_pass(struct net_batch *batch, const struct chain *chain, enum rule_device which) {
  static const unsigned char comment[] = {
      UDATA_COMMENT, sizeof COMMENT, 't', 's', 'b', 'u', 'i', 'l', 'd', 0};
  struct rule rule = rule_begin(batch, 0, chain->family, chain->table, chain->name);
  rule_match_device(batch, which, true, NET_LINK_PREFIX);
  // iptables' rules all count; its nf_tables variant is better off when this one looks like its own.
  rule_count(batch);
  rule_verdict(batch, NF_ACCEPT);
  rule_end(batch, rule);
  net_attribute(batch, NFTA_RULE_USERDATA, comment, sizeof comment);
}

static void let_pass(int filter, const struct chain *chain) {
  struct net_batch batch = {0};
  struct net_failure failure;
  rule_batch(&batch, NFNL_MSG_BATCH_BEGIN);
  add_pass(&batch, chain, RULE_OUT);
  add_pass(&batch, chain, RULE_IN);
  rule_batch(&batch, NFNL_MSG_BATCH_END);
  if (net_send(filter, &batch, &failure) == 0) return;
  die("network", failure.error, NULL,
      "the firewall's chain %s %s drops what is forwarded and cannot be changed: let devices named tsb* pass "
      "in both "
      "directions",
      chain->table, chain->name);
}

void net_filter_pass(int filter, const struct net_plan *plan) {
  struct search search = {.plan = plan};
  struct net_batch batch = {0};
  rule_message(&batch, NFT_MSG_GETCHAIN, NLM_F_DUMP, AF_UNSPEC);
  int error = net_dump(filter, &batch, see_chain, &search);
  if (error != 0) die("network", error, NULL, "cannot read the firewall's chains");
  for (struct chain *chain = search.chains; chain != NULL; chain = chain->next) {
    look_into(filter, chain);
    if (chain->drops && !chain->passes_ours) let_pass(filter, chain);
  }
}
