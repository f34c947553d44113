// Textual operations on paths inside trees. Nothing here looks at a file system.
#define _GNU_SOURCE
#include "util/path.h"

#include <string.h>

char *path_clean(const char *path) {
  char *clean = xmalloc(strlen(path) + 2);
  size_t length = 0;
  while (*path != 0) {
    size_t part = strcspn(path, "/");
    if (part == 2 && path[0] == '.' && path[1] == '.') {
      while (length > 0 && clean[length - 1] != '/') length--;
      if (length > 0) length--;
    } else if (part > 0 && !(part == 1 && path[0] == '.')) {
      if (length > 0) clean[length++] = '/';
      memcpy(clean + length, path, part);
      length += part;
    }
    path += part;
    if (*path == '/') path++;
  }
  if (length == 0) clean[length++] = '.';
  clean[length] = 0;
  return clean;
}

bool path_names_directory(const char *path) {
  const char *slash = strrchr(path, '/');
  const char *last = slash == NULL ? path : slash + 1;
  return *last == 0 || strcmp(last, ".") == 0 || strcmp(last, "..") == 0;
}

const char *path_base(const char *clean) {
  const char *slash = strrchr(clean, '/');
  return slash == NULL ? clean : slash + 1;
}

size_t path_parent_length(const char *clean) {
  const char *slash = strrchr(clean, '/');
  return slash == NULL ? 0 : (size_t)(slash - clean);
}

char *path_join(const char *parent, const char *below) {
  if (strcmp(parent, ".") == 0) return xstrdup(below);
  if (strcmp(below, ".") == 0) return xstrdup(parent);
  return xformat("%s/%s", parent, below);
}
