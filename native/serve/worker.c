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

/** Whose request is still to come; `requests` is where it is told. */
static SERVES struct worker *spare;
static SERVES int requests;  // while there is one
static SERVES unsigned suited;  // requests that a spare can do

static bool has_process_output(const char *payload) {
  return strcmp(payload, "run") == 0;
}

/** Host directories are looked up among the mounts of now, which a spare may have missed some of; the others are about
 * what it has made. */
static bool suits_spare(const char *payload, size_t length) {
  static const char *const unusual[] = {"\0dir=", "\0insecure=", "\0shmsize=", "\0sysctl="};
  bool suits = has_process_output(payload) && memmem(payload, length, "\0network=none", 14) != NULL;
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

/** Ends this process when there is none to come. */
static char *await_request(int from, size_t *length) {
  touch_pages();
  unsigned char header[4];
  if (read_full(from, header, sizeof header) != (ssize_t)sizeof header) _exit(0);
  *length = get_u32(header);
  char *payload = xmalloc(*length);
  if (read_full(from, payload, *length) != (ssize_t)*length) _exit(0);
  close(from);
  return payload;
}

/** Without a payload: a spare, which is told it on `request_fd`. */
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
  if (payload == NULL) {
    run_prepare();
    payload = await_request(request_fd, &length);
  }
  struct request request = request_parse(payload, length);
  int status = reply_finish(verb_perform(&request));
  run_end();
  close(STATUS_FD);
  _exit(status);
}

/** Our ends and the worker's; -1 for both where the request has no use for a pipe. False, with errno: there
 * is no room. */
static bool make_pipes(int ours[PIPE_COUNT], int theirs[PIPE_COUNT], bool has_output) {
  for (int i = 0; i < PIPE_COUNT; i++) ours[i] = theirs[i] = -1;
  for (int i = 0; i < PIPE_COUNT; i++) {
    int ends[2];
    if (!has_output && i != PIPE_DATA && i != PIPE_STATUS) continue;
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
  *worker = (struct worker){.id = id, .sandbox = -1, .listener = -1, .pidfd = -1};
  int theirs[PIPE_COUNT];
  bool process = payload == NULL || (length > 0 && payload[length - 1] == '\0' && has_process_output(payload));
  bool started = make_pipes(worker->pipes, theirs, process && !attached) &&
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

/** The spare, which now has this request; NULL when there is none, or none any more. */
static struct worker *use_spare(uint32_t id, const char *payload, size_t length) {
  unsigned char header[4];
  if (spare == NULL) return NULL;
  put_u32(header, (uint32_t)length);
  // It reads while we write, however long a request is.
  if (write_full(requests, header, sizeof header) != 0 || write_full(requests, payload, length) != 0) {
    worker_drop_spare();
    return NULL;
  }
  struct worker *worker = spare;
  spare = NULL;
  close_quietly(requests);
  worker->id = id;
  return worker;
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
  if (spare != NULL || suited < 2 || pipe2(ends, O_CLOEXEC) != 0) return;
  spare = start(0, ends[0], NULL, 0, false);
  close(ends[0]);
  if (spare != NULL)
    requests = ends[1];
  else
    close(ends[1]);
}

void worker_drop_spare(void) {
  if (spare == NULL) return;
  worker_cancel(spare, SIGKILL);
  while (waitpid(spare->pid, NULL, 0) < 0 && errno == EINTR) continue;
  for (int i = 0; i < PIPE_COUNT; i++) close_quietly(spare->pipes[i]);
  close_quietly(spare->pidfd);
  close_quietly(requests);
  free(spare);
  spare = NULL;
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
      *(worker->sandbox < 0 ? &worker->sandbox : &worker->listener) = k_pidfd_open(atoi(digits));
    }
    if (type == STATUS_RESULT || type == STATUS_ERROR) worker->done = true;
    worker->status_seen += size;
  }
}

void worker_cancel(struct worker *worker, int signal) {
  worker->cancel = signal;
  if (worker->listener >= 0) k_pidfd_signal(worker->listener, signal);
  if (worker->listener < 0 || signal == SIGKILL) k_pidfd_signal(worker->pidfd, SIGKILL);
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
