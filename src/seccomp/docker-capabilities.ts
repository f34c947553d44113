// The capabilities that root has in a container of docker's, and in a step: native/sandbox/privileges.c leaves them.

/** Without `CAP_`. */
export const dockerCapabilities: readonly string[] = (
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL ' +
  'AUDIT_WRITE'
).split(' ');
