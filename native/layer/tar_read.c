// The member loop of a tar reader. Memory of one member's texts is not given back: a worker unpacks one archive.
#define _GNU_SOURCE
#include "layer/tar_read.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "layer/tar_pax.h"

#define EXTENSION_MAX ((uint64_t)1 << 20)  // as archive/tar of Go, which other builders use
#define COPY_SIZE ((size_t)256 * 1024)
#define HOLE_SIZE ((size_t)64 * 1024)  // smaller ones save nothing
#define OLD_SPARSE_RUNS 4
#define OLD_SPARSE_RUNS_EXTENDED 21

/** A header block; the fields that differ between dialects lie in `tail`. */
struct header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[8];
  char user[32];
  char group[32];
  char major[8];
  char minor[8];
  char prefix[155];
  char tail[12];
};
_Static_assert(sizeof(struct header) == TAR_BLOCK, "a header is one block");

/** The first problem counts, and says where it is: which header, and the last entry that was understood. */
static int fail(struct tar_reader *reader, const char *problem) {
  if (reader->problem != NULL) return -1;
  const char *entry = reader->latest == NULL ? "" : xformat(", entry \"%.200s\"", reader->latest);
  reader->problem = xformat("%s at byte %llu%s", problem, (unsigned long long)reader->header_at, entry);
  return -1;
}

/** All of `length` bytes or a problem. */
static int read_exactly(struct tar_reader *reader, void *to, size_t length) {
  ssize_t got = stream_read_full(reader->input, to, length);
  if (got < 0) return fail(reader, reader->input->problem);
  reader->position += (uint64_t)got;
  return (size_t)got == length ? 0 : fail(reader, "unexpected EOF");
}

static int skip(struct tar_reader *reader, uint64_t length) {
  static LARGE char block[COPY_SIZE];
  while (length > 0) {
    size_t part = length < sizeof block ? (size_t)length : sizeof block;
    if (read_exactly(reader, block, part) != 0) return -1;
    length -= part;
  }
  return 0;
}

/** The checksum counts its own field as spaces; some old tars summed signed chars. */
static bool checksum_holds(const struct header *header) {
  const char *bytes = (const char *)header;
  uint64_t unsigned_sum = 0;
  int64_t signed_sum = 0;
  for (size_t i = 0; i < TAR_BLOCK; i++) {
    bool own = i >= offsetof(struct header, checksum) && i < offsetof(struct header, type);
    unsigned_sum += own ? ' ' : (unsigned char)bytes[i];
    signed_sum += own ? ' ' : (signed char)bytes[i];
  }
  uint64_t stored;
  if (!tar_number(header->checksum, sizeof header->checksum, &stored)) return false;
  return stored == unsigned_sum || (int64_t)stored == signed_sum;
}

static bool is_zero(const void *block) {
  static const char ZEROS[TAR_BLOCK];
  return memcmp(block, ZEROS, TAR_BLOCK) == 0;
}

/** Two blocks of zeros end an archive; the second may be missing, but not be cut, nor be something else. 0:
 * the end; -1. */
static int read_second_end(struct tar_reader *reader) {
  char block[TAR_BLOCK];
  ssize_t got = stream_read_full(reader->input, block, sizeof block);
  if (got < 0) return fail(reader, reader->input->problem);
  reader->position += (uint64_t)got;
  if (got != 0 && (size_t)got != sizeof block) return fail(reader, "unexpected EOF");
  return got == 0 || is_zero(block) ? 0 : fail(reader, "invalid tar header");
}

/** 1: a header; 0: the end; -1. */
static int read_header(struct tar_reader *reader, struct header *header) {
  ssize_t got = stream_read_full(reader->input, header, sizeof *header);
  if (got < 0) return fail(reader, reader->input->problem);
  reader->position += (uint64_t)got;
  if (got == 0) return 0;
  if ((size_t)got != sizeof *header) return fail(reader, "unexpected EOF");
  if (is_zero(header)) return read_second_end(reader);
  if (!checksum_holds(header)) return fail(reader, "invalid tar header");
  return 1;
}

