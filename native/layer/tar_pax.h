// The two extension mechanisms of tar that describe the member after them.
#ifndef TSBUILD_TAR_PAX_H
#define TSBUILD_TAR_PAX_H

#include "layer/tar_read.h"

/** Takes over the records of a PAX header ("LENGTH KEY=VALUE\n"...), whose texts lie there from now on. False: malformed. */
bool tar_pax_records(struct tar_extension *extension, char *records, size_t length);

/** A number field: octal text, behind whose NUL anything may stand, or base-256 when its first bit is set.
 * False: neither, or negative. */
bool tar_number(const char *field, size_t length, uint64_t *value);
/** The same for times, which may be negative in base-256. */
bool tar_signed_number(const char *field, size_t length, int64_t *value);

/** False: there are more than anybody needs. */
bool tar_add_run(struct tar_extension *extension, uint64_t offset, uint64_t length);

#endif
