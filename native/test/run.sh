#!/bin/sh
# Asks a helper built with sanitizers for everything that is cheap, well-formed and not. The behaviour itself is tested from
# TypeScript (test/helper); here any report of a sanitizer, and any crash, is the failure.
set -u
helper=$(realpath "$1")
export ASAN_OPTIONS=detect_leaks=0:exitcode=99 UBSAN_OPTIONS=halt_on_error=1:exitcode=99
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place" || exit 1
failures=0

# expect STATUS PATTERN ARGUMENT…: the exit status, and a pattern in standard error.
expect() {
  status=$1 pattern=$2
  shift 2
  "$helper" "$@" >out 2>err </dev/null
  got=$?
  if [ "$got" -ne "$status" ] || { [ -n "$pattern" ] && ! grep -q -- "$pattern" err; }; then
    echo "FAILED ($got, expected $status and \"$pattern\"): $*"
    sed 's/^/  /' err
    failures=$((failures + 1))
  fi
}

expect 2 ''
expect 1 'unknown verb' frobnicate
expect 1 'expected key=value' scan nonsense
expect 1 'expected key=value' scan =x
expect 1 'cannot read the argument file' run @missing
expect 1 'there is no arg' run dir=.
expect 1 'there is no upper' run arg=x
expect 1 'upper needs work' run layer=. upper=. arg=x
expect 1 'ulimit=' run dir=. arg=x ulimit=nofile
expect 1 'unknown limit' run dir=. arg=x ulimit=colour:1:2
expect 1 'unknown limit' run dir=. arg=x limit=colour:1
expect 1 'NAME:VALUE' run dir=. arg=x limit=memory
expect 1 'expected host, none or a lease' run dir=. arg=x network=bridge
expect 1 'expected host, none or a lease' run dir=. arg=x network=1/10.0.0.0/1500/9
expect 1 'lease has ended' run dir=. arg=x network=0/10.0.0.0/1500/1
expect 1 'of a namespace of the sandbox' run dir=. arg=x sysctl=kernel/core_pattern:x
expect 1 'of a namespace of the sandbox' run dir=. arg=x sysctl=net/../kernel/core_pattern:x
expect 1 "network is the host's" run dir=. arg=x network=host sysctl=net/x:1
expect 1 'drop: expected a number' run dir=. arg=x drop=-1
expect 1 '' network colour=blue
expect 1 'shmsize' run dir=. arg=x shmsize=99999999999999999999
expect 1 'epoch' run dir=. arg=x epoch=soon
printf 'arg=true\0dir=.' >unterminated
expect 1 'does not end in NUL' run @unterminated

# Frames: too long, unknown, half a header, an empty request, a cancel for nobody, many requests at once.
serve() {
  "$helper" serve >out 2>err
  got=$?
  if grep -q -e Sanitizer -e 'runtime error' out err || [ "$got" -eq 99 ]; then
    echo "FAILED: serve on $1 frames"
    sed 's/^/  /' err
    failures=$((failures + 1))
  fi
}
printf '\377\377\377\377\001\0\0\0\001\0\0\0' | serve 'long'
printf '\0\0\0\0\001\0\0\0\143\0\0\0' | serve 'unknown'
printf '\0\0\0\0\001' | serve 'half'
printf '\0\0\0\0\001\0\0\0\001\0\0\0' | serve 'empty'
printf '\002\0\0\0\011\0\0\0\002\0\0\00015' | serve 'stray cancel'
for i in 1 2 3 4 5 6 7 8; do printf '\005\0\0\0\00%d\0\0\0\001\0\0\0sync\0' $i; done | serve 'many'
head -c 100000 /dev/urandom | serve 'random'

