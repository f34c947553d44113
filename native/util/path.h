// Paths inside trees, as text.
#ifndef TSBUILD_PATH_H
#define TSBUILD_PATH_H

#include "util/util.h"

/**
 * The path relative to the root in its shortest form: no leading slash, no empty, `.` or `..` component (a
 * `..` takes its predecessor away, at the root it is dropped), no trailing slash; the root itself is ".".
 */
char *path_clean(const char *path);
/** Does it say "a directory": a trailing slash, or a last component `.` or `..`, or nothing at all. */
bool path_names_directory(const char *path);
/** The last component of a clean path. */
const char *path_base(const char *clean);
/** The length of the part before the last slash of a clean path; 0: its parent is the root. */
size_t path_parent_length(const char *clean);
/** Two clean paths, one below the other. */
char *path_join(const char *parent, const char *below);

#endif
