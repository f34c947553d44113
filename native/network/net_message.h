// Netlink messages: building them, sending several at once, reading answers. Knows nothing of what they mean.
#ifndef TSBUILD_NET_MESSAGE_H
#define TSBUILD_NET_MESSAGE_H

#include <linux/netlink.h>

#include "util/util.h"

/** Messages that go out together; `{0}` is an empty batch. */
struct net_batch {
  struct buffer bytes;
  size_t message;     // where the message being built begins
  uint32_t sequence;  // of that message
  uint32_t end;       // of the last one that was begun with NLM_F_ACK
};

/** What the kernel said to the first message that failed. */
struct net_failure {
  uint32_t sequence;
  int error;
  char text[120];  // the kernel's own words, often empty
};

/** A netlink socket of the network namespace we are in now; it stays there. -1 with errno. */
int net_open(int protocol);

/** Begins a message: its fixed header after the netlink one. Its sequence number. */
uint32_t net_begin(struct net_batch *batch, uint16_t type, uint16_t flags, const void *header, size_t length);
void net_attribute(struct net_batch *batch, uint16_t type, const void *bytes, size_t length);
void net_u32(struct net_batch *batch, uint16_t type, uint32_t value);
/** In network byte order, as nf_tables has its numbers. */
void net_be32(struct net_batch *batch, uint16_t type, uint32_t value);
void net_string(struct net_batch *batch, uint16_t type, const char *text);
/** A nested attribute from here up to net_unnest. */
size_t net_nest(struct net_batch *batch, uint16_t type);
/** A fixed structure inside a nested attribute. */
void net_raw(struct net_batch *batch, const void *bytes, size_t length);
void net_unnest(struct net_batch *batch, size_t nest);

/** Sends the batch, of which some message has NLM_F_ACK. The errno of the first message that failed, or 0. */
int net_send(int fd, struct net_batch *batch, struct net_failure *failure);

typedef void net_visitor(const struct nlmsghdr *message, void *context);
/** Asks for a dump with the batch's one message; calls `visit` for each answer. 0 or an errno. */
int net_dump(int fd, struct net_batch *batch, net_visitor *visit, void *context);

/** The attribute of that type (nesting flags ignored) among `length` bytes of attributes, or NULL. */
const struct nlattr *net_find(const void *attributes, size_t length, uint16_t type);
/** The attribute of that type in a message, after its fixed header of `header` bytes. */
const struct nlattr *net_find_in(const struct nlmsghdr *message, size_t header, uint16_t type);
const void *net_bytes(const struct nlattr *attribute);
size_t net_length(const struct nlattr *attribute);
/** A number of four bytes as it stands; `other` when there is no such attribute. */
uint32_t net_number(const struct nlattr *attribute, uint32_t other);

#endif
