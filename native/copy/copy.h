// The verb `copy`: COPY and ADD of Dockerfiles, with the semantics of BuildKit. copy.c reads the request,
// copy_action.c does one action, copy_tree.c copies the contents of a directory and copy_entry.c anything
// that is not one.
#ifndef TSBUILD_COPY_H
#define TSBUILD_COPY_H

#include <sys/stat.h>

#include "copy/chmod.h"
#include "copy/stamps.h"
#include "tree/times.h"
#include "util/map.h"

/** One action of the request. Texts that were not given are NULL. */
struct copy_action {
  const char *kind;  // copy, file, mkdir, attributes, remove
  int view;          // root of the source view
  const char *source;
  const char *destination;  // of mkdir, attributes and remove: the path
  const char *name;
  const char *content;
  const char *owner;
  const char *mode_text;
  bool unpack, require, only, context_owner, unknown_owner_is_root;
  const char **includes;
  size_t include_count;
};

/** What all actions share, and what the current one has resolved. */
struct copier {
  int root;  // of the destination
  struct times_rule rule;
  struct stamps stamps;
  bool continues;       // a copy that the topmost layer below has, to be made what it would be now
  struct timespec was;  // then: the epoch of that copy
  bool context;    // what is copied comes from a build context
  bool has_owner;  // everything that is copied belongs to uid:gid
  uid_t uid;
  gid_t gid;
  bool has_mode;
  struct chmod mode;
  struct map hard_links;  // {device, inode} of a source -> its copy, relative to `base`
  bool filtered;          // only=1
  struct map included;    // then: listed paths and the directories on the way to them
  int base;               // destination directory that the current tree goes into
  const char *base_text;  // its path, for messages
  uint64_t count;
  uint64_t bytes;
};

/** A place in a tree: an entry that may not exist yet. The last component is not a symlink unless `follow`
 * was off. */
struct place {
  int parent;  // O_PATH; -1: not even that exists
  char *name;
  char *text;  // the path by which it was found at last
  bool exists;
  struct stat status;
};

void copy_perform(struct copier *copier, const struct copy_action *action);

/** Of a copy that continues another (copy_continue.c). Dies (phase `continue`) where that cannot give what a whole copy
 * would. */
void copy_take_away(struct copier *copier, const struct copy_action *action);
void copy_renew(const struct copier *copier, const char *destination);
void copy_refuse_acl(int directory, const char *path);

/** Copies the contents of the directory `from` (taken over) into copier->base. */
void copy_tree(struct copier *copier, int from, const char *from_path);

/** An entry that is not a directory, on its way. */
struct copy_entry {
  int from;  // the directory it is in
  const char *from_name;
  const char *from_path;  // for messages
  const struct stat *status;
  int to;
  const char *to_name;
  const char *to_path;  // relative to copier->base
};
void copy_entry(struct copier *copier, const struct copy_entry *entry);

/** Takes away what is at a place that a non-directory will have; an error when that is a directory. */
void copy_clear(struct copier *copier, int parent, const char *name, const char *path);
/** The mode and owner that a copy of something with `status` gets. */
mode_t copy_mode(const struct copier *copier, mode_t mode);
void copy_owner(const struct copier *copier, const struct stat *status, uid_t *uid, gid_t *gid);
/** Sets the owner of parent/name, or of the descriptor `parent` itself when the name is empty. */
void copy_set_owner(int parent, const char *name, uid_t uid, gid_t gid, const char *path);
/** Sets owner, mode, attributes and time of an open copy, in that order; attributes come from `from`. */
void copy_metadata(const struct copier *copier, int from, int to, const struct stat *status,
                   const char *path);

#endif
