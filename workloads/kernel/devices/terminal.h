/* The console as a terminal (POSIX.1-2017, chapter 11). */
#ifndef DEVICES_TERMINAL_H
#define DEVICES_TERMINAL_H

#include "base/types.h"

/* Without `raw` as a login finds it: canonical, echo, signals; with it bytes pass unchanged. */
void terminal_start(bool raw);
/* Whether something has been received that can be taken now. */
bool terminal_input_waits(void);
/* Takes what the port has received: through the line discipline, or to /dev/host-input if the line is framed. */
void terminal_input_take(void);
/* SIGINT to the foreground. */
void terminal_interrupt(void);
/* Process 1 leads the session of the console. */
void terminal_session_begin(uint32_t session, uint32_t group);
void terminal_session_end(uint32_t session);

#endif
