// Rules of nf_tables, put together from the kernel's expressions (<linux/netfilter/nf_tables.h>).
#ifndef TSBUILD_NET_RULE_H
#define TSBUILD_NET_RULE_H

#include "network/net_message.h"

/** A transaction: all of it or nothing. `control` is NFNL_MSG_BATCH_BEGIN or _END. */
void rule_batch(struct net_batch *batch, uint16_t control);
/** Begins an NFT_MSG_… for a family (NFPROTO_…). */
void rule_message(struct net_batch *batch, uint16_t message, uint16_t flags, uint8_t family);

struct rule {
  size_t expressions;
};
/** NLM_F_APPEND in `flags`: at the end of the chain, else at its beginning. */
struct rule rule_begin(struct net_batch *batch, uint16_t flags, uint8_t family, const char *table,
                       const char *chain);
void rule_end(struct net_batch *batch, struct rule rule);

enum rule_device { RULE_IN, RULE_OUT };
/** The packet's device is (or is not) one whose name begins with `prefix`. */
void rule_match_device(struct net_batch *batch, enum rule_device which, bool is, const char *prefix);
/** The source address is (or is not) in a network of `bits`. */
void rule_match_source(struct net_batch *batch, bool is, const void *network, size_t length, unsigned bits);
/** The connection is one that the other side was asked for. */
void rule_match_answers(struct net_batch *batch);
void rule_count(struct net_batch *batch);
void rule_masquerade(struct net_batch *batch);
/** NF_ACCEPT or NF_DROP. */
void rule_verdict(struct net_batch *batch, uint32_t verdict);

#endif