# Sandboxes. AddressSanitizer reserves too much address space to be the payload's first process under a small memory limit,
# but otherwise they work as ever.
if [ "$(id -u)" -eq 0 ] && [ -x /bin/busybox ] && "$helper" probe >/dev/null 2>&1; then
  mkdir -p base/bin base/etc cache
  cp /bin/busybox base/bin/
  ln -s busybox base/bin/sh
  printf 'root:x:0:0:root:/root:/bin/sh\nbroken\n:::\nx:y:z\napp:x:1000:1001::/home/app:/bin/sh' >base/etc/passwd
  printf 'root:x:0:\nwheel:x:10:root,app,\n::' >base/etc/group
  head -c 300000 /dev/zero | tr '\0' a >base/etc/long
  fresh() { rm -rf upper work && mkdir upper work; }
  fresh && expect 0 'result: exit=0' run layer=base upper=upper work=work network=none arg=/bin/sh 'arg=-c' 'arg=busybox touch x x.pyc' epoch=5 user=app:wheel cwd=/a/b
  fresh && expect 1 'result: signal=9' run layer=base upper=upper work=work network=none arg=/bin/sh 'arg=-c' 'arg=kill -9 $$'
  fresh && expect 1 'executable file not found' run layer=base upper=upper work=work network=none arg=nothing
  fresh && expect 1 'unable to find user' run layer=base upper=upper work=work network=none arg=sh user=nobody
  fresh && expect 0 'result: exit=0' run layer=base upper=upper work=work network=none arg=/bin/sh arg=-c arg=: group=wheel group=7 \
    sysctl=net/ipv4/ip_forward:0 sysctl=kernel/sem:'1 2 3 4' oomscore=500 domainname=x drop=8192 nonewprivs=1 user=app
  fresh && expect 1 'unable to find group' run layer=base upper=upper work=work network=none arg=sh group=
  fresh && expect 1 'has no net/nosuch' run layer=base upper=upper work=work network=none arg=sh sysctl=net/nosuch:
  fresh && expect 0 'result: exit=0' run layer=base upper=upper work=work hosts=base/etc/passwd resolv=base/etc/group arg=/bin/sh arg=-c arg=: \
    mount=bind target=/src dir=base rw=discard mount=bind target=/src/x layer=base source=etc ro=1 mount=cache target=/c dir=cache \
    mount=tmpfs target=/t size=65536 mount=text target=/s hex=00ff mode=0400 uid=1 gid=1
  fresh && expect 1 'pairs of hexadecimal' run layer=base upper=upper work=work arg=sh mount=text target=/s hex=0
  fresh && expect 1 'unknown mount type' run layer=base upper=upper work=work arg=sh mount=magic target=/s
  if grep -q ' - cgroup2\{0,1\} ' /proc/self/mountinfo; then
    fresh && expect 0 'result: oomkills=0' run layer=base upper=upper work=work network=none limit=pids:99 limit=cpu-shares:99 arg=/bin/sh arg=-c arg=:
    fresh && expect 1 'expected PATH:RATE' run layer=base upper=upper work=work network=none limit=device-read-bps:x arg=sh
    fresh && expect 1 'not a block device' run layer=base upper=upper work=work network=none limit=device-read-bps:/dev/null:1 arg=sh
    fresh && expect 1 'no parent' run layer=base upper=upper work=work network=none limit=pids:9 cgroup=../x arg=sh
  fi
  fresh && expect 0 'result: exit=0' run layer=base upper=upper work=work network=none tty=1 arg=/bin/sh 'arg=-c' 'arg=test -t 0 && echo here >/dev/console'
  echo told >told
  fresh && "$helper" run layer=base upper=upper work=work network=none stdin=1 arg=/bin/busybox arg=cat <told >out 2>err
  cmp -s told out || { echo 'FAILED: standard input'; cat err; failures=$((failures + 1)); }
  fresh && expect 0 'result: exit=0' run upper=upper arg=/bin/busybox arg=true mount=bind target=/bin dir=base/bin
  mkdir stack && for i in $(seq 60); do mkdir "stack/$i"; done
  layers=$(for i in $(seq 60); do echo "layer=stack/$i"; done)
  # shellcheck disable=SC2086
  fresh && expect 0 'result: exit=0' run $layers layer=base upper=upper work=work arg=/bin/busybox arg=true
  # shellcheck disable=SC2086
  fresh && TSBUILD_HELPER_OLD_MOUNT=1 expect 0 'result: exit=0' run $layers layer=base upper=upper work=work arg=/bin/busybox arg=true

  # A lease and two sandboxes with it, in a network namespace that is nobody's host.
  cat >leased.sh <<'END'
"$helper" network >lease 2>lease.err &
for i in $(seq 100); do grep -q lease= lease && break; sleep 0.05; done
lease=$(tr '\0' '\n' <lease | sed -n 's/^lease=//p')
for number in 1 2; do
  rm -rf upper work && mkdir upper work
  "$helper" run layer=base upper=upper work=work network="$lease" arg=/bin/busybox arg=ip arg=-4 arg=addr arg=show arg=eth0
done
kill $!
wait
cat lease.err >&2
END
  export helper
  unshare --net sh leased.sh >out 2>err
  if [ "$(grep -c 'inet 10\.[0-9.]* peer' out)" -ne 2 ] || grep -q -e Sanitizer -e 'runtime error' err; then
    echo 'FAILED: a leased network'
    sed 's/^/  /' out err
    failures=$((failures + 1))
  fi
fi

if [ "$failures" -ne 0 ]; then
  echo "$failures failed"
  exit 1
fi
echo 'native: all checks passed'
