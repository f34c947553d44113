// Netlink, the part that all families share (RFC 3549; <linux/netlink.h>). One socket is used by one process
// for one conversation at a time, so that answers are told apart by their sequence number alone.
#define _GNU_SOURCE
#include "network/net_message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_BYTES ((size_t)64 * 1024)  // the kernel fills at most 32 KiB of one datagram of a dump
#define PATIENCE_SECONDS 10               // the kernel answers at once; never hang if it does not

#ifndef NLM_F_ACK_TLVS
#define NLM_F_ACK_TLVS 0x200
#endif

int net_open(int protocol) {
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), one = 1;
  if (fd < 0) return -1;
  struct sockaddr_nl own = {.nl_family = AF_NETLINK};
  struct timeval patience = {.tv_sec = PATIENCE_SECONDS};
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (bind(fd, (struct sockaddr *)&own, sizeof own) == 0) return fd;
  close_quietly(fd);
  return -1;
}

static void append_aligned(struct net_batch *batch, const void *bytes, size_t length) {
  static const char zeros[NLMSG_ALIGNTO];
  buffer_append(&batch->bytes, bytes, length);
  buffer_append(&batch->bytes, zeros, NLMSG_ALIGN(length) - length);
}

/** After every addition: the message reaches to here. */
static void set_length(struct net_batch *batch) {
  uint32_t length = (uint32_t)(batch->bytes.length - batch->message);
  memcpy(batch->bytes.bytes + batch->message + offsetof(struct nlmsghdr, nlmsg_len), &length, sizeof length);
}

uint32_t net_begin(struct net_batch *batch, uint16_t type, uint16_t flags, const void *header, size_t length) {
  struct nlmsghdr start = {
      .nlmsg_type = type, .nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST), .nlmsg_seq = ++batch->sequence};
  batch->message = batch->bytes.length;
  append_aligned(batch, &start, sizeof start);
  append_aligned(batch, header, length);
  set_length(batch);
  if ((flags & NLM_F_ACK) != 0) batch->end = batch->sequence;
  return batch->sequence;
}

void net_attribute(struct net_batch *batch, uint16_t type, const void *bytes, size_t length) {
  struct nlattr start = {.nla_len = (uint16_t)(NLA_HDRLEN + length), .nla_type = type};
  append_aligned(batch, &start, sizeof start);
  append_aligned(batch, bytes, length);
  set_length(batch);
}

void net_u32(struct net_batch *batch, uint16_t type, uint32_t value) {
  net_attribute(batch, type, &value, sizeof value);
}

void net_be32(struct net_batch *batch, uint16_t type, uint32_t value) {
  net_u32(batch, type, htonl(value));
}

void net_string(struct net_batch *batch, uint16_t type, const char *text) {
  net_attribute(batch, type, text, strlen(text) + 1);
}

size_t net_nest(struct net_batch *batch, uint16_t type) {
  size_t nest = batch->bytes.length;
  net_attribute(batch, type | NLA_F_NESTED, "", 0);
  return nest;
}

void net_raw(struct net_batch *batch, const void *bytes, size_t length) {
  append_aligned(batch, bytes, length);
  set_length(batch);
}

void net_unnest(struct net_batch *batch, size_t nest) {
  uint16_t length = (uint16_t)(batch->bytes.length - nest);
  memcpy(batch->bytes.bytes + nest + offsetof(struct nlattr, nla_len), &length, sizeof length);
}

