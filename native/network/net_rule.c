// nf_tables expressions. Each works on a register; one is enough for us.
#define _GNU_SOURCE
#include "network/net_rule.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#define SOURCE_OFFSET_4 12  // RFC 791
#define SOURCE_OFFSET_6 8   // RFC 8200
#define STATE_ESTABLISHED 2u
#define STATE_RELATED 4u

void rule_batch(struct net_batch *batch, uint16_t control) {
  struct nfgenmsg header = {.nfgen_family = AF_UNSPEC, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
  net_begin(batch, control, 0, &header, sizeof header);
}

void rule_message(struct net_batch *batch, uint16_t message, uint16_t flags, uint8_t family) {
  struct nfgenmsg header = {.nfgen_family = family, .version = NFNETLINK_V0};
  net_begin(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message), flags, &header, sizeof header);
}

struct rule rule_begin(struct net_batch *batch, uint16_t flags, uint8_t family, const char *table, const char *chain) {
  rule_message(batch, NFT_MSG_NEWRULE, flags | NLM_F_CREATE | NLM_F_ACK, family);
  net_string(batch, NFTA_RULE_TABLE, table);
  net_string(batch, NFTA_RULE_CHAIN, chain);
  return (struct rule){.expressions = net_nest(batch, NFTA_RULE_EXPRESSIONS)};
}

void rule_end(struct net_batch *batch, struct rule rule) {
  net_unnest(batch, rule.expressions);
}

struct expression {
  size_t element, data;
};

static struct expression begin(struct net_batch *batch, const char *name) {
  struct expression expression = {.element = net_nest(batch, NFTA_LIST_ELEM)};
  net_string(batch, NFTA_EXPR_NAME, name);
  expression.data = net_nest(batch, NFTA_EXPR_DATA);
  return expression;
}

static void end(struct net_batch *batch, struct expression expression) {
  net_unnest(batch, expression.data);
  net_unnest(batch, expression.element);
}

static void value(struct net_batch *batch, uint16_t type, const void *bytes, size_t length) {
  size_t data = net_nest(batch, type);
  net_attribute(batch, NFTA_DATA_VALUE, bytes, length);
  net_unnest(batch, data);
}

static void compare(struct net_batch *batch, enum nft_cmp_ops how, const void *bytes, size_t length) {
  struct expression cmp = begin(batch, "cmp");
  net_be32(batch, NFTA_CMP_SREG, NFT_REG_1);
  net_be32(batch, NFTA_CMP_OP, how);
  value(batch, NFTA_CMP_DATA, bytes, length);
  end(batch, cmp);
}

static void keep_bits(struct net_batch *batch, const void *mask, size_t length) {
  static const char zeros[16];
  struct expression bitwise = begin(batch, "bitwise");
  net_be32(batch, NFTA_BITWISE_SREG, NFT_REG_1);
  net_be32(batch, NFTA_BITWISE_DREG, NFT_REG_1);
  net_be32(batch, NFTA_BITWISE_LEN, (uint32_t)length);
  value(batch, NFTA_BITWISE_MASK, mask, length);
  value(batch, NFTA_BITWISE_XOR, zeros, length);
  end(batch, bitwise);
}

void rule_match_device(struct net_batch *batch, enum rule_device which, bool is, const char *prefix) {
  struct expression meta = begin(batch, "meta");
  net_be32(batch, NFTA_META_KEY, which == RULE_IN ? NFT_META_IIFNAME : NFT_META_OIFNAME);
  net_be32(batch, NFTA_META_DREG, NFT_REG_1);
  end(batch, meta);
  // Without the NUL at its end, a name compares as far as it goes.
  compare(batch, is ? NFT_CMP_EQ : NFT_CMP_NEQ, prefix, strlen(prefix));
}

void rule_match_source(struct net_batch *batch, bool is, const void *network, size_t length, unsigned bits) {
  unsigned char mask[16] = {0};
  for (unsigned bit = 0; bit < bits; bit++) mask[bit / 8] |= (unsigned char)(0x80 >> bit % 8);
  struct expression payload = begin(batch, "payload");
  net_be32(batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
  net_be32(batch, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
  net_be32(batch, NFTA_PAYLOAD_OFFSET, length == 4 ? SOURCE_OFFSET_4 : SOURCE_OFFSET_6);
  net_be32(batch, NFTA_PAYLOAD_LEN, (uint32_t)length);
  end(batch, payload);
  keep_bits(batch, mask, length);
  compare(batch, is ? NFT_CMP_EQ : NFT_CMP_NEQ, network, length);
}

void rule_match_answers(struct net_batch *batch) {
  const uint32_t states = STATE_ESTABLISHED | STATE_RELATED, none = 0;
  struct expression ct = begin(batch, "ct");
  net_be32(batch, NFTA_CT_KEY, NFT_CT_STATE);
  net_be32(batch, NFTA_CT_DREG, NFT_REG_1);
  end(batch, ct);
  keep_bits(batch, &states, sizeof states);
  compare(batch, NFT_CMP_NEQ, &none, sizeof none);
}

void rule_count(struct net_batch *batch) {
  end(batch, begin(batch, "counter"));
}

void rule_masquerade(struct net_batch *batch) {
  end(batch, begin(batch, "masq"));
}

void rule_verdict(struct net_batch *batch, uint32_t verdict) {
  struct expression immediate = begin(batch, "immediate");
  net_be32(batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
  size_t data = net_nest(batch, NFTA_IMMEDIATE_DATA), code = net_nest(batch, NFTA_DATA_VERDICT);
  net_be32(batch, NFTA_VERDICT_CODE, verdict);
  net_unnest(batch, code);
  net_unnest(batch, data);
  end(batch, immediate);
}
