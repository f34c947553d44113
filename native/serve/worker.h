// One running request, as the serve loop sees it: a forked worker and the pipes it speaks through.
#ifndef TSBUILD_WORKER_H
#define TSBUILD_WORKER_H

#include "util/util.h"

enum worker_pipe { PIPE_STDOUT, PIPE_STDERR, PIPE_DATA, PIPE_STATUS, PIPE_COUNT };

/** What an epoll event is about: a pipe of a worker, its end (PIPE_COUNT), or stdin (no worker). */
struct watch {
  struct worker *worker;
  int source;
};

/** For what the serve loop changes for each request: together, for each page of it is copied after a fork. */
#define SERVES __attribute__((section(".bss.serves")))

struct worker {
  uint32_t id;  // the client's number for the request
  pid_t pid;
  int pidfd;
  int sandbox;            // pidfd of the first process of a sandbox, or -1
  int listener;           // pidfd of the process that signals are for, or -1: it is not there yet
  bool runs;              // it has told of a sandbox; whose end may come before we look, and then there is no pidfd
  bool ended;             // with this status
  int wait_status;
  int pipes[PIPE_COUNT];  // our ends; -1 once ended
  struct buffer status;   // records so far
  size_t status_seen;     // bytes of `status` already looked at
  int cancel;             // the last signal asked for
  int requests;           // of one that was begun ahead: where it is told them; else -1
  bool rests;             // nothing of the request is left, and it would take another one
  bool done;              // it has said what it had to say
  bool answered;          // and so have we
  struct watch watches[PIPE_COUNT + 1];
  struct worker *next;
};

/**
 * Forks a worker for the payload of a request frame. NULL, with errno, when the machine has no room for it
 * (descriptors, processes). Attached: a `run` has our own standard streams instead of pipes.
 */
struct worker *worker_start(uint32_t id, const char *payload, size_t length, bool attached);

/**
 * Forks a worker ahead of its request, when steps follow each other that do not have the host's network: it makes
 * what the sandboxes of all of them begin with (run_prepare) while the step before it runs, and worker_start gives
 * it the next one. One that rests is woken instead, if there is one.
 */
void worker_make_spare(void);

/** Keeps a worker that rests for a later request; false when it is not wanted, and ends if `requests` is closed. */
bool worker_let_rest(struct worker *worker);

/** Ends all that have no request. */
void worker_drop_spares(void);

/** The error for a request that has no worker. */
struct buffer worker_refusal(int error);

/** Looks at the records that have arrived since (a sandbox has begun, the worker is done). */
void worker_look_at_status(struct worker *worker);

/** Sends a signal to all processes of the request's sandbox; without one, and with SIGKILL, the worker is killed. */
void worker_cancel(struct worker *worker, int signal);

/** The reply at the end: a whole result or error record, or what can be said about the worker's death. */
struct buffer worker_reply(const struct worker *worker, int wait_status, uint32_t *frame_type);

#endif
