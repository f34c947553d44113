# What the kernel of the virtual machine is asked: each answer is a line `NAME=VALUE`, in the order of the tests.
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /base/bin /base/etc
cp /bin/busybox /base/bin
for applet in cat dd echo mknod sh sleep tail true; do ln -s busybox "/base/bin/$applet"; done

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

# What the kernel counts and lets through; a first part of a rate is free.
out=$(run limit=cpu-quota:2000 limit=cpu-period:50000 arg=/bin/sh \
  'arg=-c' 'arg=i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; cat /sys/fs/cgroup/cpu.stat')
answer throttled "$(echo "$out" | grep -cE '^nr_throttled ([2-9]|[1-9][0-9]+)$')"
slow='mknod /ram b 1 0; read a rest </proc/uptime; dd if=/ram of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null && read b rest </proc/uptime; echo ${a%.*} ${b%.*}'
for limit in device-read-iops:/dev/ram0:4 device-read-bps:/dev/ram0:262144; do
  seconds=$(run insecure=1 "limit=$limit" arg=/bin/sh arg=-c "arg=$slow" | head -n 1)
  answer "slow.${limit%%:*}" "$([ $((${seconds#* } - ${seconds% *})) -ge 2 ] && echo yes || echo "$seconds")"
done
out=$(run limit=memory:67108864 limit=memory-swap-if-counted:134217728 arg=/bin/cat arg=/sys/fs/cgroup/memory.swap.max)
answer usual_swap "$(echo "$out" | head -n 1)"
mkdir /sys/fs/cgroup/above
echo 25165824 >/sys/fs/cgroup/above/memory.max
out=$(run cgroup=above limit=memory:268435456 arg=/bin/sh arg=-c 'arg=tail /dev/zero; echo code $?')
answer oom_above "$(echo "$out" | grep -E '^code |oomkills')"

run limit=memory:67108864 limit=memory-swap:100663296 limit=cpu-shares:512 limit=cpu-period:50000 \
  limit=memory-reservation:33554432 limit=blkio-weight:500 limit=cpu-quota:25000 limit=pids:77 limit=cpuset-cpus:0 limit=device-read-bps:/dev/ram0:1048576 \
  limit=device-write-iops:/dev/ram0:100 arg=/bin/sleep arg=30 >/tmp/out &
wait_for inside
group=$(groups)
for file in memory.max memory.swap.max memory.low io.weight cpu.weight cpu.max pids.max cpuset.cpus io.max; do
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
run limit=memory-swappiness:10 arg=/bin/true >/tmp/out
answer swappiness "$(cat /tmp/out)"

# An ordinary user, in a group that is given to it in three ways; a plain directory as root, which no overlay takes.
mkdir -p /etc /sys/fs/cgroup/slice/scope
echo 'user:x:1000:1000::/tmp:/bin/sh' >/etc/passwd
cp -a /base /theirs
chown -R 1000:1000 /theirs
echo '+memory +pids' >/sys/fs/cgroup/cgroup.subtree_control
echo '+memory +pids' >/sys/fs/cgroup/slice/cgroup.subtree_control

# as_user LIMIT COMMAND [REQUEST]
as_user() {
  sh -c 'echo $$ >/sys/fs/cgroup/slice/scope/cgroup.procs; exec su -s /bin/sh user -c "$1"' sh \
    "tsbuild-helper run dir=/theirs network=none limit=$1 $3 arg=/bin/sh arg=-c 'arg=$2' 2>&1"
}
own_limit='cat /sys/fs/cgroup/memory.max'
answer user_without "$(as_user memory:67108864 "$own_limit")"
chown -R 1000:1000 /sys/fs/cgroup/slice/scope
answer user_own_group "$(as_user memory:67108864 "$own_limit" | head -n 1)"
answer user_own_group_again "$(cd /sys/fs/cgroup/slice/scope && echo tsbuild-* && ls -d /sys/fs/cgroup/slice/tsbuild-* 2>&1 | grep -c No)"
# Back to the beginning, for others that begin processes meanwhile: each of them the next one.
echo '-memory -pids' >/sys/fs/cgroup/slice/scope/cgroup.subtree_control
rmdir /sys/fs/cgroup/slice/scope/tsbuild-caller
printf 'test "$1" = 0 || sh /tmp/chain $(($1 - 1)) &\nsleep 60\n' >/tmp/chain
sh -c 'echo $$ >/sys/fs/cgroup/slice/scope/cgroup.procs; exec su -s /bin/sh user -c "sh /tmp/chain 600"' &
wait_for '[ "$(wc -l </sys/fs/cgroup/slice/scope/cgroup.procs)" -gt 20 ]'
answer user_busy_group "$(as_user memory:67108864 "$own_limit" | head -n 1)"
echo 1 >/sys/fs/cgroup/slice/scope/cgroup.kill
wait
wait_for 'rmdir /sys/fs/cgroup/slice/scope/tsbuild-caller 2>/dev/null'
echo '-memory -pids' >/sys/fs/cgroup/slice/scope/cgroup.subtree_control
chown -R 1000:1000 /sys/fs/cgroup/slice
answer user_beside "$(as_user memory:67108864 "$own_limit" | head -n 1)"
answer user_beside_left "$(ls -d /sys/fs/cgroup/slice/tsbuild-* /sys/fs/cgroup/slice/scope/tsbuild-* 2>/dev/null)"
chown -R 0:0 /sys/fs/cgroup/slice
mkdir /sys/fs/cgroup/slice/theirs
chown -R 1000:1000 /sys/fs/cgroup/slice/theirs
answer user_parent_alien "$(as_user memory:67108864 true cgroup=/elsewhere)"
chown -R 1000:1000 /sys/fs/cgroup/slice
answer user_parent "$(as_user memory:67108864 "$own_limit" cgroup=/slice/theirs/deeper | head -n 1)"
answer user_parent_own "$(as_user memory:67108864 "$own_limit" cgroup=slice/scope | head -n 1)"
wait_for 'rmdir /sys/fs/cgroup/slice/scope/tsbuild-caller 2>/dev/null'
echo '-memory -pids -cpu -cpuset -io' >/sys/fs/cgroup/slice/scope/cgroup.subtree_control
answer user_oom "$(as_user memory:33554432 'tail /dev/zero; echo code $?' | grep -E '^code |oomkills')"
for group in above builds/mine builds slice/theirs/deeper slice/theirs slice/scope slice .; do
  echo -cpuset >"/sys/fs/cgroup/$group/cgroup.subtree_control"
done 2>/dev/null
answer user_controller "$(as_user cpuset-cpus:0 true)"
