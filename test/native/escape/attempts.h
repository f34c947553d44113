// Attempts at getting out of a sandbox, or at what would lead there. Each makes one, does no harm when it
// succeeds, and says how it went.
#ifndef ATTEMPTS_H
#define ATTEMPTS_H

#include <stddef.h>

/** What an attempt returns: this, or the errno that stopped it. */
#define ESCAPED 0

struct attempt {
  const char *name;
  int (*make)(void);
};

extern const struct attempt file_attempts[], mount_attempts[], process_attempts[], kernel_attempts[],
    network_attempts[], privilege_attempts[];

/** What was planted outside (plant.c), as the command line tells it. */
struct planted {
  const char *directory;  // holds the file `canary`
  unsigned disk_major, disk_minor;
  unsigned short port;
  int pid;
};
extern struct planted planted;

#define CANARY "tsbuild-canary"
#define CANARY_KEY 0x7ca9a21

/** ESCAPED when the call succeeded, else its errno. */
int passed(long result);
/** The same, where this errno comes only after the guard was passed. */
int passed_or(long result, int late_errno);
/** ESCAPED when `path` can be read, from `directory`, and holds the canary. */
int reads_canary(int directory, const char *path);
/** ESCAPED when the file can be opened so; nothing is written. */
int opens(const char *path, int flags);
/** In a child, for attempts that change what a process is. */
int in_child(int (*attempt)(void));

/** Starts the command with things of the host's within its reach; its exit status. */
int plant(char **command);

#endif
