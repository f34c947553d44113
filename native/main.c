// tsbuild-helper: the part of tsbuild that needs the kernel rather than a garbage collector. One request from
// the command line, or many as a long-lived process (docs/formats/helper-protocol.md).
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "namespace/userns.h"
#include "protocol/reply.h"
#include "protocol/verbs.h"
#include "sandbox/own_binary.h"
#include "serve/serve.h"

#define VIEW "dir=PATH | layer=PATH…"

static const struct verb verbs[] = {
    {"scan", verb_scan, false, VIEW " path=P… prune=P… prunename=NAME… digest=1 follow=1"},
    {"digest", verb_digest, false, VIEW " [tarsum=1] file=P…"},
    {"copy", verb_copy, true,
     "layer=… upper= work= view=N " VIEW " action=copy|file|mkdir|attributes … epoch="},
    {"run", verb_run, true,
     VIEW " upper= work= arg=… env=K=V… cwd= user= group=… hostname= domainname= network=host|none|LEASE insecure=1 readonly=1 "
          "shmsize= ulimit=NAME:SOFT:HARD limit=NAME:VALUE… cgroup=PARENT hosts= resolv= seccomp=HEX stdin=1 "
          "sysctl=PATH:VALUE… oomscore= drop=BITS nonewprivs=1 "
          "tty=1 signals=all|main mount=bind|cache|tmpfs|text|socket target= … epoch= since="},
    {"network", verb_network, true, "try=1"},
    {"pack", verb_pack, false,
     VIEW
     " flatten=1 base=N out=FILE|- compress=none|gzip|estargz|zstd level= latest= allxattrs=1 rootmember=1 view= "
     "prefix= epoch= top=2 earlier=FILE digest= compressor="},
    {"compress", verb_compress, false, "in=FILE|-|unix:PATH out=FILE|- compress=none|gzip|zstd level="},
    {"unpack", verb_unpack, true, "in=FILE|-|unix:PATH dir="},
    {"adopt", verb_adopt, true, "dir= layer=… path=P… link=P target=T…"},
    {"remove", verb_remove, false, "dir= path=P…"},
    {"sync", verb_sync, false, "dir="},
    {"probe", verb_probe, false, "dir="},
};

const struct verb *verb_find(const char *name) {
  for (size_t i = 0; i < COUNT_OF(verbs); i++)
    if (strcmp(verbs[i].name, name) == 0) return &verbs[i];
  return NULL;
}

int verb_perform(const struct request *request) {
  const struct verb *verb = verb_find(request->verb);
  if (verb == NULL) die("request", 0, NULL, "unknown verb \"%.80s\"", request->verb);
  if (verb->owns) userns_require();
  return verb->perform(request);
}

static int help(void) {
  puts("usage: tsbuild-helper serve | attached | start PROGRAM ARG… | VERB key=value… (@FILE: NUL-separated arguments)\n");
  for (size_t i = 0; i < COUNT_OF(verbs); i++) printf("%-8s%s\n", verbs[i].name, verbs[i].keys);
  return 0;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    help();
    return 2;
  }
  if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) return help();
  if (strcmp(argv[1], "start") == 0 && argc > 2) start(argv);  // comes back to serve
  bool serving = strcmp(argv[1], "serve") == 0, attached = strcmp(argv[1], "attached") == 0;
  const struct verb *verb = verb_find(argv[1]);
  if (!serving && !attached && verb == NULL)
    die("request", 0, NULL, "unknown verb \"%.80s\" (see tsbuild-helper help)", argv[1]);
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);  // whatever our parent ignored
  own_binary_protect(argv);
  userns_enter();
  if (serving) return serve();
  if (attached) return serve_attached();
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) die("helper", errno, NULL, "cannot end with the caller");
  signal(SIGPIPE, SIG_IGN);
  struct request request = request_from_arguments(argc - 1, argv + 1);
  return reply_finish(verb_perform(&request));
}
