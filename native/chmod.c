// chmod(1)'s grammar:  clause[,clause…]   clause = [ugoa…] action…   action = (+|-|=) ([rwxXst…] | u | g | o)
#define _GNU_SOURCE
#include "chmod.h"

#include <string.h>
#include <sys/stat.h>

#define USER_BITS (S_ISUID | S_IRWXU)
#define GROUP_BITS (S_ISGID | S_IRWXG)
#define OTHER_BITS (S_ISVTX | S_IRWXO)
#define SET_ID_BITS (S_ISUID | S_ISGID)
#define EXECUTE_BITS (S_IXUSR | S_IXGRP | S_IXOTH)

static mode_t who_bits(char letter) {
  switch (letter) {
    case 'u':
      return USER_BITS;
    case 'g':
      return GROUP_BITS;
    case 'o':
      return OTHER_BITS;
    case 'a':
      return 07777;
    default:
      return 0;
  }
}

static mode_t permission_bits(char letter) {
  switch (letter) {
    case 'r':
      return 0444;
    case 'w':
      return 0222;
    case 'x':
      return 0111;
    case 's':
      return SET_ID_BITS;
    case 't':
      return S_ISVTX;
    default:
      return 0;
  }
}

/** One action at *text, which is stepped over. */
static bool parse_action(const char **text, mode_t who, struct chmod_step *step) {
  const char *at = *text;
  *step = (struct chmod_step){.sign = *at++, .who = who};
  if (*at != 0 && strchr("ugo", *at) != NULL) {
    step->copy_from = *at++;
  } else {
    for (; *at != 0 && strchr("rwxXst", *at) != NULL; at++) {
      if (*at == 'X') step->conditional = true;
      step->bits |= permission_bits(*at);
    }
  }
  *text = at;
  return true;
}

static bool parse_clause(const char **text, struct chmod *out) {
  mode_t who = 0;
  for (; who_bits(**text) != 0; (*text)++) who |= who_bits(**text);
  if (who == 0) who = 07777;
  if (**text == 0 || strchr("+-=", **text) == NULL) return false;
  while (**text != 0 && strchr("+-=", **text) != NULL) {
    struct chmod_step step;
    if (!parse_action(text, who, &step)) return false;
    out->steps = xreallocarray(out->steps, out->count + 1, sizeof *out->steps);
    out->steps[out->count++] = step;
  }
  return true;
}

bool chmod_parse(const char *text, struct chmod *out) {
  *out = (struct chmod){0};
  if (*text >= '0' && *text <= '9') {
    uint32_t mode;
    out->numeric = true;
    if (!parse_octal(text, 07777, &mode)) return false;
    out->mode = mode;
    return true;
  }
  for (;;) {
    if (!parse_clause(&text, out)) return false;
    if (*text == 0) return true;
    if (*text++ != ',') return false;
  }
}

static mode_t spread(mode_t triple) {
  return triple << 6 | triple << 3 | triple;
}

static mode_t step_value(const struct chmod_step *step, mode_t original, mode_t current) {
  switch (step->copy_from) {
    case 'u':
      return spread(current >> 6 & 7);
    case 'g':
      return spread(current >> 3 & 7);
    case 'o':
      return spread(current & 7);
    default:
      break;
  }
  mode_t value = step->bits;
  if (step->conditional && (S_ISDIR(original) || (original & EXECUTE_BITS) != 0)) value |= EXECUTE_BITS;
  return value;
}

mode_t chmod_apply(const struct chmod *change, mode_t mode) {
  if (change->numeric) return change->mode;
  mode_t current = mode & 07777;
  for (size_t i = 0; i < change->count; i++) {
    const struct chmod_step *step = &change->steps[i];
    mode_t value = step_value(step, mode, current) & step->who;
    // As in GNU chmod, `=` leaves the set-id bits of a directory alone unless it names them.
    mode_t kept = S_ISDIR(mode) ? SET_ID_BITS & ~step->bits : 0;
    if (step->sign == '+') {
      current |= value;
    } else if (step->sign == '-') {
      current &= ~value;
    } else {
      current = (current & ~(step->who & ~kept)) | value;
    }
  }
  return current;
}
