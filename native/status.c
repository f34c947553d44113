// Records on status pipes: type and length (4 bytes each, little-endian), then the payload.
#include "status.h"

#include <errno.h>
#include <sys/uio.h>

#define HEADER_BYTES 8

void status_send(int fd, enum status_type type, const void *bytes, size_t length) {
  unsigned char header[HEADER_BYTES];
  put_u32(header, type);
  put_u32(header + 4, (uint32_t)length);
  // No memory is asked for: the first process of a sandbox shares its worker's.
  struct iovec parts[] = {{.iov_base = header, .iov_len = sizeof header},
                          {.iov_base = (void *)(uintptr_t)bytes, .iov_len = length}};
  ssize_t sent;
  do {
    sent = writev(fd, parts, 2);
  } while (sent < 0 && errno == EINTR);
  if (sent < HEADER_BYTES) return;
  size_t done = (size_t)sent - HEADER_BYTES;
  (void)!write_full(fd, (const char *)bytes + done, length - done);
}

size_t status_next(const struct buffer *bytes, size_t offset, enum status_type *type, const char **payload,
                   size_t *length) {
  if (bytes->length - offset < HEADER_BYTES) return 0;
  const unsigned char *header = (const unsigned char *)bytes->bytes + offset;
  *type = (enum status_type)get_u32(header);
  *length = get_u32(header + 4);
  if (bytes->length - offset - HEADER_BYTES < *length) return 0;
  *payload = bytes->bytes + offset + HEADER_BYTES;
  return HEADER_BYTES + *length;
}