static char *read_extension_data(struct tar_reader *reader, uint64_t size) {
  if (size > EXTENSION_MAX) {
    fail(reader, "a tar extension header is too large");
    return NULL;
  }
  char *data = xmalloc((size_t)size + 1);
  if (read_exactly(reader, data, (size_t)size) != 0 || skip(reader, tar_padding(size)) != 0) return NULL;
  data[size] = 0;
  return data;
}

/** Consumes an extension header. 1: it was one; 0: it is a member; -1. */
static int take_extension(struct tar_reader *reader, const struct header *header, uint64_t size) {
  struct tar_extension *extension = &reader->extension;
  // The label of a volume says nothing about files.
  if (header->type == 'V') return skip(reader, size + tar_padding(size)) != 0 ? -1 : 1;
  if (header->type == 0 || strchr("gxLK", header->type) == NULL) return 0;
  char *data = read_extension_data(reader, size);
  if (data == NULL) return -1;
  if (header->type == 'L') extension->long_path = data;
  if (header->type == 'K') extension->long_link = data;
  if (header->type == 'L' || header->type == 'K') return 1;
  // A global header (g) must be whole, but what it says of all files counts for nothing, as for docker. Of
  // two others the second counts.
  struct tar_extension ignored = {0};
  struct tar_extension *to = header->type == 'g' ? &ignored : extension;
  *to = (struct tar_extension){.long_path = to->long_path, .long_link = to->long_link};
  return tar_pax_records(to, data, (size_t)size) ? 1 : fail(reader, "invalid PAX header");
}

static char *header_path(const struct header *header) {
  char *name = xstrndup(header->name, sizeof header->name);
  // Only POSIX ustar ("ustar\0") has a prefix; GNU uses these bytes for other things. Star has times behind a
  // shorter one.
  if (memcmp(header->magic, "ustar", 6) != 0 || header->prefix[0] == 0) return name;
  bool star = memcmp(header->tail + 8, "tar", 4) == 0;
  return xformat("%.*s/%s", star ? 131 : 155, header->prefix, name);
}

/** The four runs in an old GNU sparse header, and those in the blocks that continue it. */
static int read_old_sparse(struct tar_reader *reader, const struct header *header) {
  const char *block = (const char *)header;
  struct tar_extension *extension = &reader->extension;
  extension->sparse = true;
  extension->has_sparse_size = true;
  if (!tar_number(block + 483, 12, &extension->sparse_size)) return fail(reader, "invalid sparse header");
  const char *runs = block + 386;
  size_t count = OLD_SPARSE_RUNS;
  bool more = block[482] != 0;
  static char next[TAR_BLOCK];
  for (;;) {
    for (size_t i = 0; i < count && runs[24 * i] != 0; i++) {
      uint64_t offset, length;
      if (!tar_number(runs + 24 * i, 12, &offset) || !tar_number(runs + 24 * i + 12, 12, &length)) {
        return fail(reader, "invalid sparse header");
      }
      if (!tar_add_run(extension, offset, length)) return fail(reader, "invalid sparse map");
    }
    if (!more) return 0;
    if (read_exactly(reader, next, sizeof next) != 0) return -1;
    runs = next;
    count = OLD_SPARSE_RUNS_EXTENDED;
    more = next[504] != 0;
  }
}

/** One line of a sparse 1.0 map, which fills whole blocks in front of the data. */
static int read_map_number(struct tar_reader *reader, char block[TAR_BLOCK], size_t *at, uint64_t *value) {
  char text[24];
  size_t length = 0;
  for (;;) {
    if (*at == TAR_BLOCK) {
      if (reader->remaining < TAR_BLOCK) return fail(reader, "invalid sparse map");
      if (read_exactly(reader, block, TAR_BLOCK) != 0) return -1;
      reader->remaining -= TAR_BLOCK;
      *at = 0;
    }
    char next = block[(*at)++];
    if (next == '\n') break;
    if (length + 1 >= sizeof text) return fail(reader, "invalid sparse map");
    text[length++] = next;
  }
  text[length] = 0;
  return parse_u64(text, INT64_MAX, value) ? 0 : fail(reader, "invalid sparse map");
}

