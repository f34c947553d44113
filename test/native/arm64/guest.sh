# What a kernel of another architecture is asked: the same answers are expected of every one. Each is a line `NAME=VALUE`.
mkdir -p /base/bin /base/etc
cp /bin/busybox /bin/try-calls /base/bin
for applet in awk cat echo grep id kill ps sh sleep sort true tr; do ln -s busybox "/base/bin/$applet"; done
echo 'app:x:1000:1001::/home/app:/bin/sh' >/base/etc/passwd
# Requests as files: `\0` parts their arguments.
base64 -d </bin/filter.b64 >/tmp/filter
base64 -d </bin/calls.b64 >/tmp/calls

answer() { echo "$1=$(echo $2)"; }

# run REQUEST…: in a layer of its own, under the filter
run() {
  layer=$(mktemp -d)
  mkdir "$layer/fs" "$layer/work"
  tsbuild-helper run layer=/base "upper=$layer/fs" "work=$layer/work" network=none @/tmp/filter "$@" 2>&1
}
# shell SCRIPT REQUEST…
shell() {
  script=$1
  shift
  run "$@" arg=/bin/sh arg=-c "arg=$script"
}

echo
answer units "$(test-cgroup_values)"
answer exit "$(shell 'exit 7' | grep -E '^result: (exit|signal|userns)')"
answer signal "$(shell 'kill -9 $$' | grep -E '^result: (exit|signal)')"
answer not_found "$(run arg=nothing)"
answer first "$(shell 'cat /proc/1/comm; ps | grep -c "[i]nit"; cat /proc/1/environ 2>&1; ls -l /proc/1/exe 2>&1 | grep -c denied' | head -n 4)"
answer orphans "$(shell '(sleep 0.1 & ) ; (true & ) ; sleep 0.5; grep -l State:.Z /proc/[0-9]*/status | wc -l; kill -TERM 1; kill -KILL 1; echo here' | head -n 2)"
answer status "$(shell 'grep -E "^(Cap|Seccomp:|NoNewPrivs|Uid|Groups)" /proc/self/status' user=app | head -n 9)"
answer root "$(shell 'grep -E "^Cap(Bnd|Eff)" /proc/self/status' | head -n 2)"
answer written "$(shell 'echo x >/file; cat /file; cat /proc/mounts | grep -c overlay' | head -n 2)"
answer terminal "$(shell 'test -t 0 && echo yes' tty=1 | tr -d '\r' | head -n 1)"
answer rights "$(shell 'cat /proc/sys/net/ipv4/ip_forward' sysctl=net/ipv4/ip_forward:1 group=7 drop=8192 nonewprivs=1 | head -n 1)"
many=$(for i in $(seq 20); do shell true | grep -c '^result: exit=0'; done | sort | uniq -c)
answer many "$many"
# A helper that serves has a sandbox ready before it is asked; the last requests get such ones. Frames: length, number, type.
frame() {
  length=$(wc -c <"$2")
  printf "\\x$(printf %02x $((length & 255)))\\x$(printf %02x $((length >> 8 & 255)))\\x$(printf %02x $((length >> 16)))\\0"
  printf "\\x0$1\\0\\0\\0\\x01\\0\\0\\0"
  cat "$2"
}
{ printf 'run\0dir=/base\0network=none\0arg=/bin/sh\0arg=-c\0arg=cat /proc/1/comm\0'; cat /tmp/filter; } >/tmp/request
mkfifo /tmp/in
tsbuild-helper serve </tmp/in >/tmp/served &
exec 3>/tmp/in
for i in 1 2 3 4; do
  frame $i /tmp/request >&3
  for attempt in $(seq 200); do [ "$(grep -c 'exit=0' /tmp/served)" -ge 1 ] && [ "$(tr '\0' '\n' </tmp/served | grep -c 'exit=0')" -ge $i ] && break; usleep 50000; done
done
exec 3>&-
wait
answer served "$(tr '\0' '\n' </tmp/served | grep -a -c 'exit=0') $(tr '\0' '\n' </tmp/served | grep -a -o init | sort | uniq -c)"
run @/tmp/calls >/tmp/called
sed 's/^\([0-9]*\) \([0-9]*\)$/call \1 \2/' /tmp/called
answer left "$(ps | grep -c '[t]sbuild-helper')"
