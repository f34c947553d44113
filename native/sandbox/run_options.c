// Reading the arguments of `run`.
#define _GNU_SOURCE
#include <string.h>

#include "sandbox/run.h"

#define SECCOMP_INSTRUCTION_BYTES 8
#define SECCOMP_INSTRUCTIONS_MAX 4096  // BPF_MAXINSNS

static void add_text(char ***list, size_t *count, const char *text) {
  // Room for the NULL at the end and for HOME.
  *list = xreallocarray(*list, *count + 3, sizeof **list);
  (*list)[(*count)++] = xstrdup(text);
  (*list)[*count] = NULL;
}

static void add_limit(struct privileges *privileges, const char *text) {
  privileges->limits = xreallocarray(privileges->limits, privileges->limit_count + 1, sizeof *privileges->limits);
  privileges->limits[privileges->limit_count++] = privileges_parse_limit(text);
}

static struct buffer kept_filter;  // for all requests that say so

void run_keep_filter(const char *program, size_t length) {
  kept_filter.length = 0;
  buffer_append(&kept_filter, program, length);
}

static struct buffer seccomp_program(const char *value) {
  bool is_kept = strcmp(value, "kept") == 0;
  struct buffer program = is_kept ? kept_filter : argument_hex("seccomp", value);
  size_t size = SECCOMP_INSTRUCTION_BYTES;
  if (program.length == 0 || program.length % size != 0 || program.length > SECCOMP_INSTRUCTIONS_MAX * size)
    die("request", 0, NULL, "seccomp: not a BPF program: %zu bytes", program.length);
  return program;
}

static bool for_main(const char *value) {
  if (strcmp(value, "main") == 0) return true;
  if (strcmp(value, "all") == 0) return false;
  die("request", 0, NULL, "signals: expected main or all, got \"%.80s\"", value);
}

/** Of what no step can ask for. */
static bool take_right(struct cursor *cursor, struct run_options *options) {
  struct privileges *privileges = &options->payload.privileges;
  const char *value;
  if ((value = cursor_take(cursor, "group")) != NULL)
    add_text(&options->groups, &options->group_count, value);
  else if ((value = cursor_take(cursor, "sysctl")) != NULL)
    sysctl_add(&options->rootfs.sysctls, value);
  else if ((value = cursor_take(cursor, "domainname")) != NULL)
    options->domainname = value;
  else if ((value = cursor_take(cursor, "oomscore")) != NULL)
    privileges->oom_score = value;
  else if ((value = cursor_take(cursor, "drop")) != NULL)
    privileges->dropped = argument_u64("drop", value, UINT64_MAX);
  else if ((value = cursor_take(cursor, "nonewprivs")) != NULL)
    privileges->no_new = argument_bool("nonewprivs", value);
  else
    return false;
  return true;
}

static bool take_option(struct cursor *cursor, struct run_options *options, size_t *argument_count) {
  struct payload *payload = &options->payload;
  const char *value;
  if ((value = cursor_take(cursor, "arg")) != NULL) {
    add_text(&payload->arguments, argument_count, value);
  } else if ((value = cursor_take(cursor, "env")) != NULL) {
    add_text(&payload->environment, &payload->environment_count, value);
  } else if ((value = cursor_take(cursor, "cwd")) != NULL) {
    payload->cwd = value;
  } else if ((value = cursor_take(cursor, "user")) != NULL) {
    options->user = value;
  } else if ((value = cursor_take(cursor, "hostname")) != NULL) {
    options->hostname = value;
  } else if ((value = cursor_take(cursor, "network")) != NULL) {
    options->network = network_parse(value);
  } else if ((value = cursor_take(cursor, "insecure")) != NULL) {
    options->rootfs.insecure = payload->privileges.insecure = argument_bool("insecure", value);
  } else if ((value = cursor_take(cursor, "shmsize")) != NULL) {
    if (argument_u64("shmsize", value, INT64_MAX) > 0) options->rootfs.shm_size = value;
  } else if ((value = cursor_take(cursor, "ulimit")) != NULL) {
    add_limit(&payload->privileges, value);
  } else if ((value = cursor_take(cursor, "limit")) != NULL) {
    cgroup_add_limit(&options->cgroup, value);
  } else if ((value = cursor_take(cursor, "cgroup")) != NULL) {
    options->cgroup.parent = value;
  } else if ((value = cursor_take(cursor, "hosts")) != NULL) {
    options->hosts = value;
  } else if ((value = cursor_take(cursor, "resolv")) != NULL) {
    options->resolv = value;
  } else if ((value = cursor_take(cursor, "seccomp")) != NULL) {
    payload->privileges.seccomp = seccomp_program(value);
  } else if ((value = cursor_take(cursor, "stdin")) != NULL) {
    options->console.input = argument_bool("stdin", value);
  } else if ((value = cursor_take(cursor, "tty")) != NULL) {
    options->console.tty = argument_bool("tty", value);
  } else if ((value = cursor_take(cursor, "signals")) != NULL) {
    options->signals_for_main = for_main(value);
  } else if ((value = cursor_take(cursor, "readonly")) != NULL) {
    options->rootfs.readonly = argument_bool("readonly", value);
  } else if (cursor_take(cursor, "epoch") == NULL && cursor_take(cursor, "since") == NULL) {
    return false;
  }
  return true;
}

struct run_options run_parse(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  struct run_options options = {
      .user = "", .hostname = "tsbuild", .domainname = "(none)", .rootfs.shm_size = SHM_BYTES_DEFAULT};
  options.payload.cwd = "/";
  size_t argument_count = 0;
  options.payload.environment = xcalloc(2, sizeof(char *));
  for (;;) {
    if (cursor_is(&cursor, "dir") || cursor_is(&cursor, "layer") || cursor_is(&cursor, "upper"))
      options.view = view_take(&cursor);
    else if (!take_option(&cursor, &options, &argument_count) && !take_right(&cursor, &options))
      break;
  }
  if (cursor_peek(&cursor) != NULL && !cursor_is(&cursor, "mount")) cursor_unexpected(&cursor);
  options.mounts = cursor;
  if (argument_count == 0) die("request", 0, NULL, "run: there is no arg");
  if (options.view.dir == NULL && options.view.upper == NULL)
    die("request", 0, NULL, "run: there is no upper");
  sysctl_require_network(&options.rootfs.sysctls, options.network.kind != NETWORK_HOST);
  if (*options.payload.cwd == '\0') options.payload.cwd = "/";
  options.payload.has_terminal = options.console.tty;
  options.payload.has_input = options.console.input || options.console.tty;
  return options;
}
