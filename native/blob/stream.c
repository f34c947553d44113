// Where bytes come from: descriptors, and programs that decompress.
#define _GNU_SOURCE
#include "blob/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "blob/inflate.h"

#define BUFFER_SIZE ((size_t)64 * 1024)

ssize_t stream_read_full(struct stream *stream, void *to, size_t length) {
  size_t done = 0;
  while (done < length) {
    ssize_t got = stream->read(stream, (char *)to + done, length - done);
    if (got < 0) return -1;
    if (got == 0) break;
    done += (size_t)got;
  }
  return (ssize_t)done;
}

struct fd_stream {
  struct stream stream;
  int fd;
  pid_t program;  // 0: none
  const char *failed;
  size_t next;  // what the buffer holds and nobody has taken: tar headers and small files are tiny reads
  size_t end;
  char buffer[BUFFER_SIZE];
};

static ssize_t read_descriptor(struct fd_stream *self, void *to, size_t length) {
  ssize_t got;
  do {
    got = read(self->fd, to, length);
  } while (got < 0 && errno == EINTR);
  if (got < 0) self->stream.problem = xformat("cannot read: %s", strerror(errno));
  return got;
}

static ssize_t fd_read(struct stream *stream, void *to, size_t length) {
  struct fd_stream *self = (struct fd_stream *)stream;
  if (self->next == self->end) {
    if (length >= BUFFER_SIZE) return read_descriptor(self, to, length);
    ssize_t got = read_descriptor(self, self->buffer, BUFFER_SIZE);
    if (got <= 0) return got;
    self->next = 0;
    self->end = (size_t)got;
  }
  size_t have = self->end - self->next;
  if (length > have) length = have;
  memcpy(to, self->buffer + self->next, length);
  self->next += length;
  return (ssize_t)length;
}

struct stream *stream_of_fd(int fd) {
  struct fd_stream *self = xcalloc(1, sizeof *self);
  self->stream.read = fd_read;
  self->fd = fd;
  return &self->stream;
}

static int connect_unix(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  memcpy(address.sun_path, path, strlen(path));
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
  close_quietly(fd);
  return -1;
}

struct stream *stream_open(const char *name) {
  int fd;
  if (strcmp(name, "-") == 0) {
    fd = STDIN_FILENO;
  } else if (strncmp(name, "unix:", 5) == 0) {
    fd = connect_unix(name + 5);
  } else {
    fd = open(name, O_RDONLY | O_CLOEXEC);
  }
  if (fd < 0) die("request", errno, name, "cannot open the input");
  posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return stream_of_fd(fd);
}

struct stream *stream_open_layer(const char *name) {
  struct fd_stream *self = (struct fd_stream *)stream_open(name);
  while (self->end < 3) {
    ssize_t got = read_descriptor(self, self->buffer + self->end, BUFFER_SIZE - self->end);
    if (got <= 0) break;
    self->end += (size_t)got;
  }
  bool is_gzip = self->end >= 3 && memcmp(self->buffer, "\x1f\x8b\x08", 3) == 0;
  return is_gzip ? stream_gunzip(&self->stream) : &self->stream;
}

/** A program that decompresses stdin to stdout with `-dc`, and the package that has it. */
struct decompressor {
  const char *magic;
  size_t magic_length;
  const char *program;
  const char *package;
};

static const struct decompressor DECOMPRESSORS[] = {
    {"BZh", 3, "bzip2", "bzip2"},
    {"\xfd"
     "7zXZ\0",
     6, "xz", "xz-utils"},
    {"\x28\xb5\x2f\xfd", 4, "zstd", "zstd"},
};

/** The program's absolute path: the usual places only, since PATH is the user's and we may be root. */
static const char *find_program(const char *name) {
  static const char *const DIRECTORIES[] = {"/usr/bin", "/bin", "/usr/local/bin", "/opt/homebrew/bin",
                                            "/run/current-system/sw/bin"};
  for (size_t i = 0; i < COUNT_OF(DIRECTORIES); i++) {
    const char *path = xformat("%s/%s", DIRECTORIES[i], name);
    if (access(path, X_OK) == 0) return path;
  }
  return NULL;
}

/** The end of the program's output counts only when the program says that all was well. */
static ssize_t program_read(struct stream *stream, void *to, size_t length) {
  struct fd_stream *self = (struct fd_stream *)stream;
  ssize_t got = fd_read(stream, to, length);
  if (got != 0 || self->program == 0) return got;
  int status;
  pid_t ended;
  do {
    ended = waitpid(self->program, &status, 0);
  } while (ended < 0 && errno == EINTR);
  self->program = 0;
  if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  stream->problem = self->failed;
  return -1;
}

static _Noreturn void run_program(const char *path, const char *name, int input, int output) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  int null = open("/dev/null", O_WRONLY);
  if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
    _exit(126);
  char *const arguments[] = {(char *)(uintptr_t)name, (char *)(uintptr_t) "-dc", NULL};
  char *const environment[] = {(char *)(uintptr_t) "LC_ALL=C", NULL};
  execve(path, arguments, environment);
  _exit(127);
}

static struct stream *stream_of_program(const struct decompressor *kind, int input, const char **problem) {
  const char *path = find_program(kind->program);
  if (path == NULL) {
    *problem = xformat("%s is not installed (package %s); it is needed to unpack this archive", kind->program,
                       kind->package);
    return NULL;
  }
  int ends[2];
  xpipe(ends);
  pid_t child = fork();
  if (child < 0) die("fork", errno, NULL, "cannot start %s", kind->program);
  if (child == 0) run_program(path, kind->program, input, ends[1]);
  close(ends[1]);
  struct fd_stream *self = xcalloc(1, sizeof *self);
  self->stream.read = program_read;
  self->fd = ends[0];
  self->program = child;
  self->failed = xformat("%s failed: unexpected EOF or damaged data", kind->program);
  return &self->stream;
}

struct stream *stream_decompressed(int fd, const char **problem) {
  char magic[8] = {0};
  if (pread(fd, magic, sizeof magic, 0) < 0 || lseek(fd, 0, SEEK_SET) != 0) {
    *problem = xformat("cannot read: %s", strerror(errno));
    return NULL;
  }
  if (memcmp(magic, "\x1f\x8b\x08", 3) == 0) return stream_gunzip(stream_of_fd(fd));
  for (size_t i = 0; i < COUNT_OF(DECOMPRESSORS); i++) {
    const struct decompressor *kind = &DECOMPRESSORS[i];
    if (memcmp(magic, kind->magic, kind->magic_length) == 0) return stream_of_program(kind, fd, problem);
  }
  return stream_of_fd(fd);
}
