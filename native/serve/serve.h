// The long-lived process: frames in on stdin, frames out on stdout, one worker per request.
#ifndef TSBUILD_SERVE_H
#define TSBUILD_SERVE_H

/** Runs until stdin ends and every worker is gone; the exit status. */
int serve(void);

/**
 * The same on descriptor 3, both ways: a `run` then has our standard streams for its own, and we stay in the caller's
 * session, so that its terminal's job control reaches us. Modes of the terminal are given back at the end.
 */
int serve_attached(void);

/**
 * `argv` is `tsbuild-helper start PROGRAM ARG…`: this process becomes PROGRAM, which finds in its environment where the
 * helper is. Returns in another process, which is to be that helper; `argv` says `serve` then.
 */
void start(char **argv);

#endif
