// Forking, cancelling and judging workers. A worker begins with nothing but its pipes: stdin is /dev/null,
// stdout and stderr are the process output of `run` (and our own stderr for all other verbs), 3 is data, 4 is status.
#define _GNU_SOURCE
#include "serve/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocol/reply.h"
#include "protocol/status.h"
#include "protocol/verbs.h"
#include "sandbox/run.h"
#include "util/kernel.h"

#define PIPE_BYTES (1 << 20)
#define DATA_FD 3
#define STATUS_FD 4
#define REQUEST_FD 5
#define PAGE_BYTES 4096

#define RESTING_MAX 4

static SERVES struct worker *spare;  // whose request is still to come
static SERVES struct worker *resting;  // that have done one, and have not begun with the next
static SERVES unsigned resting_count;
static SERVES unsigned suited;  // requests that a spare can do

static bool has_process_output(const char *payload) {
  return strcmp(payload, "run") == 0;
}

/** Host directories are looked up among the mounts of now, which a spare may have missed some of; oomscore is written
 * to a file that is not an ordinary user's once a payload has hidden our memory; the others are about what is made. */
static bool suits_spare(const char *payload, size_t length) {
  static const char *const unusual[] = {"\0dir=",     "\0insecure=", "\0network=host", "\0oomscore=",
                                        "\0shmsize=", "\0sysctl=",   "\0stdin=",       "\0tty="};
  bool suits = has_process_output(payload) && memmem(payload, length, "\0network=", 9) != NULL;
  for (size_t i = 0; suits && i < COUNT_OF(unusual); i++)
    suits = memmem(payload, length, unusual[i], 1 + strlen(unusual[i] + 1)) == NULL;
  return suits;
}

static void take_descriptors(int ends[PIPE_COUNT], int *request_fd, bool keeps_streams) {
  // First out of the way of the numbers they will get, then down to them.
  for (int i = 0; i < PIPE_COUNT; i++) {
    int away = ends[i] < 0 ? -1 : fcntl(ends[i], F_DUPFD, 16);
    if (ends[i] >= 0 && away < 0) die("helper", errno, NULL, "cannot keep a pipe");
    ends[i] = away;
  }
  int kept = *request_fd < 0 ? -1 : fcntl(*request_fd, F_DUPFD, 16);
  int null = keeps_streams ? -1 : open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null >= 0) dup2(null, STDIN_FILENO);
  if (!keeps_streams) dup2(ends[PIPE_STDOUT] >= 0 ? ends[PIPE_STDOUT] : STDERR_FILENO, STDOUT_FILENO);
  if (ends[PIPE_STDERR] >= 0) dup2(ends[PIPE_STDERR], STDERR_FILENO);
  dup2(ends[PIPE_DATA], DATA_FD);
  dup2(ends[PIPE_STATUS], STATUS_FD);
  fcntl(DATA_FD, F_SETFD, FD_CLOEXEC);
  fcntl(STATUS_FD, F_SETFD, FD_CLOEXEC);
  if (*request_fd >= 0) *request_fd = dup3(kept, REQUEST_FD, O_CLOEXEC);
  k_close_from(*request_fd < 0 ? STATUS_FD + 1 : REQUEST_FD + 1);
}

/** Nobody waits yet for the pages that a request is going to need: of the heap, of the stack, of the C library. */
static void touch_pages(void) {
  volatile char stack[2 * PAGE_BYTES], *heap = xmalloc(sizeof stack);
  for (size_t at = 0; at < sizeof stack; at += PAGE_BYTES) stack[at] = heap[at] = 0;
  free((void *)heap);
  free(xformat("%s", request_parse(xstrdup("run"), sizeof "run").verb));
}

/** The length of a request, and the streams of its process. */
struct order {
  unsigned char length[4];
  int streams[2];
};

