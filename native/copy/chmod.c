// chmod(1)'s grammar:  clause[,clause…]   clause = [ugoa…] action…   action = (+|-|=) [rwxXstugo…]
#define _GNU_SOURCE
#include "copy/chmod.h"

#include <string.h>
#include <sys/stat.h>

#define USER_BITS (S_ISUID | S_IRWXU)
#define GROUP_BITS (S_ISGID | S_IRWXG)
#define OTHER_BITS S_IRWXO
#define CLASS_BITS (USER_BITS | GROUP_BITS | OTHER_BITS)
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
      return CLASS_BITS;
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
    default:
      return 0;
  }
}

/** An action while it is read. */
struct action {
  char sign;
  mode_t who;
  mode_t bits;
  bool conditional;  // there was an X
  bool copies;       // there was a u, g or o, which is enough for `=`
};

static void push(struct chmod *out, struct chmod_step step) {
  out->steps = xreallocarray(out->steps, out->count + 1, sizeof *out->steps);
  out->steps[out->count++] = step;
}

/** What was read so far becomes steps; `last`: an `=` with nothing after it clears. */
static void flush(struct chmod *out, struct action *action, bool last) {
  if (action->bits != 0 || (last && action->sign == '=' && !action->copies)) {
    push(out, (struct chmod_step){.sign = action->sign, .who = action->who, .bits = action->bits});
  }
  if (action->conditional)
    push(out, (struct chmod_step){.sign = 'X', .who = action->who, .bits = EXECUTE_BITS});
  action->bits = 0;
  action->conditional = false;
}

/** One letter after the sign. False: it is none. */
static bool take_letter(struct chmod *out, struct action *action, char letter) {
  // The class of others has neither set-id bits nor the sticky one.
  bool special = action->who == 0 || (action->who & ~(mode_t)OTHER_BITS) != 0;
  switch (letter) {
    case 'r':
    case 'w':
    case 'x':
      action->bits |= permission_bits(letter);
      return true;
    case 's':
      if (special) action->bits |= S_ISUID | S_ISGID;
      return true;
    case 't':
      if (!special) return true;
      // Without a class this leaves the sticky bit as the only one that may change, as in BSD.
      action->who |= S_ISVTX;
      action->bits |= S_ISVTX;
      return true;
    case 'X':
      action->conditional = action->sign != '-';
      return true;
    case 'u':
    case 'g':
    case 'o':
      flush(out, action, false);
      action->copies = true;
      push(out, (struct chmod_step){.sign = action->sign, .who = action->who, .copy_from = letter});
      return true;
    default:
      return false;
  }
}

static bool is_sign(char letter) {
  return letter == '+' || letter == '-' || letter == '=';
}

static bool parse_clause(const char **text, struct chmod *out) {
  mode_t who = 0;
  for (; who_bits(**text) != 0; (*text)++) who |= who_bits(**text);
  if (!is_sign(**text)) return false;
  while (is_sign(**text)) {
    struct action action = {.sign = *(*text)++, .who = who};
    while (take_letter(out, &action, **text)) (*text)++;
    flush(out, &action, true);
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

/** rwx of one class, in the places of all classes. */
static mode_t spread(mode_t mode, char class) {
  mode_t triple = mode >> (class == 'u' ? 6 : class == 'g' ? 3 : 0) & 7;
  return triple << 6 | triple << 3 | triple;
}

mode_t chmod_apply(const struct chmod *change, mode_t mode) {
  if (change->numeric) return change->mode;
  mode_t current = mode & 07777;
  for (size_t i = 0; i < change->count; i++) {
    const struct chmod_step *step = &change->steps[i];
    if (step->sign == 'X' && !S_ISDIR(mode) && (mode & EXECUTE_BITS) == 0) continue;
    bool copies = step->copy_from != 0;
    // A copy is of rwx, and changes nothing else.
    mode_t who = (step->who == 0 ? 07777 : step->who) & (copies ? 0777 : 07777);
    mode_t value = (copies ? spread(current, step->copy_from) : step->bits) & who;
    if (step->sign == '-') {
      current &= ~value;
      continue;
    }
    // The sticky bit is only cleared where it was named.
    if (step->sign == '=') current &= ~(step->who == 0 ? who & CLASS_BITS : who);
    current |= value;
  }
  return current;
}
