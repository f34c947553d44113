// The long-lived process: frames in on stdin, frames out on stdout, one worker per request.
#ifndef TSBUILD_SERVE_H
#define TSBUILD_SERVE_H

/** Runs until stdin ends and every worker is gone; the exit status. */
int serve(void);

#endif
