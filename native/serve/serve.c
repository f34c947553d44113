// The serve loop: one thread, one epoll set. It only moves bytes: requests become workers, what workers write
// becomes frames. Writing to the client blocks, which is the back-pressure: a client that does not read stops
// its workers' pipes.
#define _GNU_SOURCE
#include "serve/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/reply.h"
#include "protocol/status.h"
#include "sandbox/run.h"
#include "sandbox/terminal.h"
#include "serve/worker.h"

#define FRAME_HEADER_BYTES 12
#define FRAME_PAYLOAD_BYTES_MAX (16u << 20)
#define READ_BYTES (1u << 20)
#define ATTACHED_FD 3
#define STATUS_BYTES_MAX (1u << 20)
#define INPUT_BYTES (FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES_MAX + 65536)

enum frame_type {
  FRAME_REQUEST = 1, FRAME_CANCEL = 2, FRAME_FILTER = 3,
  FRAME_STDOUT = 16, FRAME_STDERR = 17, FRAME_DATA = 18
};

static int epoll;
static struct watch client_watch, children_watch;
static int children;  // tells that one has ended
static int from_client = STDIN_FILENO, to_client = STDOUT_FILENO;
static bool attached;
static bool ran_terminal;  // a worker may have made the caller's terminal raw
static SERVES struct worker *workers;
static unsigned char *input;  // frames that came and were not taken yet
static SERVES size_t input_length;
static unsigned char *output;  // header and payload of one frame, written at once

/** Workers do not have it: a page that is written to between two forks would be copied each time. */
static void *own_memory(size_t size) {
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED || madvise(memory, size, MADV_DONTFORK) != 0)
    die("serve", errno, NULL, "cannot get memory");
  return memory;
}

/** Nothing of a request outlives this, and the terminal is as it was. */
static void kill_all_workers(void) {
  worker_drop_spares();
  for (struct worker *worker = workers; worker != NULL; worker = worker->next) worker_cancel(worker, SIGKILL);
  while (wait(NULL) > 0 || errno == EINTR) continue;
  if (ran_terminal) terminal_restore(1);
}

/** `output` holds `length` bytes of payload after room for the header. */
static void send_output(uint32_t id, uint32_t type, size_t length) {
  put_u32(output, (uint32_t)length);
  put_u32(output + 4, id);
  put_u32(output + 8, type);
  if (write_full(to_client, output, FRAME_HEADER_BYTES + length) == 0) return;
  kill_all_workers();  // the client has gone
  _exit(0);
}

static void send_reply(uint32_t id, uint32_t type, struct buffer reply) {
  memcpy(output + FRAME_HEADER_BYTES, reply.bytes, reply.length);
  send_output(id, type, reply.length);
  free(reply.bytes);
}

static void watch(struct watch *about, struct worker *worker, int source, int fd) {
  *about = (struct watch){.worker = worker, .source = source};
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = about};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("serve", errno, NULL, "cannot watch descriptor");
}

static void listen_to_client(bool listen) {
  struct epoll_event event = {.events = listen ? EPOLLIN : 0, .data.ptr = &client_watch};
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, from_client, &event) != 0) die("serve", errno, NULL, "cannot watch the client");
}

static void start_request(uint32_t id, const char *payload, size_t length) {
  if (attached && memmem(payload, length, "\0tty=1", 7) != NULL) ran_terminal = true;
  struct worker *worker = worker_start(id, payload, length, attached);
  if (worker == NULL) {
    send_reply(id, STATUS_ERROR, worker_refusal(errno));
    return;
  }
  worker->next = workers;
  workers = worker;
  for (int i = 0; i < PIPE_COUNT; i++)
    if (worker->pipes[i] >= 0) watch(&worker->watches[i], worker, i, worker->pipes[i]);
  watch(&worker->watches[PIPE_COUNT], worker, PIPE_COUNT, worker->pidfd);
  worker_make_spare();
}

/** Out of the set first: a worker that is being forked may still hold a copy of the descriptor. */
static void forget(int *fd) {
  if (*fd < 0) return;
  epoll_ctl(epoll, EPOLL_CTL_DEL, *fd, NULL);
  close(*fd);
  *fd = -1;
}

/** Reads at most `limit` bytes of a pipe and passes them on; false at its end. */
static bool forward(struct worker *worker, int source, size_t limit) {
  int fd = worker->pipes[source];
  ssize_t got = read(fd, output + FRAME_HEADER_BYTES, limit < READ_BYTES ? limit : READ_BYTES);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) {
    forget(&worker->pipes[source]);
    return false;
  }
  if (source != PIPE_STATUS) {
    send_output(worker->id, (uint32_t)(FRAME_STDOUT + source), (size_t)got);
  } else if (worker->status.length + (size_t)got <= STATUS_BYTES_MAX) {
    buffer_append(&worker->status, output + FRAME_HEADER_BYTES, (size_t)got);
    worker_look_at_status(worker);
  }
  return true;
}

