// Every verb of the protocol. A verb has the worker process to itself; it returns 0 when it succeeded (result
// fields given by reply_result), -1 after reply_error, or dies.
#ifndef TSBUILD_VERBS_H
#define TSBUILD_VERBS_H

#include "protocol/request.h"

int verb_adopt(const struct request *request);
int verb_compress(const struct request *request);
int verb_copy(const struct request *request);
int verb_digest(const struct request *request);
int verb_network(const struct request *request);
int verb_pack(const struct request *request);
int verb_probe(const struct request *request);
int verb_remove(const struct request *request);
int verb_run(const struct request *request);
int verb_scan(const struct request *request);
int verb_sync(const struct request *request);
int verb_unpack(const struct request *request);

struct verb {
  const char *name;
  int (*perform)(const struct request *request);
  bool owns;         // gives files to users: only as root, be it of a user namespace
  const char *keys;  // for `help`
};
const struct verb *verb_find(const char *name);

/** Finds the verb and performs the request; its status. */
int verb_perform(const struct request *request);

#endif
