// The verb `copy`: its request, which is a destination, numbered source views, and actions in order.
#define _GNU_SOURCE
#include "copy/copy.h"

#include <string.h>

#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "view/view.h"

struct source_view {
  uint64_t number;
  struct view_spec spec;
  int root;  // -1: not opened yet
};

struct source_views {
  struct source_view *list;
  size_t count;
};

static struct source_views take_views(struct cursor *cursor) {
  struct source_views views = {0};
  for (const char *number; (number = cursor_take(cursor, "view")) != NULL;) {
    views.list = xreallocarray(views.list, views.count + 1, sizeof *views.list);
    struct source_view *view = &views.list[views.count++];
    view->number = argument_u64("view", number, UINT32_MAX);
    view->spec = view_take(cursor);
    view->root = -1;
  }
  return views;
}

static int root_of(struct source_views *views, const char *text) {
  uint64_t number = argument_u64("view", text, UINT32_MAX);
  for (size_t i = 0; i < views->count; i++) {
    struct source_view *view = &views->list[i];
    if (view->number != number) continue;
    if (view->root < 0) view->root = view_open(&view->spec);
    return view->root;
  }
  die("request", 0, NULL, "copy: there is no view %s", text);
}

/** Keys whose value is a text kept as it is. */
static const char **text_field(struct copy_action *action, const char *key) {
  if (strcmp(key, "source") == 0) return &action->source;
  if (strcmp(key, "destination") == 0 || strcmp(key, "path") == 0) return &action->destination;
  if (strcmp(key, "name") == 0) return &action->name;
  if (strcmp(key, "content") == 0) return &action->content;
  if (strcmp(key, "owner") == 0) return &action->owner;
  if (strcmp(key, "mode") == 0) return &action->mode_text;
  return NULL;
}

static bool *flag_field(struct copy_action *action, const char *key) {
  if (strcmp(key, "unpack") == 0) return &action->unpack;
  if (strcmp(key, "require") == 0) return &action->require;
  if (strcmp(key, "only") == 0) return &action->only;
  if (strcmp(key, "contextowner") == 0) return &action->context_owner;
  return NULL;
}

static struct copy_action take_action(struct cursor *cursor, struct source_views *views, const char **includes) {
  struct copy_action action = {.view = -1, .includes = includes};
  action.kind = cursor_take(cursor, "action");
  if (action.kind == NULL) cursor_unexpected(cursor);
  for (; cursor_peek(cursor) != NULL && !cursor_is(cursor, "action"); cursor->next++) {
    const struct argument *argument = cursor_peek(cursor);
    const char **text = text_field(&action, argument->key);
    bool *flag = flag_field(&action, argument->key);
    if (text != NULL) {
      *text = argument->value;
    } else if (flag != NULL) {
      *flag = argument_bool(argument->key, argument->value);
    } else if (strcmp(argument->key, "view") == 0) {
      action.view = root_of(views, argument->value);
    } else if (strcmp(argument->key, "include") == 0) {
      includes[action.include_count++] = argument->value;
    } else if (strcmp(argument->key, "unknownowner") == 0 && strcmp(argument->value, "root") == 0) {
      action.unknown_owner_is_root = true;
    } else {
      cursor_unexpected(cursor);
    }
  }
  return action;
}

int verb_copy(const struct request *request) {
  struct cursor cursor = cursor_at_start(request);
  struct view_spec destination = view_take(&cursor);
  if (destination.upper == NULL) return reply_error("request", 0, NULL, "copy needs upper=");
  struct copier copier = {.rule = times_rule_of(request)};
  copier.stamps.rule = &copier.rule;
  while (cursor_take(&cursor, "epoch") != NULL || cursor_take(&cursor, "since") != NULL) {
  }
  const char *was = cursor_take(&cursor, "was");
  copier.continues = was != NULL;
  if (was != NULL) copier.was = argument_time("was", was);
  struct source_views views = take_views(&cursor);
  copier.root = view_open(&destination);
  umask(0);
  const char **includes = xcalloc(request->count + 1, sizeof *includes);
  while (cursor_peek(&cursor) != NULL) {
    struct copy_action action = take_action(&cursor, &views, includes);
    copy_perform(&copier, &action);
    stamps_apply(&copier.stamps);
    if (copier.continues && strcmp(action.kind, "copy") == 0) copy_renew(&copier, action.destination);
  }
  reply_result("count", "%llu", (unsigned long long)copier.count);
  reply_result("bytes", "%llu", (unsigned long long)copier.bytes);
  return 0;
}
