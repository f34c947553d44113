// The packet filter from before nf_tables (ip_tables). It cannot be changed a rule at a time, only looked at.
#ifndef TSBUILD_NET_LEGACY_H
#define TSBUILD_NET_LEGACY_H

/** Dies when its FORWARD chain drops by policy and has no rule for our devices: sandboxes would have no
 * network, and only the administrator can let them through. */
void net_legacy_check(void);

#endif
