/* The line discipline of the terminal: from bytes that arrive to what programs read, and from what they write to bytes that leave (POSIX.1-2017, 11.1). */
#ifndef DEVICES_LINE_H
#define DEVICES_LINE_H

#include "base/types.h"

/* struct termios of the kernel's ABI; c_cc has 19 places. */
#define CHARACTERS 19
struct line_settings {
  uint32_t input, output, control, local;
  uint8_t line, characters[CHARACTERS];
};
#define INPUT_NL_TO_CR 0000100u
#define INPUT_IGNORE_CR 0000200u
#define INPUT_CR_TO_NL 0000400u
#define INPUT_FLOW_CONTROL 0002000u
#define INPUT_ANY_STARTS 0004000u
#define OUTPUT_PROCESS 0000001u
#define OUTPUT_NL_TO_CRNL 0000004u
#define CONTROL_38400_8_READ 0000277u
#define LOCAL_SIGNALS 0000001u
#define LOCAL_CANONICAL 0000002u
#define LOCAL_ECHO 0000010u
#define LOCAL_ECHO_ERASE 0000020u
#define LOCAL_ECHO_KILL 0000040u
#define LOCAL_ECHO_NL 0000100u
#define LOCAL_NO_FLUSH 0000200u
#define LOCAL_STOP_OUTPUT 0000400u
#define LOCAL_ECHO_CONTROL 0001000u
#define LOCAL_ECHO_KILL_ERASES 0004000u
#define LOCAL_EXTENDED 0100000u
enum line_character { V_INTR, V_QUIT, V_ERASE, V_KILL, V_EOF, V_TIME, V_MIN, V_SWTC, V_START, V_STOP, V_SUSP, V_EOL, V_REPRINT, V_DISCARD, V_WERASE, V_LNEXT, V_EOL2 };

extern struct line_settings line_settings;
/* Those who wait for something to read, or for output to be allowed. */
extern struct wait_queue line_readers, line_writers;

/* Without `raw` as a login finds it: canonical, echo, signals; with it bytes pass unchanged. */
void line_start(bool raw);
void line_settings_set(const struct line_settings *wanted);

/* A byte from the keyboard. The signal that it asks for, or 0. */
uint32_t line_receive(uint8_t byte);
/* Whether one more byte can be stored, or need not be. */
bool line_has_room(void);
/* Bytes that can be read now. */
uint32_t line_ready(void);
/* Takes a part of a line, up to its end, where `*end` becomes true. */
uint32_t line_take(uint8_t *to, uint32_t space, bool *end);
/* Forgets what has been typed and not been read. */
void line_forget(void);

void line_write(const char *bytes, uint32_t count);
/* Ctrl-S and Ctrl-Q. */
bool line_output_stopped(void);
void line_output_stop(bool stop);

#endif
