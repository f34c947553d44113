// Control groups of version 1 (a hierarchy for each controller) and 2 (one for all), also side by side. The
// names of groups have the number of the process that makes them, so that whoever comes later can tell which
// are left over from one that was killed.
#define _GNU_SOURCE
#include "cgroup/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup/cgroup_values.h"
#include "namespace/userns.h"

#define PREFIX "tsbuild-"
#define DIRECTORIES_MAX 8
#define REMOVE_ATTEMPTS 200
#define MOVE_ATTEMPTS 100
#define REMOVE_PAUSE_NS 2000000
#define FILE_BYTES_MAX (1u << 20)

static const struct cgroup_options *wanted;
static struct cgroup_directory directories[DIRECTORIES_MAX];
static size_t directory_count;
static bool left;  // a group that could not be removed

static char *read_text(const char *path) {
  struct buffer text = {0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  bool read = fd >= 0 && read_all(fd, FILE_BYTES_MAX, &text) == 0;
  close_quietly(fd);
  return read && text.bytes != NULL ? text.bytes : NULL;
}

static bool is_word_of(const char *list, const char *separators, const char *word) {
  char *rest = xstrdup(list), *one;
  while ((one = strsep(&rest, separators)) != NULL)
    if (strcmp(one, word) == 0) return true;
  return false;
}

/** Where the hierarchy of a controller is mounted; of version 2 without a controller. NULL: nowhere. */
static char *mount_of(const char *controller) {
  char *rest = read_text("/proc/self/mountinfo"), *line;
  while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
    char *type = strstr(line, " - ");
    if (type == NULL) continue;
    *type = '\0';
    type += strlen(" - ");
    char *options = strrchr(type, ' ');
    bool fits = controller == NULL ? strncmp(type, "cgroup2 ", 8) == 0
                                   : strncmp(type, "cgroup ", 7) == 0 && options != NULL &&
                                         is_word_of(options + 1, ",", controller);
    for (int field = 0; fits && field < 4; field++) (void)strsep(&line, " ");
    if (fits) return xstrdup(strsep(&line, " "));
  }
  return NULL;
}

/** The helper's own group in that hierarchy ("/…"), by /proc/self/cgroup: `NUMBER:CONTROLLERS:PATH`. */
static char *own_group(const char *controller) {
  char *rest = read_text("/proc/self/cgroup"), *line;
  while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
    (void)strsep(&line, ":");
    char *controllers = line == NULL ? NULL : strsep(&line, ":");
    if (controllers == NULL || line == NULL) continue;
    if (controller == NULL ? *controllers == '\0' : is_word_of(controllers, ",", controller))
      return xstrdup(line);
  }
  return xstrdup("/");
}

static char *parent_of(const char *controller, const char *here) {
  if (wanted->parent != NULL) return xformat("/%s", wanted->parent);
  char *own = xstrdup(here);
  // A group of version 2 with processes in it cannot share its controllers out to others below it: beside, then.
  if (controller == NULL) *(strrchr(own, '/') == NULL ? own : strrchr(own, '/')) = '\0';
  return own;
}

/** That nothing can be made there is no fault of ours: told with the way out. */
static _Noreturn void die_of_group(const char *path, int error) {
  bool is_refused = error == EACCES || error == EPERM || error == EROFS;
  if (userns_nested() && is_refused)
    die("limits", error, path, "limits need root, or a control group of version 2 that is delegated to this user");
  die("limits", error, path, "cannot make a control group");
}

static void write_quietly(const char *directory, const char *file, const char *value) {
  int fd = open(xformat("%s/%s", directory, file), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;
  (void)!write(fd, value, strlen(value));
  close(fd);
}

/** What a group has to have before processes can be put in it, or limits can be set on those below it. */
static void prepare_below(const char *controller, const char *above, const char *path) {
  if (controller == NULL) {
    const char *const all[] = {"+memory", "+cpu", "+cpuset", "+io", "+pids"};
    for (size_t i = 0; i < COUNT_OF(all); i++) write_quietly(above, "cgroup.subtree_control", all[i]);
  } else if (strcmp(controller, "cpuset") == 0) {
    const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
      char *text = read_text(xformat("%s/%s", above, files[i]));
      if (text != NULL) write_quietly(path, files[i], text);
    }
  }
}

