// A helper that begins together with the program that will use it.
#ifndef TSBUILD_START_H
#define TSBUILD_START_H

/**
 * `argv` is `tsbuild-helper start PROGRAM ARG…`: this process becomes PROGRAM, which finds in its environment where the
 * helper is. Returns in another process, which is to be that helper; `argv` says `serve` then.
 */
void start(char **argv);

#endif
