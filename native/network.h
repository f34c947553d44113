// The network of a sandbox without one: a loopback device that works, nothing else.
#ifndef TSBUILD_NETWORK_H
#define TSBUILD_NETWORK_H

void network_loopback_up(void);

#endif
