// The bytes of one file.
#ifndef TSBUILD_COPYDATA_H
#define TSBUILD_COPYDATA_H

#include "util/util.h"

/**
 * Copies `size` bytes of `from` to the new, empty file `to`: shared blocks where the file system can
 * (FICLONE), else inside the kernel (copy_file_range), else by reading and writing. Holes stay holes. 0, or
 * -1 with errno.
 */
int copy_data(int from, int to, uint64_t size);

#endif
