// Records on status pipes: type and length (4 bytes each, little-endian), then the payload.
#include "protocol/status.h"

#define HEADER_BYTES 8

bool status_send(int fd, enum status_type type, const void *bytes, size_t length) {
  struct buffer record = {0};
  unsigned char header[HEADER_BYTES];
  put_u32(header, type);
  put_u32(header + 4, (uint32_t)length);
  buffer_append(&record, header, sizeof header);
  buffer_append(&record, bytes, length);
  return write_full(fd, record.bytes, record.length) == 0;
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