/**
 * What a pipe holds now, no more: the writers are dead, but one may have handed its end to a process that is
 * not ours (over a mounted socket), and that must not keep the request alive.
 */
static void drain(struct worker *worker, int source) {
  int pending = 0;
  if (worker->pipes[source] < 0 || ioctl(worker->pipes[source], FIONREAD, &pending) != 0) return;
  for (size_t left = (size_t)pending; left > 0;) {
    size_t part = left < READ_BYTES ? left : READ_BYTES;
    if (!forward(worker, source, part)) return;
    left -= part;
  }
}

/** The reply, and everything that comes before it. Nothing is read from the worker after it. */
static void answer(struct worker *worker, int wait_status) {
  for (int i = 0; i < PIPE_STATUS; i++) drain(worker, i);
  uint32_t type;
  struct buffer reply = worker_reply(worker, wait_status, &type);
  send_reply(worker->id, type, reply);
  for (int i = 0; i < (worker->requests < 0 ? PIPE_STATUS : PIPE_DATA); i++) forget(&worker->pipes[i]);
  worker->answered = true;
}

/** One child; false when there is none, or with WNOHANG none that has ended. */
static bool reap(int flags) {
  int wait_status;
  pid_t pid = waitpid(-1, &wait_status, flags);
  for (struct worker *worker = workers; pid > 0 && worker != NULL; worker = worker->next)
    if (!worker->ended && worker->pid == pid) {
      worker->ended = true;
      worker->wait_status = wait_status;
    }
  return pid > 0 || (pid < 0 && errno == EINTR);
}

/** Also a worker that had no request, and the sandbox that it had begun: nobody else may ever look at them. */
static void reap_all(void) {
  struct signalfd_siginfo info;
  (void)!read(children, &info, sizeof info);
  while (reap(WNOHANG)) continue;
}

static bool runs_sandbox(const struct worker *worker) {
  siginfo_t info = {0};
  int flags = WEXITED | WNOHANG | __WALL;
  return worker->sandbox >= 0 &&
         waitid((idtype_t)3 /* P_PIDFD */, (id_t)worker->sandbox, &info, flags) == 0 && info.si_pid == 0;
}

/** It ends when it has done what it does. */
static void forget_requests(struct worker *worker) {
  close_quietly(worker->requests);
  worker->requests = -1;
}

static void take_out(const struct worker *worker) {
  struct worker **at = &workers;
  while (*at != worker) at = &(*at)->next;
  *at = worker->next;
}

/** Where nothing of a sandbox is left its worker waits for another one, and is not watched meanwhile. */
static void let_rest(struct worker *worker) {
  take_out(worker);
  if (!worker_let_rest(worker)) {
    forget_requests(worker);
    worker->next = workers;
    workers = worker;
    return;
  }
  for (int i = 0; i < PIPE_COUNT; i++)
    if (worker->pipes[i] >= 0) epoll_ctl(epoll, EPOLL_CTL_DEL, worker->pipes[i], NULL);
  epoll_ctl(epoll, EPOLL_CTL_DEL, worker->pidfd, NULL);
}

static void end_worker(struct worker *worker) {
  while (!worker->ended && reap(0)) continue;
  drain(worker, PIPE_STATUS);
  // A sandbox whose worker was killed is ours to wait for (we are the subreaper), its first process, which waits for
  // the others, and its second: nothing of it is left after the reply.
  while (runs_sandbox(worker) && reap(0)) continue;
  while (reap(WNOHANG)) continue;
  if (!worker->answered) answer(worker, worker->wait_status);
  take_out(worker);
  for (int i = 0; i < PIPE_COUNT; i++) forget(&worker->pipes[i]);
  forget(&worker->pidfd);
  forget_requests(worker);
  close_quietly(worker->sandbox);
  close_quietly(worker->listener);
  free(worker->status.bytes);
  free(worker);
}

static void cancel_request(uint32_t id, const char *payload, size_t length) {
  char digits[8] = {0};
  uint64_t signal;
  if (length == 0 || length >= sizeof digits) return;
  memcpy(digits, payload, length);
  if (!parse_u64(digits, 64, &signal)) return;
  for (struct worker *worker = workers; worker != NULL; worker = worker->next)
    if (worker->id == id && !worker->answered) {
      drain(worker, PIPE_STATUS);
      worker_cancel(worker, (int)signal);
    }
}

