# What the kernel of the virtual machine is asked: each answer is a line `NAME=VALUE`, in the order of the tests.
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /base/bin /base/etc
cp /bin/busybox /base/bin
for applet in cat echo sh sleep tail true; do ln -s busybox "/base/bin/$applet"; done

answer() { echo "$1=$(echo $2)"; }

# run REQUEST…: in a layer of its own
run() {
  layer=$(mktemp -d)
  mkdir "$layer/fs" "$layer/work"
  tsbuild-helper run layer=/base "upper=$layer/fs" "work=$layer/work" network=none "$@" 2>&1
}

groups() { ls -d /sys/fs/cgroup/tsbuild-* /sys/fs/cgroup/*/tsbuild-* 2>/dev/null; }

wait_for() {
  for attempt in $(seq 500); do
    eval "$1" && return
    usleep 20000
  done
  echo "it never came: $1"
}

inside() { [ -n "$(groups)" ] && grep -q . "$(groups | head -n 1)/cgroup.procs"; }

# As below systemd: the helper is in a group of its own, which has processes and so cannot share its controllers out.
mkdir /sys/fs/cgroup/session
echo $$ >/sys/fs/cgroup/session/cgroup.procs
echo
answer controllers "$(cat /sys/fs/cgroup/cgroup.controllers)"

out=$(run limit=memory:33554432 arg=/bin/sh arg=-c 'arg=tail /dev/zero; echo code $?')
answer oom "$(echo "$out" | grep -E '^code |oomkills')"
answer peak "$(echo "$out" | grep memorypeak | cut -d = -f 2)"

out=$(run limit=memory:67108864 arg=/bin/sh arg=-c 'arg=cat /sys/fs/cgroup/memory.max; ls /sys/fs/cgroup/.. | wc -l')
answer seen_inside "$(echo "$out" | head -n 1)"

out=$(run limit=pids:5 arg=/bin/sh arg=-c 'arg=for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo started')
answer pids "$(echo "$out" | grep -oE "can't fork|started" | sort -u)"

run limit=memory:67108864 limit=memory-swap:100663296 limit=cpu-shares:512 limit=cpu-period:50000 \
  limit=cpu-quota:25000 limit=pids:77 limit=cpuset-cpus:0 limit=device-read-bps:/dev/ram0:1048576 \
  limit=device-write-iops:/dev/ram0:100 arg=/bin/sleep arg=30 >/tmp/out &
wait_for inside
group=$(groups)
for file in memory.max memory.swap.max cpu.weight cpu.max pids.max cpuset.cpus io.max; do
  answer "$file" "$(cat "$group/$file")"
done
kill "$(grep -v '^0$' "$group/cgroup.procs" | tail -n 1)"
wait
answer signal "$(grep signal /tmp/out)"
answer left_after_end "$(groups)"

run limit=memory:67108864 arg=/bin/sleep arg=30 >/tmp/out &
wait_for inside
kill -9 "$(pidof tsbuild-helper | tr ' ' '\n' | sort -n | head -n 1)"
wait
answer left_after_kill "$(groups | wc -l)"
wait_for '! inside'
run limit=memory:67108864 arg=/bin/true >/tmp/out
answer left_after_next "$(groups)"

run limit=device-read-bps:/dev/null:1 arg=/bin/true >/tmp/out
answer refused "$(cat /tmp/out)"
run cgroup=builds/mine limit=pids:5 arg=/bin/cat arg=/proc/self/cgroup >/tmp/out
answer own_name "$(head -n 1 /tmp/out)"
answer parent "$(ls -d /sys/fs/cgroup/builds/mine)"