/** Standard output and error travel beside the length: of each request its own. False: nobody is there. */
static bool send_order(int to, const struct order *order) {
  char control[CMSG_SPACE(sizeof order->streams)] __attribute__((aligned(sizeof(size_t)))) = {0};
  struct iovec bytes = {(void *)order->length, sizeof order->length};
  struct msghdr message = {
      .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof order->streams);
  memcpy(CMSG_DATA(header), order->streams, sizeof order->streams);
  return sendmsg(to, &message, MSG_NOSIGNAL) == (ssize_t)sizeof order->length;
}

/** Of so few bytes, sent at once, all come at once. False: there is none to come. */
static bool take_order(int from, struct order *order) {
  char control[CMSG_SPACE(sizeof order->streams)] __attribute__((aligned(sizeof(size_t))));
  struct iovec bytes = {order->length, sizeof order->length};
  struct msghdr message = {
      .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
  ssize_t got;
  while ((got = recvmsg(from, &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) continue;
  struct cmsghdr *header = got == (ssize_t)sizeof order->length ? CMSG_FIRSTHDR(&message) : NULL;
  if (got == 0) return false;
  if (header == NULL || header->cmsg_len != CMSG_LEN(sizeof order->streams))
    die("helper", got < 0 ? errno : 0, NULL, "cannot take the output of a run");
  memcpy(order->streams, CMSG_DATA(header), sizeof order->streams);
  return true;
}

/** Ends this process when there is none to come. */
static struct request await_request(int from) {
  struct order order;
  if (!take_order(from, &order)) _exit(0);
  size_t length = get_u32(order.length);
  char *payload = xmalloc(length);
  for (int i = 0; i < 2; i++) {
    if (dup2(order.streams[i], STDOUT_FILENO + i) < 0) die("helper", errno, NULL, "cannot take the output of a run");
    close(order.streams[i]);
  }
  if (read_full(from, payload, length) != (ssize_t)length) _exit(0);
  return request_parse(payload, length);
}

/** One step after the other, until one leaves something behind, or there is none to come. Memory is not freed: a
 * worker that has grown ends. */
static _Noreturn void work_ahead(int from) {
  int status;
  char byte;
  touch_pages();
  for (;;) {
    run_prepare();
    struct request request = await_request(from);
    status = reply_finish(verb_perform(&request));
    // Nothing to write to.
    if (dup2(STDIN_FILENO, STDOUT_FILENO) < 0 || dup2(STDIN_FILENO, STDERR_FILENO) < 0 || !run_rest()) break;
    if (!status_send(STATUS_FD, STATUS_RESTS, "", 0)) break;
    run_renew();
    if (read_full(from, &byte, 1) != 1) _exit(0);
  }
  run_end();
  close(STATUS_FD);
  _exit(status);
}

/** Without a payload: a spare, which is told its requests on `request_fd`. */
static _Noreturn void work(pid_t server, int ends[PIPE_COUNT], bool attached, int request_fd, char *payload,
                           size_t length) {
  bool ends_with_server = prctl(PR_SET_PDEATHSIG, SIGKILL) == 0;
  reply_to_pipes(ends[PIPE_DATA], ends[PIPE_STATUS]);
  take_descriptors(ends, &request_fd, attached && has_process_output(payload));
  if (getppid() != server) _exit(1);
  reply_to_pipes(DATA_FD, STATUS_FD);
  if (!ends_with_server) die("helper", 0, NULL, "cannot end with the helper");
  if (!attached) {
    // Else the terminal sends them to all of us, and what they mean is for the client to say.
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
  }
  if (payload == NULL) work_ahead(request_fd);
  struct request request = request_parse(payload, length);
  int status = reply_finish(verb_perform(&request));
  run_end();
  close(STATUS_FD);
  _exit(status);
}

/** Our ends and the worker's, of pipes from the first one on. False, with errno: there is no room. */
static bool make_pipes(int ours[PIPE_COUNT], int theirs[PIPE_COUNT], int first, int end) {
  for (int i = first; i < end; i++) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return false;
    ours[i] = ends[0];
    theirs[i] = ends[1];
    if (i != PIPE_STATUS && i != PIPE_STDERR) fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES);
  }
  return true;
}

/** False, with errno: the machine has no room for it. */
static bool fork_worker(struct worker *worker, int theirs[PIPE_COUNT], int request_fd, char *payload,
                        size_t length, bool attached) {
  pid_t server = getpid();
  pid_t pid = fork();
  if (pid == 0) work(server, theirs, attached, request_fd, payload, length);
  if (pid < 0) return false;
  worker->pid = pid;
  worker->pidfd = k_pidfd_open(worker->pid);
  if (worker->pidfd >= 0) return fcntl(worker->pidfd, F_SETFD, FD_CLOEXEC) == 0;
  int error = errno;
  kill(worker->pid, SIGKILL);
  while (waitpid(worker->pid, NULL, 0) < 0 && errno == EINTR) continue;
  errno = error;
  return false;
}

/** NULL, with errno: the machine has no room for it. */
static struct worker *start(uint32_t id, int request_fd, char *payload, size_t length, bool attached) {
  struct worker *worker = xcalloc(1, sizeof *worker);
  *worker = (struct worker){.id = id, .sandbox = -1, .listener = -1, .pidfd = -1, .requests = -1};
  int theirs[PIPE_COUNT];
  for (int i = 0; i < PIPE_COUNT; i++) worker->pipes[i] = theirs[i] = -1;
  bool process = length > 0 && payload[length - 1] == '\0' && has_process_output(payload);
  bool started = make_pipes(worker->pipes, theirs, process && !attached ? PIPE_STDOUT : PIPE_DATA, PIPE_COUNT) &&
                 fork_worker(worker, theirs, request_fd, payload, length, attached);
  int error = errno;
  for (int i = 0; i < PIPE_COUNT; i++) close_quietly(theirs[i]);
  if (started) return worker;
  for (int i = 0; i < PIPE_COUNT; i++) close_quietly(worker->pipes[i]);
  close_quietly(worker->pidfd);
  free(worker);
  errno = error;
  return NULL;
}

static void end_quietly(struct worker *worker) {
  siginfo_t info;
  worker_cancel(worker, SIGKILL);
  // Not by its number: the loop may have waited for one that ended while it rested, and that be another one's now.
  while (waitid((idtype_t)3 /* P_PIDFD */, (id_t)worker->pidfd, &info, WEXITED) < 0 && errno == EINTR) continue;
  for (int i = 0; i < PIPE_COUNT; i++) close_quietly(worker->pipes[i]);
  close_quietly(worker->pidfd);
  close_quietly(worker->requests);
  free(worker->status.bytes);
  free(worker);
}

/** The spare, which now has this request; NULL when there is none, or none any more. */
static struct worker *use_spare(uint32_t id, const char *payload, size_t length) {
  int theirs[PIPE_COUNT] = {-1, -1, -1, -1};
  struct order order;
  struct worker *worker = spare;
  spare = NULL;
  if (worker == NULL) return NULL;
  bool has_pipes = make_pipes(worker->pipes, theirs, PIPE_STDOUT, PIPE_DATA);
  put_u32(order.length, (uint32_t)length);
  memcpy(order.streams, theirs, sizeof order.streams);
  // It reads while we write, however long a request is.
  bool told = has_pipes && send_order(worker->requests, &order) && write_full(worker->requests, payload, length) == 0;
  for (int i = 0; i < 2; i++) close_quietly(theirs[i]);
  worker->id = id;
  if (told) return worker;
  end_quietly(worker);
  return NULL;
}

struct worker *worker_start(uint32_t id, const char *payload, size_t length, bool attached) {
  bool is_text = length > 0 && payload[length - 1] == '\0';
  if (is_text && !attached && suits_spare(payload, length)) {
    suited++;
    struct worker *worker = use_spare(id, payload, length);
    if (worker != NULL) return worker;
  }
  char *own = xmalloc(length);  // the client's bytes are where workers have no memory
  memcpy(own, payload, length);
  struct worker *worker = start(id, -1, own, length, attached);
  int error = errno;
  free(own);
  errno = error;
  return worker;
}

void worker_make_spare(void) {
  int ends[2];
  // One step alone is not worth it.
  if (spare != NULL || suited < 2) return;
  while (spare == NULL && resting != NULL) {
    spare = resting;
    resting = spare->next;
    resting_count--;
    if (write_full(spare->requests, "", 1) == 0) return;
    end_quietly(spare);
    spare = NULL;
  }
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return;
  spare = start(0, ends[0], NULL, 0, false);
  close(ends[0]);
  if (spare != NULL)
    spare->requests = ends[1];
  else
    close(ends[1]);
}

bool worker_let_rest(struct worker *worker) {
  if (worker->requests < 0 || resting_count == RESTING_MAX) return false;
  close_quietly(worker->sandbox);
  close_quietly(worker->listener);
  worker->sandbox = worker->listener = -1;
  worker->status.length = worker->status_seen = 0;
  worker->cancel = 0;
  worker->runs = worker->done = worker->answered = worker->rests = false;
  worker->next = resting;
  resting = worker;
  resting_count++;
  return true;
}

void worker_drop_spares(void) {
  if (spare != NULL) end_quietly(spare);
  spare = NULL;
  for (struct worker *worker; (worker = resting) != NULL;) {
    resting = worker->next;
    end_quietly(worker);
  }
  resting_count = 0;
}

struct buffer worker_refusal(int error) {
  struct buffer reply = {0};
  buffer_format(&reply, "phase=helper%cerrno=%d%cpath=%cmessage=cannot start a worker: %s", '\0', error, '\0',
                '\0', strerror(error));
  buffer_append(&reply, "", 1);
  return reply;
}

void worker_look_at_status(struct worker *worker) {
  enum status_type type;
  const char *payload;
  size_t length, size;
  while ((size = status_next(&worker->status, worker->status_seen, &type, &payload, &length)) > 0) {
    if (type == STATUS_SANDBOX) {
      char digits[16] = {0};
      memcpy(digits, payload, length < sizeof digits ? length : sizeof digits - 1);
      *(worker->runs ? &worker->listener : &worker->sandbox) = k_pidfd_open(atoi(digits));
      if (worker->listener >= 0 && worker->cancel != 0) k_pidfd_signal(worker->listener, worker->cancel);
      worker->runs = true;
    }
    if (type == STATUS_RESULT || type == STATUS_ERROR) worker->done = true;
    if (type == STATUS_RESTS) worker->rests = true;
    worker->status_seen += size;
  }
}

void worker_cancel(struct worker *worker, int signal) {
  worker->cancel = signal;
  if (worker->listener >= 0) k_pidfd_signal(worker->listener, signal);
  // A process may have begun before we are told which one listens: the signal waits for that.
  if (!worker->runs || signal == SIGKILL) k_pidfd_signal(worker->pidfd, SIGKILL);
}

struct buffer worker_reply(const struct worker *worker, int wait_status, uint32_t *frame_type) {
  enum status_type type;
  const char *payload;
  size_t length, size, offset = 0;
  struct buffer reply = {0};
  while ((size = status_next(&worker->status, offset, &type, &payload, &length)) > 0) {
    offset += size;
    if (type != STATUS_RESULT && type != STATUS_ERROR) continue;
    *frame_type = type;
    buffer_append(&reply, payload, length);
    return reply;
  }
  *frame_type = STATUS_ERROR;
  const char *phase = worker->cancel != 0 ? "cancel" : "helper";
  buffer_format(&reply, "phase=%s%cerrno=0%cpath=%cmessage=", phase, '\0', '\0', '\0');
  if (worker->cancel != 0)
    buffer_string(&reply, "the request was cancelled");
  else if (WIFSIGNALED(wait_status))
    buffer_format(&reply, "the worker was ended by signal %d", WTERMSIG(wait_status));
  else
    buffer_format(&reply, "the worker ended with status %d and no reply", WEXITSTATUS(wait_status));
  buffer_append(&reply, "", 1);
  return reply;
}