static int read_sparse_map(struct tar_reader *reader) {
  char block[TAR_BLOCK] = {0};
  size_t at = TAR_BLOCK;
  uint64_t count = 0;
  if (read_map_number(reader, block, &at, &count) != 0) return -1;
  for (uint64_t i = 0; i < count; i++) {
    uint64_t offset = 0, length = 0;
    if (read_map_number(reader, block, &at, &offset) != 0) return -1;
    if (read_map_number(reader, block, &at, &length) != 0) return -1;
    if (!tar_add_run(&reader->extension, offset, length)) return fail(reader, "invalid sparse map");
  }
  return 0;
}

/** Runs must be in order, inside the file, and have exactly the data that the archive has. */
static int take_runs(struct tar_reader *reader, struct tar_member *member) {
  struct tar_extension *extension = &reader->extension;
  bool in_front = extension->sparse_major == 1 && extension->sparse_minor == 0;
  if (!in_front && (extension->sparse_major != 0 || extension->sparse_minor > 1)) {
    return fail(reader, "unknown sparse version");
  }
  if (!extension->has_sparse_size) return fail(reader, "invalid sparse header");
  if (in_front && read_sparse_map(reader) != 0) return -1;
  member->size = extension->sparse_size;
  uint64_t position = 0;
  uint64_t data = 0;
  for (size_t i = 0; i < extension->run_count; i++) {
    const struct tar_run *run = &extension->runs[i];
    if (run->offset < position || run->offset > member->size || run->length > member->size - run->offset) {
      return fail(reader, "invalid sparse map");
    }
    position = run->offset + run->length;
    data += run->length;
  }
  if (data != reader->remaining) return fail(reader, "invalid sparse map");
  reader->runs = extension->runs == NULL ? xmalloc(sizeof *reader->runs) : extension->runs;
  reader->run_count = extension->run_count;
  return 0;
}

static int set_type(struct tar_reader *reader, struct tar_member *member, const struct header *header) {
  char type = header->type;
  size_t length = strlen(member->path);
  // Old tars mark directories by a slash alone. Newer ones have a type, which then counts, as in Go.
  if (type == 0) type = length > 0 && member->path[length - 1] == '/' ? TAR_DIRECTORY : TAR_FILE;
  if (type == '7' || type == 'S') type = TAR_FILE;
  if (type < TAR_FILE || type > TAR_FIFO) {
    return fail(reader, xformat("%.200s has the unknown tar type '%c'", member->path, type));
  }
  member->type = (enum tar_type)type;
  return 0;
}

/** Numbers of the header, unless the extension has better ones. */
static int set_numbers(struct tar_reader *reader, struct tar_member *member, const struct header *header) {
  const struct tar_extension *extension = &reader->extension;
  uint64_t mode;
  int64_t seconds = 0;
  bool good = tar_number(header->mode, sizeof header->mode, &mode) &&
              (extension->has_uid || tar_number(header->uid, sizeof header->uid, &member->uid)) &&
              (extension->has_gid || tar_number(header->gid, sizeof header->gid, &member->gid)) &&
              (extension->has_mtime || tar_signed_number(header->mtime, sizeof header->mtime, &seconds));
  if (!good) return fail(reader, "invalid tar header");
  member->mode = (mode_t)(mode & 07777);
  if (extension->has_uid) member->uid = extension->uid;
  if (extension->has_gid) member->gid = extension->gid;
  member->mtime = extension->has_mtime ? extension->mtime : (struct timespec){.tv_sec = seconds};
  if (member->type == TAR_CHARACTER || member->type == TAR_BLOCK_DEVICE) {
    uint64_t major, minor;
    if (!tar_number(header->major, sizeof header->major, &major) || major > UINT32_MAX ||
        !tar_number(header->minor, sizeof header->minor, &minor) || minor > UINT32_MAX) {
      return fail(reader, "invalid tar header");
    }
    member->device_major = (uint32_t)major;
    member->device_minor = (uint32_t)minor;
  }
  return 0;
}

