// Puts the members of a tar into a directory tree: an ADDed archive into a destination, or a layer into a new
// layer directory. Member paths are resolved inside the tree (absolute paths, `..` and symlinks cannot leave
// it); what is in the way is replaced, but directories merge.
#ifndef TSBUILD_EXTRACT_H
#define TSBUILD_EXTRACT_H

#include "layer/tar_read.h"
#include "tree/times.h"
#include "util/map.h"

struct extract {
  const char *phase;  // of errors
  int root;
  /** A layer directory is made: `.wh.` names become whiteouts, and a member for the root itself counts. */
  bool layer;
  bool has_owner;  // all members belong to uid:gid, whatever their headers say
  uid_t uid;
  gid_t gid;
  const struct times_rule
      *rule;  // for directories that are made without a header; NULL: they keep the time of day

  struct map directories;  // clean path -> struct directory_note
  char *parent_path;       // the directory of the last member, kept open
  int parent;
  uint64_t count;     // members
  uint64_t bytes;     // of file data
  uint64_t skipped;   // devices that a user namespace may not make
  uint64_t unmapped;  // entries whose owner does not exist in this user namespace; they keep ours
  struct buffer
      missing_links;  // layer: path NUL target NUL of hard links to something that is not in this layer
  uint64_t missing_link_count;
};

/** What is known about a directory of the tree. */
struct directory_note {
  bool implied;  // made without a header
  bool timed;    // `time` must be set at the end
  struct timespec time;
};

/** Extracts `member` and all that follow it. Dies on any failure. */
void extract_all(struct extract *extract, struct tar_reader *reader, struct tar_member *member);

// Between the files of the extraction:

/** The parent directory of a clean path, made if missing; an O_PATH descriptor that stays valid until the
 * next call. */
int extract_parent(struct extract *extract, const char *path);
/** The note of a directory, made when there is none. */
struct directory_note *extract_note(struct extract *extract, const char *path, size_t length);
void extract_member(struct extract *extract, struct tar_reader *reader, const struct tar_member *member,
                    const char *path);
/** Handles a `.wh.` name. False: it is not one. */
bool extract_whiteout(struct extract *extract, const char *path);
/** Replaces the whiteout parent/name, if there is one, by an opaque directory. False: there is none. */
bool extract_replace_whiteout(struct extract *extract, int parent, const char *name);
bool extract_is_whiteout(int parent, const char *name);

#endif