static void keep_filter(const char *program, size_t length) {
  worker_drop_spares();  // which were forked without it, as were those that run
  for (struct worker *worker = workers; worker != NULL; worker = worker->next) forget_requests(worker);
  run_keep_filter(program, length);
}

/** The mounts of a sandbox that was answered for are there until its worker rests or closes its status: overlayfs would
 * find a layer in use that the next request stands on. */
static bool is_ending(void) {
  const struct worker *worker = workers;
  while (worker != NULL && !(worker->answered && !worker->rests && worker->pipes[PIPE_STATUS] >= 0))
    worker = worker->next;
  return worker != NULL;
}

static void take_frames(void) {
  size_t offset = 0;
  while (input_length - offset >= FRAME_HEADER_BYTES) {
    const unsigned char *header = input + offset;
    size_t length = get_u32(header);
    uint32_t id = get_u32(header + 4), type = get_u32(header + 8);
    if (length > FRAME_PAYLOAD_BYTES_MAX) die("serve", 0, NULL, "a frame is too long: %zu bytes", length);
    if (input_length - offset - FRAME_HEADER_BYTES < length) break;
    if (type == FRAME_REQUEST && is_ending()) break;
    const char *payload = (const char *)input + offset + FRAME_HEADER_BYTES;
    if (type == FRAME_REQUEST)
      start_request(id, payload, length);
    else if (type == FRAME_CANCEL)
      cancel_request(id, payload, length);
    else if (type == FRAME_FILTER)
      keep_filter(payload, length);
    else
      die("serve", 0, NULL, "unknown frame type %u", type);
    offset += FRAME_HEADER_BYTES + length;
  }
  if (offset == 0) return;
  if (input_length == INPUT_BYTES) listen_to_client(true);
  memmove(input, input + offset, input_length - offset);
  input_length -= offset;
}

static bool read_input(void) {
  ssize_t got = read(from_client, input + input_length, INPUT_BYTES - input_length);
  if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (got <= 0) return false;
  input_length += (size_t)got;
  take_frames();
  if (input_length == INPUT_BYTES) listen_to_client(false);  // until frames that have to wait are taken
  return true;
}

static bool handle(struct epoll_event *event) {
  struct watch *about = event->data.ptr;
  struct worker *worker = about->worker;
  if (about == &children_watch) reap_all();
  if (worker == NULL) return about != &client_watch || read_input();
  if (about->source < PIPE_COUNT) {
    if (worker->pipes[about->source] >= 0) forward(worker, about->source, READ_BYTES);
    // No process of a sandbox is left then, and its mounts are gone before the next request is taken. What other
    // verbs have mounted is there until the worker ends.
    if (!worker->answered && worker->runs && worker->done) answer(worker, 0);
    if (worker->answered && worker->rests && worker->requests >= 0) let_rest(worker);
  } else {
    end_worker(worker);
  }
  take_frames();  // that had to wait
  return true;
}

int serve_attached(void) {
  attached = true;
  from_client = to_client = fcntl(ATTACHED_FD, F_DUPFD_CLOEXEC, 16);
  if (from_client < 0) die("serve", errno, NULL, "descriptor %d leads to no client", ATTACHED_FD);
  close(ATTACHED_FD);
  terminal_note();
  signal(SIGQUIT, SIG_IGN);
  signal(SIGTERM, SIG_IGN);
  return serve();
}

int serve(void) {
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (!attached) setsid();  // a Ctrl-C at the terminal is for the client to judge
  signal(SIGPIPE, SIG_IGN);
  signal(SIGINT, SIG_IGN);
  signal(SIGHUP, SIG_IGN);
  input = own_memory(INPUT_BYTES);
  output = own_memory(FRAME_HEADER_BYTES + READ_BYTES + STATUS_BYTES_MAX);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) die("serve", errno, NULL, "cannot make an epoll set");
  watch(&client_watch, NULL, 0, from_client);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGCHLD);
  children = sigprocmask(SIG_BLOCK, &ends, NULL) == 0 ? signalfd(-1, &ends, SFD_CLOEXEC) : -1;
  if (children < 0) die("serve", errno, NULL, "cannot watch processes");
  watch(&children_watch, NULL, 0, children);
  for (;;) {
    // One event at a time: handling one may end a worker that others in a batch are about.
    struct epoll_event event;
    int count = epoll_wait(epoll, &event, 1, -1);
    if (count < 0 && errno != EINTR) die("serve", errno, NULL, "cannot wait for events");
    if (count == 1 && !handle(&event)) break;
  }
  kill_all_workers();
  return 0;
}