static int make_member(struct tar_reader *reader, struct tar_member *member, const struct header *header,
                       uint64_t size) {
  struct tar_extension *extension = &reader->extension;
  *member = (struct tar_member){.xattrs = extension->xattrs};
  // GNU's long names go before those of PAX, as in Go.
  member->path = extension->long_path != NULL && *extension->long_path != 0 ? extension->long_path
                 : extension->path != NULL                                  ? extension->path : header_path(header);
  member->link = extension->long_link != NULL && *extension->long_link != 0 ? extension->long_link
                 : extension->link != NULL                                  ? extension->link
                                           : xstrndup(header->link, sizeof header->link);
  if (set_type(reader, member, header) != 0) return -1;
  if (extension->sparse_name != NULL) member->path = extension->sparse_name;
  reader->latest = member->path;
  if (set_numbers(reader, member, header) != 0) return -1;
  if (member->type != TAR_FILE) return extension->sparse ? fail(reader, "invalid sparse header") : 0;
  reader->remaining = member->size = size;
  reader->padding = tar_padding(size);
  if (header->type == 'S' && read_old_sparse(reader, header) != 0) return -1;
  if (extension->sparse && take_runs(reader, member) != 0) return -1;
  return 0;
}

int tar_next(struct tar_reader *reader, struct tar_member *member) {
  if (reader->problem != NULL || skip(reader, reader->remaining + reader->padding) != 0) return -1;
  reader->remaining = 0;
  reader->padding = 0;
  reader->extension = (struct tar_extension){0};
  reader->runs = NULL;
  for (;;) {
    static struct header header;
    reader->header_at = reader->position;
    int got = read_header(reader, &header);
    if (got <= 0) return got;
    uint64_t size;
    if (!tar_number(header.size, sizeof header.size, &size)) return fail(reader, "invalid tar header");
    int extension = take_extension(reader, &header, size);
    if (extension < 0) return -1;
    if (extension == 1) continue;
    if (reader->extension.has_size) size = reader->extension.size;
    return make_member(reader, member, &header, size) == 0 ? 1 : -1;
  }
}

static bool is_hole(const char *bytes) {
  return *bytes == 0 && memcmp(bytes, bytes + 1, HOLE_SIZE - 1) == 0;
}

/** What is all zeros becomes a hole: few archives can say where the holes of a file were. */
static int write_with_holes(int fd, const char *bytes, size_t length) {
  size_t data = 0;  // begins here, and is not written yet
  size_t at = 0;
  for (; length - at >= HOLE_SIZE; at += HOLE_SIZE) {
    if (!is_hole(bytes + at)) continue;
    if (write_full(fd, bytes + data, at - data) != 0 || lseek(fd, (off_t)HOLE_SIZE, SEEK_CUR) < 0) return -1;
    data = at + HOLE_SIZE;
  }
  return write_full(fd, bytes + data, length - data);
}

static int copy_run(struct tar_reader *reader, int fd, uint64_t length) {
  static LARGE char block[COPY_SIZE];
  while (length > 0) {
    size_t part = length < sizeof block ? (size_t)length : sizeof block;
    if (read_exactly(reader, block, part) != 0) return -1;
    reader->remaining -= part;
    length -= part;
    if (write_with_holes(fd, block, part) != 0) return -2;
  }
  return 0;
}

int tar_extract(struct tar_reader *reader, const struct tar_member *member, int fd) {
  if (reader->runs == NULL) {
    int status = copy_run(reader, fd, reader->remaining);
    if (status != 0 || member->size < HOLE_SIZE) return status;
  } else {
    for (size_t i = 0; i < reader->run_count; i++) {
      if (lseek(fd, (off_t)reader->runs[i].offset, SEEK_SET) < 0) return -2;
      int status = copy_run(reader, fd, reader->runs[i].length);
      if (status != 0) return status;
    }
  }
  // A hole at the end is no data.
  return ftruncate(fd, (off_t)member->size) == 0 ? 0 : -2;
}
