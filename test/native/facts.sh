# What a process can observe of the sandbox it is in, one `NAME<tab>VALUE` a line. Run in the root file system of
# test/support/sandbox-world.ts by our helper and by crun; the arguments are the host's namespaces (`net:[4026531840]`).
# Nothing here is written to: files are opened for appending, at most.
b=/bin/busybox
fact() { printf '%s\t%s\n' "$1" "$(printf %s "$2" | $b tr '\n\t' '| ')"; }
# The reason why a command fails, without the name of whoever says so.
reason() { if message=$("$@" 2>&1); then echo works; else printf %s "$message" | $b sed 's/.*: //' | $b tail -n 1; fi; }
# Gives it the mode it has: as good as a write, where there is no file to write to.
rechmod() { chmod "$(stat -c %a "$1")" "$1"; }
append() { $b sh -c ': >> "$0"' "$1"; }

fact pwd "$(pwd)"
fact id "$(id)"
fact umask "$(umask)"
fact hostname "$(hostname)"
fact domainname "$(cat /proc/sys/kernel/domainname)"
fact env "$(env | $b grep -v -e ^PWD= -e ^SHLVL= -e ^OLDPWD= | $b sort)"

for name in Umask Uid Gid Groups SigBlk SigIgn SigCgt CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Threads; do
  fact "status $name" "$(cat /proc/self/status | $b sed -n "s/^$name:[[:space:]]*//p")"
done
cat /proc/self/limits | $b sed -n 's/^Max \(.\{21\}\) \([^ ]*\)  *\([^ ]*\) .*/limit \1\t\2 \3/p' | $b sed 's/  *\t/\t/'
for name in oom_score_adj uid_map gid_map setgroups coredump_filter timerslack_ns; do
  fact "self $name" "$(cat /proc/self/$name 2>&1 | $b sed 's/  */ /g')"
done
stat=$(cat /proc/self/stat)
fact 'session is its own' "$(set -- $stat; [ "$6" != 0 ] && [ "$5" = "$6" ] && echo yes || echo no)"
fact 'terminal' "$(set -- $stat; echo "$7")"
fact 'descriptors' "$(ls /proc/self/fd | $b head -n 3) and $(ls /proc/self/fd | wc -l)"
fact 'standard input' "$($b readlink /proc/self/fd/0)"
for name in cgroup ipc mnt net pid user uts; do
  own=$($b readlink /proc/self/ns/$name)
  case " $* " in *" $own "*) fact "namespace $name" "the host's" ;; *) fact "namespace $name" own ;; esac
done
fact 'cgroup paths' "$(cat /proc/self/cgroup | $b sed 's/.*://' | $b sort -u)"
fact 'network devices' "$(ip addr | $b sed -n 's/^[0-9]*: \([^ ]*\): <\([A-Z_,]*\)>.*/\1 \2/p;s/^ *\(inet6\{0,1\} [^ ]*\).*/\1/p' | $b sed 's/,LOWER_UP//')"
fact 'process id' "$$"

for name in $(ls /dev); do
  fact "dev $name" "$(stat -c '%F %a %u:%g %t:%T' /dev/$name) $($b readlink /dev/$name)"
done
fact 'dev itself' "$(stat -c '%F %a %u:%g' /dev)"
for at in /proc /dev /dev/pts /dev/shm /dev/mqueue /sys; do
  fact "mount $at" "$(cat /proc/self/mountinfo | $b awk -v at="$at" '$5 == at {sub(/,relatime/, "", $6); for (i = 7; $i != "-"; i++); print $(i + 1), $6, $(i + 3)}')"
done

for path in acpi asound interrupts kcore keys latency_stats timer_list timer_stats sched_debug scsi; do
  [ -e /proc/$path ] || { fact "masked /proc/$path" 'is not there'; continue; }
  if [ -d /proc/$path ]; then
    fact "masked /proc/$path" "$(ls -A /proc/$path | wc -l) entries, $(reason append /proc/$path/x)"
  else
    fact "masked /proc/$path" "$(cat /proc/$path | wc -c) bytes, $(reason rechmod /proc/$path)"
  fi
done
for path in firmware devices/virtual/powercap; do
  [ -e /sys/$path ] || { fact "masked /sys/$path" 'is not there'; continue; }
  fact "masked /sys/$path" "$(ls -A /sys/$path | wc -l) entries, $(reason append /sys/$path/x)"
done
for path in bus fs irq sys sysrq-trigger; do
  [ -e /proc/$path ] || { fact "read-only /proc/$path" 'is not there'; continue; }
  fact "read-only /proc/$path" "$(reason rechmod /proc/$path)"
done
for path in /proc/sys/kernel/hostname /proc/sys/kernel/core_pattern /proc/sys/net/ipv4/ip_forward \
  /proc/sys/vm/drop_caches /sys/kernel/mm/ksm/run /sys/x; do
  fact "write $path" "$(reason append $path)"
done

fact 'mount a tmpfs' "$(reason $b mount -t tmpfs none /mnt)"
fact 'bind a directory' "$(reason $b mount -o bind /etc /bin)"
fact 'unmount /proc' "$(reason $b umount /proc)"
fact 'remount /sys' "$(reason $b mount -o remount,rw /sys)"
fact 'new mount namespace' "$(reason $b unshare -m true)"
fact 'new user namespace' "$(reason $b unshare -U true)"
fact 'set the host name' "$(reason hostname other)"
fact 'read the kernel log' "$(reason $b dmesg)"
fact 'raise its priority' "$(reason $b renice -n -5 -p $$)"
fact 'change the root' "$(reason $b chroot / /bin/busybox true)"
fact 'change an owner' "$(touch /tmp-x; reason $b chown 7:7 /tmp-x; stat -c %u:%g /tmp-x)"
fact 'make a device' "$(reason $b mknod /tmp-null c 1 3)"
fact 'become another user' "$(reason $b su -s /bin/sh app -c true)"
fact 'clear the screen of /dev/tty' "$(reason append /dev/tty)"