/** Removes the groups of helpers that are gone. */
static void sweep(const char *path) {
  DIR *stream = opendir(path);
  struct dirent *entry;
  while (stream != NULL && (entry = readdir(stream)) != NULL) {
    uint64_t maker;
    if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0 ||
        !parse_u64(entry->d_name + strlen(PREFIX), INT32_MAX, &maker))
      continue;
    if (kill((pid_t)maker, 0) != 0 && errno == ESRCH) (void)!rmdir(xformat("%s/%s", path, entry->d_name));
  }
  if (stream != NULL) closedir(stream);
}

/** A group with processes cannot share its controllers out, the root aside: they go to one of their own below it. Those
 * that one of them begins meanwhile are found when the others have gone. */
static void move_members(const char *path) {
  char *leaf = xformat("%s/" PREFIX "caller", path), *list = xformat("%s/cgroup.procs", path), *members;
  if (access(xformat("%s/cgroup.type", path), F_OK) != 0) return;
  if (mkdir(leaf, 0755) != 0 && errno != EEXIST) die_of_group(leaf, errno);
  for (int attempt = 0; attempt < MOVE_ATTEMPTS && (members = read_text(list)) != NULL && *members != '\0'; attempt++)
    for (char *pid; (pid = strsep(&members, "\n")) != NULL;)
      if (*pid != '\0') write_quietly(leaf, "cgroup.procs", pid);
}

/** Where nobody has said where, and the usual place beside our own group is not ours to change: in our own one. It is
 * the usual one, too, at the root of a cgroup namespace, or when it was named. */
static char *place_for(const char *mount, const char *here, char *usual) {
  char *own = strcmp(here, "/") == 0 ? xstrdup(mount) : xformat("%s%s", mount, here);
  bool is_own = strcmp(own, usual) == 0;
  if (!is_own && (wanted->parent != NULL || access(usual, W_OK) == 0 || access(own, W_OK) != 0)) return usual;
  move_members(own);
  return own;
}

/** Makes the directories from the root of the hierarchy down to ours. */
static char *make_directories(const char *controller, const char *mount) {
  // Looked up once: another worker of ours may move us to a group below in between.
  char *here = own_group(controller), *path = xstrdup(mount), *rest = parent_of(controller, here), *name;
  while ((name = strsep(&rest, "/")) != NULL) {
    if (*name == '\0') continue;
    if (strcmp(name, "..") == 0) die("limits", EINVAL, wanted->parent, "no parent for control groups");
    char *next = xformat("%s/%s", path, name);
    bool made = mkdir(next, 0755) == 0;
    if (!made && errno != EEXIST) die_of_group(next, errno);
    prepare_below(controller, path, made ? next : "");
    path = next;
  }
  if (controller == NULL) path = place_for(mount, here, path);
  sweep(path);
  char *own = xformat("%s/" PREFIX "%d", path, getpid());
  if (mkdir(own, 0755) != 0) die_of_group(own, errno);
  prepare_below(controller, path, own);
  return own;
}

const struct cgroup_directory *cgroup_directory_of(const char *controller, bool needed) {
  char *mount = mount_of(controller);
  const char *hierarchy = mount == NULL ? NULL : controller;
  if (mount == NULL) {
    mount = mount_of(NULL);
    char *controllers = mount == NULL ? NULL : read_text(xformat("%s/cgroup.controllers", mount));
    if (controllers == NULL || !is_word_of(controllers, " \n", controller)) {
      if (!needed) return NULL;
      die("limits", 0, NULL, "this system has no %s controller for control groups", controller);
    }
  }
  for (size_t i = 0; i < directory_count; i++) {
    const char *other = directories[i].controller;
    if (other == hierarchy || (other != NULL && hierarchy != NULL && strcmp(other, hierarchy) == 0))
      return &directories[i];
  }
  const char *path = make_directories(hierarchy, mount);
  struct cgroup_directory *made = &directories[directory_count++];
  *made = (struct cgroup_directory){.controller = hierarchy, .path = path};
  made->procs_fd = open(xformat("%s/cgroup.procs", made->path), O_WRONLY | O_CLOEXEC);
  if (made->procs_fd < 0) die("limits", errno, made->path, "cannot open a control group");
  return made;
}

