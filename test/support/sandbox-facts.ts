// What a step can see of its sandbox and of itself, as a script for busybox, without what differs from one to the next
// of the same kind. A step that comes after others in its worker has to see what a first one sees.

export const sandboxFacts = `
  sed -E 's/^[0-9]+ [0-9]+ [0-9]+:[0-9]+ //; s/(master|shared):[0-9]+//; s/ - overlay .*//' /proc/self/mountinfo
  find /dev | while read -r name; do stat -c '%n %F %a %u %g %t %T' "$name"; done
  find /tmp; stat -f -c '%n %b %f %c %d' /dev /dev/shm
  ls /sys/firmware /proc/acpi /proc/scsi /sys/fs/cgroup 2>&1
  hostname; ls /proc/self/fd; id; umask; pwd; ps; env
  for process in 1 self; do
    cd /proc/$process
    grep -E '^(Cap|Cpus|Gid|Groups|Mems|NS|NoNewPrivs|PPid|Seccomp|Shd|Sig[^Q]|Spec|State|Threads|Trac|Uid|Umask)' status
    grep '' limits cgroup oom_score_adj coredump_filter loginuid uid_map gid_map setgroups timerslack_ns 2>&1
    sed 's/.*nice/weight/' autogroup 2>&1; sed -E 's/.*\\) . ([-0-9]+ ){14}/priorities /; s/(([^ ]+ ){5}).*/\\1/' stat
  done
  cat /proc/net/dev /proc/net/route /proc/net/if_inet6 /proc/net/tcp /proc/net/udp /proc/net/unix 2>&1
  cat /proc/sysvipc/shm /proc/sysvipc/sem /proc/sysvipc/msg
  cd /proc/sys; grep -rs '' kernel/shm* kernel/msg* kernel/sem kernel/*name net user fs/mqueue`;
