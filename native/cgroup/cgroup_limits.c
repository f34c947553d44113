// Sets limits: finds the group of each, and what the file system alone can tell of it.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "cgroup/cgroup.h"
#include "cgroup/cgroup_values.h"

void cgroup_add_limit(struct cgroup_options *options, const char *text) {
  char *value = xstrdup(text), *name = strsep(&value, ":");
  if (value == NULL || *value == '\0') die("request", 0, NULL, "limit=%.80s: expected NAME:VALUE", text);
  if (cgroup_controller_of(name) == NULL) die("request", 0, NULL, "limit=%.80s: unknown limit", text);
  options->limits = xreallocarray(options->limits, options->limit_count + 1, sizeof *options->limits);
  options->limits[options->limit_count++] = (struct cgroup_limit){.name = name, .value = value};
}

/** MAJOR:MINOR of the device in `PATH:RATE`. */
static char *device_of(const struct cgroup_limit *limit) {
  char *path = xstrndup(limit->value, (size_t)(cgroup_rate_of(limit) - 1 - limit->value));
  struct stat status;
  if (stat(path, &status) != 0) die("limits", errno, path, "%s: cannot look at %s", limit->name, path);
  if (!S_ISBLK(status.st_mode)) die("limits", 0, path, "%s: %s is not a block device", limit->name, path);
  return xformat("%u:%u", major(status.st_rdev), minor(status.st_rdev));
}

void cgroup_apply(const struct cgroup_options *options) {
  for (size_t i = 0; i < options->limit_count; i++) {
    const struct cgroup_limit *limit = &options->limits[i];
    const char *controller = cgroup_controller_of(limit->name);
    // Version 2 has another name for it.
    const struct cgroup_directory *directory =
        cgroup_directory_of(controller, strcmp(controller, "blkio") != 0);
    if (directory == NULL) directory = cgroup_directory_of("io", true);
    bool unified = directory->controller == NULL;
    struct cgroup_value value = cgroup_value_of(&(struct cgroup_question){
        .options = options,
        .limit = limit,
        .unified = unified,
        .bfq = unified ? cgroup_has(directory, "io.bfq.weight") : !cgroup_has(directory, "blkio.weight"),
        .device = cgroup_is_of_device(limit->name) ? device_of(limit) : NULL,
    });
    if (cgroup_has(directory, value.file) || !cgroup_is_for_some(limit->name))
      cgroup_write(directory, limit, &value);
  }
}