static int send_batch(int fd, const struct net_batch *batch) {
  struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
  ssize_t sent;
  do sent = sendto(fd, batch->bytes.bytes, batch->bytes.length, 0, (struct sockaddr *)&kernel, sizeof kernel);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

/** One datagram of the kernel; its length, or a negative errno. */
static ssize_t receive(int fd, void *bytes, int flags) {
  for (;;) {
    struct sockaddr_nl from = {0};
    socklen_t size = sizeof from;
    ssize_t got = recvfrom(fd, bytes, ANSWER_BYTES, MSG_TRUNC | flags, (struct sockaddr *)&from, &size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    if ((size_t)got > ANSWER_BYTES) return -EMSGSIZE;
    if (from.nl_pid == 0) return got;  // anybody may write to a netlink socket; only the kernel is believed
  }
}

static void note_failure(const struct nlmsghdr *message, struct net_failure *failure) {
  const struct nlmsgerr *answer = NLMSG_DATA(message);
  if (failure->error != 0 || answer->error == 0) return;
  failure->error = -answer->error;
  failure->sequence = message->nlmsg_seq;
  if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0) return;
  // NETLINK_CAP_ACK: only the header of the message comes back, then the attributes.
  const struct nlattr *text = net_find_in(message, sizeof *answer, NLMSGERR_ATTR_MSG);
  if (text != NULL)
    snprintf(failure->text, sizeof failure->text, "%.*s", (int)net_length(text), (const char *)net_bytes(text));
}

int net_send(int fd, struct net_batch *batch, struct net_failure *failure) {
  *failure = (struct net_failure){0};
  failure->error = send_batch(fd, batch);
  if (failure->error != 0) return failure->error;
  char *answers = xmalloc(ANSWER_BYTES);
  for (bool over = false; !over;) {
    // The kernel works while we send: all answers are there, and a refused nf_tables batch has fewer of them.
    ssize_t got = receive(fd, answers, MSG_DONTWAIT);
    if (got < 0) {
      if (failure->error == 0) failure->error = got == -EAGAIN ? EPROTO : (int)-got;
      break;
    }
    size_t left = (size_t)got;
    const struct nlmsghdr *at = (const struct nlmsghdr *)(const void *)answers;
    for (; NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
      if (at->nlmsg_type != NLMSG_ERROR) continue;
      note_failure(at, failure);
      over = over || at->nlmsg_seq == batch->end;
    }
  }
  free(answers);
  return failure->error;
}

int net_dump(int fd, struct net_batch *batch, net_visitor *visit, void *context) {
  int error = send_batch(fd, batch);
  if (error != 0) return error;
  char *answers = xmalloc(ANSWER_BYTES);
  for (bool over = false; !over && error == 0;) {
    ssize_t got = receive(fd, answers, 0);
    if (got < 0) error = got == -EAGAIN ? ETIMEDOUT : (int)-got;
    size_t left = got < 0 ? 0 : (size_t)got;
    const struct nlmsghdr *at = (const struct nlmsghdr *)(const void *)answers;
    for (; !over && NLMSG_OK(at, left); at = NLMSG_NEXT(at, left)) {
      if (at->nlmsg_seq != batch->sequence) continue;
      over = at->nlmsg_type == NLMSG_DONE || at->nlmsg_type == NLMSG_ERROR;
      if (at->nlmsg_type == NLMSG_ERROR) error = -((const struct nlmsgerr *)NLMSG_DATA(at))->error;
      if (!over) visit(at, context);
    }
  }
  free(answers);
  return error;
}

const struct nlattr *net_find(const void *attributes, size_t length, uint16_t type) {
  const char *at = attributes;
  while (length >= NLA_HDRLEN) {
    const struct nlattr *attribute = (const struct nlattr *)(const void *)at;
    if (attribute->nla_len < NLA_HDRLEN || attribute->nla_len > length) return NULL;
    if ((attribute->nla_type & NLA_TYPE_MASK) == type) return attribute;
    size_t step = NLA_ALIGN(attribute->nla_len);
    if (step > length) return NULL;
    at += step;
    length -= step;
  }
  return NULL;
}

const struct nlattr *net_find_in(const struct nlmsghdr *message, size_t header, uint16_t type) {
  size_t start = NLMSG_HDRLEN + NLMSG_ALIGN(header);
  if (message->nlmsg_len < start) return NULL;
  return net_find((const char *)message + start, message->nlmsg_len - start, type);
}

const void *net_bytes(const struct nlattr *attribute) {
  return (const char *)attribute + NLA_HDRLEN;
}

size_t net_length(const struct nlattr *attribute) {
  return attribute->nla_len - (size_t)NLA_HDRLEN;
}

uint32_t net_number(const struct nlattr *attribute, uint32_t other) {
  if (attribute == NULL || net_length(attribute) < sizeof other) return other;
  memcpy(&other, net_bytes(attribute), sizeof other);
  return other;
}
