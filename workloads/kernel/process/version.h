/* What uname says. C libraries refuse kernels that are older than they know. */
#ifndef PROCESS_VERSION_H
#define PROCESS_VERSION_H

#define SYSTEM_NAME "Linux"
#define SYSTEM_RELEASE "4.19.0-ringbench"
#define SYSTEM_VERSION "#1"
#define SYSTEM_MACHINE "i686"

#endif