bool cgroup_has(const struct cgroup_directory *directory, const char *file) {
  return access(xformat("%s/%s", directory->path, file), F_OK) == 0;
}

/** Whether it is a group that the one above it has not given the controller to. */
static bool is_without(const struct cgroup_directory *directory, const struct cgroup_limit *limit) {
  if (directory->controller != NULL) return false;
  const char *controller = cgroup_controller_of(limit->name);
  char *controllers = read_text(xformat("%s/cgroup.controllers", directory->path));
  if (strcmp(controller, "blkio") == 0) controller = "io";
  return controllers == NULL || !is_word_of(controllers, " \n", controller);
}

void cgroup_write(const struct cgroup_directory *directory, const struct cgroup_limit *limit,
                  const struct cgroup_value *value) {
  char *path = xformat("%s/%s", directory->path, value->file);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  bool written = fd >= 0 && write_full(fd, value->text, strlen(value->text)) == 0;
  int error = errno;
  close_quietly(fd);
  if (written) return;
  if (fd < 0 && error == ENOENT)
    die("limits", 0, path, is_without(directory, limit) ? "the controller for %s is not delegated to this group"
                                                       : "this kernel has no %s",
        limit->name);
  die("limits", error, path, "cannot set %s to %s", limit->name, limit->value);
}

void cgroup_make(const struct cgroup_options *options) {
  if (options->limit_count == 0 && options->parent == NULL) return;
  wanted = options;
  // Memory in any case: to tell how much it was, and who was killed for want of it.
  cgroup_directory_of("memory", false);
  cgroup_apply(options);
}

void cgroup_join(pid_t pid) {
  char digits[16];
  size_t length = (size_t)snprintf(digits, sizeof digits, "%d", pid);
  for (size_t i = 0; i < directory_count; i++)
    if (write_full(directories[i].procs_fd, digits, length) != 0)
      die("limits", errno, directories[i].path, "cannot enter the control group");
}

void cgroup_enter_namespace(void) {
  if (unshare(CLONE_NEWCGROUP) != 0) die("namespaces", errno, NULL, "cannot make a cgroup namespace");
}

static uint64_t number_in(const struct cgroup_directory *directory, const char *file, const char *key) {
  char *rest = read_text(xformat("%s/%s", directory->path, file)), *line;
  uint64_t number = 0;
  while (rest != NULL && (line = strsep(&rest, "\n")) != NULL) {
    size_t length = strlen(key);
    if (strncmp(line, key, length) == 0 && parse_u64(line + length, UINT64_MAX, &number)) break;
  }
  return number;
}

bool cgroup_left(void) { return left; }

struct cgroup_usage cgroup_end(void) {
  const struct timespec pause = {.tv_nsec = REMOVE_PAUSE_NS};
  struct cgroup_usage usage = {0};
  for (size_t i = 0; i < directory_count; i++) {
    const struct cgroup_directory *directory = &directories[i];
    bool old = directory->controller != NULL;
    if (cgroup_has(directory, old ? "memory.oom_control" : "memory.events")) {
      usage.known = true;
      usage.oom_kills = number_in(directory, old ? "memory.oom_control" : "memory.events", "oom_kill ");
      usage.peak_bytes = number_in(directory, old ? "memory.max_usage_in_bytes" : "memory.peak", "");
    }
    close_quietly(directory->procs_fd);
    // The kernel may need a moment to let go of the last process.
    for (int attempt = 0; rmdir(directory->path) != 0 && errno == EBUSY && attempt < REMOVE_ATTEMPTS;
         attempt++)
      nanosleep(&pause, NULL);
    left = left || access(directory->path, F_OK) == 0;
  }
  directory_count = 0;
  return usage;
}
