// A ring of blocks between one producer, who also takes the results, and compressing threads. The ring bounds
// the memory: two blocks of 1 MiB for each of at most 2 * 8 + 2 places.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "blob/blob.h"

#define THREADS_MAX 8

enum block_state { FREE, FILLED, DONE };

struct blob_block {
  enum block_state state;
  char *in;
  size_t in_length;
  char *out;
  size_t out_length;
};

struct blob_pool {
  pthread_mutex_t mutex;
  pthread_cond_t filled;
  pthread_cond_t done;
  enum blob_format format;
  int level;
  // Of the producer: a blob of one block (most layers of small steps) is compressed without starting a thread.
  struct blob_codec *codec;
  bool threads_run;
  struct blob_block *ring;
  size_t size;
  // Counters that only grow; a place in the ring is counter % size.
  uint64_t submitted;
  uint64_t taken;  // by threads
  uint64_t released;
};

static struct blob_block *block_at(const struct blob_pool *pool, uint64_t counter) {
  return &pool->ring[counter % pool->size];
}

static size_t give_room(struct blob_codec *codec, struct blob_block *block) {
  size_t room = blob_codec_bound(codec, BLOB_BLOCK);
  if (block->out == NULL) block->out = xmalloc(room);
  return room;
}

static void compress(struct blob_codec *codec, struct blob_block *block) {
  size_t room = give_room(codec, block);
  block->out_length = blob_codec_compress(codec, block->in, block->in_length, block->out, room);
}

static void *compress_blocks(void *argument) {
  struct blob_pool *pool = argument;
  struct blob_codec *codec = blob_codec_new(pool->format, pool->level);
  pthread_mutex_lock(&pool->mutex);
  for (;;) {
    while (pool->taken == pool->submitted) pthread_cond_wait(&pool->filled, &pool->mutex);
    struct blob_block *block = block_at(pool, pool->taken++);
    if (block->state == DONE) continue;
    pthread_mutex_unlock(&pool->mutex);
    compress(codec, block);
    pthread_mutex_lock(&pool->mutex);
    block->state = DONE;
    pthread_cond_signal(&pool->done);
  }
  return NULL;
}

static size_t processor_count(void) {
  cpu_set_t allowed;
  int count = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
  if (count < 1) count = 1;
  return count > THREADS_MAX ? THREADS_MAX : (size_t)count;
}

struct blob_pool *blob_pool_start(enum blob_format format, int level) {
  struct blob_pool *pool = xcalloc(1, sizeof *pool);
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->filled, NULL);
  pthread_cond_init(&pool->done, NULL);
  pool->format = format;
  pool->level = level;
  pool->size = 2 * processor_count() + 2;
  pool->ring = xcalloc(pool->size, sizeof *pool->ring);
  pool->codec = blob_codec_new(format, level);  // dies here, and not in a thread, when it cannot
  return pool;
}

static void start_threads(struct blob_pool *pool) {
  pool->threads_run = true;
  for (size_t i = 0; i < processor_count(); i++) {
    // They end with the process.
    pthread_t thread;
    int error = pthread_create(&thread, NULL, compress_blocks, pool);
    if (error != 0 && i == 0) die("pack", error, NULL, "cannot start a thread");
  }
}

char *blob_pool_reserve(struct blob_pool *pool) {
  if (pool->submitted - pool->released == pool->size) return NULL;
  struct blob_block *block = block_at(pool, pool->submitted);
  if (block->in == NULL) block->in = xmalloc(BLOB_BLOCK);
  return block->in;
}

void blob_pool_submit(struct blob_pool *pool, size_t length, const void *known, size_t known_length) {
  struct blob_block *block = block_at(pool, pool->submitted);
  bool is_known = known != NULL && known_length <= blob_codec_bound(pool->codec, BLOB_BLOCK);
  if (is_known) {
    give_room(pool->codec, block);
    memcpy(block->out, known, known_length);
    block->out_length = known_length;
  }
  pthread_mutex_lock(&pool->mutex);
  block->in_length = length;
  block->state = is_known ? DONE : FILLED;
  pool->submitted++;
  pthread_cond_signal(&pool->filled);
  pthread_mutex_unlock(&pool->mutex);
  if (!pool->threads_run && !is_known && pool->submitted > 1) start_threads(pool);
}

const void *blob_pool_next(struct blob_pool *pool, size_t *length) {
  if (pool->released == pool->submitted) return NULL;
  struct blob_block *block = block_at(pool, pool->released);
  if (!pool->threads_run) {
    if (block->state != DONE) compress(pool->codec, block);
    block->state = DONE;
  }
  pthread_mutex_lock(&pool->mutex);
  while (block->state != DONE) pthread_cond_wait(&pool->done, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
  *length = block->out_length;
  return block->out;
}

void blob_pool_release(struct blob_pool *pool) {
  pthread_mutex_lock(&pool->mutex);
  block_at(pool, pool->released)->state = FREE;
  // What needed no thread may have been taken by none; its place is another block's now.
  if (pool->taken == pool->released) pool->taken++;
  pool->released++;
  pthread_mutex_unlock(&pool->mutex);
}
