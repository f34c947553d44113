// Look-ups in etc/passwd and etc/group of a root file system, with the rules of the OCI runtimes: the first
// entry whose name, or else number, fits.
#define _GNU_SOURCE
#include "view/identity.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "view/view.h"

#define FILE_BYTES_MAX (10u << 20)
#define ID_MAX 2147483647u  // what the runtimes accept

/** The file's text; empty when there is none. NULL with *problem when it is not one that can be read. */
static char *read_database(int root, const char *path, char **problem) {
  struct stat stat;
  struct buffer text = {0};
  buffer_append(&text, "", 0);
  int fd = view_open_in_root(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return text.bytes;
  bool good = fd >= 0 && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && read_all(fd, FILE_BYTES_MAX, &text) == 0;
  close_quietly(fd);
  if (good) return text.bytes;
  *problem = xformat("%s is not a readable file of at most 10 MiB", path);
  return NULL;
}

/** Splits the next line with at least `fields` fields off *rest; false at the end. */
static bool next_entry(char **rest, char **entry, size_t fields) {
  char *line;
  while ((line = strsep(rest, "\n")) != NULL) {
    if (*line == '\0' || *line == '#') continue;
    for (size_t i = 0; i < fields; i++) entry[i] = line == NULL ? NULL : strsep(&line, ":");
    if (entry[fields - 1] != NULL) return true;
  }
  return false;
}

static bool parse_id(const char *text, uint32_t *id) {
  uint64_t value;
  if (!parse_u64(text, ID_MAX, &value)) return false;
  *id = (uint32_t)value;
  return true;
}

static bool all_digits(const char *text) {
  return *text != '\0' && text[strspn(text, "0123456789")] == '\0';
}

struct passwd_entry {
  char *name;
  uint32_t uid, gid;
};

static bool find_user(char *text, const char *wanted, struct passwd_entry *found) {
  uint32_t number = 0;
  bool numeric = parse_id(wanted, &number);
  char *entry[6];  // name, password, uid, gid, comment, home
  while (next_entry(&text, entry, 4)) {
    struct passwd_entry user = {.name = entry[0]};
    if (!parse_id(entry[2], &user.uid)) continue;
    if (strcmp(entry[0], wanted) != 0 && !(numeric && user.uid == number)) continue;
    // The fourth field may hold the rest of the line only if the line was cut there: parse_id refuses it then.
    if (!parse_id(entry[3], &user.gid)) user.gid = 0;
    *found = user;
    return true;
  }
  return false;
}

/** The home directory of an entry, found by name. */
static char *find_home(char *text, const char *name) {
  char *entry[6];
  while (next_entry(&text, entry, 6))
    if (strcmp(entry[0], name) == 0) return entry[5];
  return NULL;
}

static bool find_group(char *text, const char *wanted, uint32_t *gid) {
  uint32_t number = 0;
  bool numeric = parse_id(wanted, &number);
  char *entry[3];  // name, password, gid
  while (next_entry(&text, entry, 3)) {
    uint32_t id;
    if (!parse_id(entry[2], &id)) continue;
    if (strcmp(entry[0], wanted) != 0 && !(numeric && id == number)) continue;
    *gid = id;
    return true;
  }
  return false;
}

static void add_group(struct identity *identity, gid_t gid) {
  for (size_t i = 0; i < identity->group_count; i++)
    if (identity->groups[i] == gid) return;
  identity->groups = xreallocarray(identity->groups, identity->group_count + 1, sizeof(gid_t));
  identity->groups[identity->group_count++] = gid;
}

static void add_groups_of(char *text, const char *name, struct identity *identity) {
  char *entry[4];  // name, password, gid, members
  while (next_entry(&text, entry, 4)) {
    uint32_t gid;
    char *members = entry[3], *member;
    if (!parse_id(entry[2], &gid)) continue;
    while ((member = strsep(&members, ",")) != NULL)
      if (strcmp(member, name) == 0) add_group(identity, gid);
  }
}

static int resolve_user(char *passwd, const char *name, enum identity_group rule, struct identity *out,
                        char **matched, char **problem) {
  struct passwd_entry user;
  uint32_t number;
  bool numeric = parse_id(name, &number);
  if (find_user(xstrdup(passwd), name, &user)) {
    out->uid = user.uid;
    out->gid = user.gid;
    out->home = find_home(xstrdup(passwd), user.name);
    *matched = user.name;
  } else if (numeric) {
    out->uid = number;
  } else {
    *problem = all_digits(name) ? xformat("uids and gids must be in range 0-%u, got %s", ID_MAX, name)
                                : xformat("unable to find user %s: no matching entries in passwd file", name);
    return -1;
  }
  if (rule == IDENTITY_SAME_GROUP && numeric) out->gid = out->uid;
  return 0;
}

static int resolve_group(const char *groups, const char *group, gid_t *gid, char **problem) {
  if (find_group(xstrdup(groups), group, gid) || parse_id(group, gid)) return 0;
  *problem = all_digits(group) ? xformat("uids and gids must be in range 0-%u, got %s", ID_MAX, group)
                               : xformat("unable to find group %s: no matching entries in group file", group);
  return -1;
}

int identity_add_groups(int root, char *const *names, size_t count, struct identity *identity, char **problem) {
  char *groups = count == 0 ? NULL : read_database(root, "etc/group", problem);
  if (count > 0 && groups == NULL) return -1;
  for (size_t i = 0; i < count; i++) {
    gid_t gid;
    if (resolve_group(groups, names[i], &gid, problem) != 0) return -1;
    add_group(identity, gid);
  }
  return 0;
}

int identity_resolve(int root, const char *text, enum identity_group rule, struct identity *out, char **problem) {
  char *rest = xstrdup(*text == '\0' ? "0" : text);
  char *name = strsep(&rest, ":"), *group = rest, *matched = NULL;
  *out = (struct identity){0};
  if (*name == '\0') name = "0";
  char *passwd = read_database(root, "etc/passwd", problem);
  char *groups = passwd == NULL ? NULL : read_database(root, "etc/group", problem);
  if (groups == NULL) return -1;
  if (resolve_user(passwd, name, rule, out, &matched, problem) != 0) return -1;
  if (group != NULL && *group != '\0') {
    if (resolve_group(groups, group, &out->gid, problem) != 0) return -1;
    add_group(out, out->gid);
    return 0;
  }
  add_group(out,
      out->gid);  // first, or a process could drop it and pass a check that denies its group (CVE-2022-36109)
  if (matched != NULL) add_groups_of(xstrdup(groups), matched, out);
  return 0;
}
